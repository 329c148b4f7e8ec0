"""Pages of a list by keyset: the cursor is the public name of the last row, so it gives nothing away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

USUAL = 100
MOST = 500

Row = dict[str, Any]
Rows = QuerySet[Any, Any]
Order = tuple[str, ...]


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
def columns(row: type[serializers.Serializer[Any]]) -> dict[str, str]:
    """Key in the JSON -> path of the column. The serializer is the one place that lists them."""
    return {name: str(field.source).replace(".", "__") for name, field in row().fields.items()}


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


def page(
    rows: Rows,
    *,
    anchors: Rows,
    columns: Mapping[str, str],
    order: Order,
    cursor: Sequence[str],
    limit: int = USUAL,
    after: str | None = None,
) -> Row:
    """`{"items": [...], "next": cursor or None}` in at most two queries.

    `anchors` are the rows that a cursor may name: also those removed since it was handed out.
    """
    if after is not None:
        rows = rows.filter(_beyond(anchors, order, _named(after, [columns[key] for key in cursor])))
    names = tuple(columns)
    found = list(rows.order_by(*order).values_list(*columns.values())[: limit + 1])
    items = [dict(zip(names, values, strict=True)) for values in found[:limit]]
    more = len(found) > limit
    return {"items": items, "next": _cursor(items[-1], cursor) if more else None}


def _cursor(item: Row, keys: Sequence[str]) -> str:
    return ".".join(item[key].hex for key in keys)


def _named(cursor: str, paths: list[str]) -> dict[str, UUID]:
    try:
        names = [UUID(hex=part) for part in cursor.split(".")]
        return dict(zip(paths, names, strict=True))
    except ValueError as error:
        raise _unknown_cursor() from error


def _beyond(anchors: Rows, order: Order, named: dict[str, UUID]) -> Q:
    """Everything that comes after the named row in this order, whose last column is unique."""
    keys = [key.removeprefix("-") for key in order]
    values = anchors.filter(**named).values_list(*keys).first()
    if values is None:
        raise _unknown_cursor()
    beyond = Q()
    for place, key in enumerate(keys):
        compare = "lt" if order[place].startswith("-") else "gt"
        same_so_far = dict(zip(keys[:place], values[:place], strict=True))
        beyond |= Q(**same_so_far, **{f"{key}__{compare}": values[place]})
    return beyond


def _unknown_cursor() -> ValidationError:
    return ValidationError({"after": [_("No page ended there. Start again without `after`.")]})
