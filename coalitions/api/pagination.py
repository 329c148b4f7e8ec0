"""What may be asked of a list. A cursor is the public name of the last row, so it gives nothing away."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from coalitions.api.reading import Row

USUAL = 100
MOST = 500


class NoQuery(serializers.Serializer[Any]):
    """An address without parameters."""


class PageQuery(NoQuery):
    limit = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST,
        default=USUAL,
        help_text=gettext_lazy("How many rows at most."),
    )
    after = serializers.CharField(
        required=False,
        max_length=80,
        help_text=gettext_lazy("The `next` of the page before. Treat it as opaque."),
    )


@cache
def _parameters(query: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    return dict(query().fields)


def asked(request: Request, query: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    """Parameters of the address as values; whatever is not listed is an error, never a filter."""
    known = _parameters(query)
    found: dict[str, Any] = {}
    problems: dict[str, Any] = {}
    for name, values in request.query_params.lists():
        if name not in known:
            problems[name] = [_("There is no such parameter here.")]
        elif len(values) > 1:
            problems[name] = [_("Give this parameter once.")]
        else:
            try:
                found[known[name].source] = known[name].run_validation(values[0])
            except ValidationError as error:
                problems[name] = error.detail
    if problems:
        raise ValidationError(problems)
    return found


def named(cursor: str, keys: Sequence[str]) -> tuple[UUID, ...]:
    """The public names in a cursor."""
    try:
        names = tuple(UUID(hex=part) for part in cursor.split("."))
    except ValueError as error:
        raise UnknownCursor from error
    if len(names) != len(keys):
        raise UnknownCursor
    return names


def cursor_of(row: Row, keys: Sequence[str]) -> str:
    return ".".join(row[key].hex for key in keys)


class UnknownCursor(ValidationError):
    def __init__(self) -> None:
        super().__init__({"after": [_("No page ended there. Start again without `after`.")]})
