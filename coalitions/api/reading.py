"""Rows as the API gives them: each statement is composed once by the ORM and then only run.

Composing took the ORM longer than PostgreSQL needed to answer. What a statement depends on besides values
(the address, whether everything is seen, the filters, the order) is small in number, so they are kept.
"""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Expression, Q, QuerySet, Subquery
from rest_framework import serializers

from coalitions.models import Membership, ScopedQuerySet
from coalitions.permissions import sees_everything

Row = dict[str, Any]
Rows = QuerySet[Any, Any]
Order = tuple[str, ...]


class Place(Expression):
    """Stands in a statement for a value that is given when it runs."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        return f"%({self.name})s", ()


class Scope(NamedTuple):
    """Whose rows: of which coalition, and of which organization unless everything is seen."""

    coalition: Any
    organization: Any
    everything: bool


def scope_of(membership: Membership) -> Scope:
    return Scope(membership.coalition_id, membership.organization_id, sees_everything(membership))


class Readable:
    """What an address says about its rows."""

    row: ClassVar[type[serializers.Serializer[Any]]]
    # The keys of a row that together name it.
    cursor: ClassVar[tuple[str, ...]] = ("id",)

    @classmethod
    def rows(cls, scope: Scope) -> Rows:
        """What may be seen, removed or not."""
        raise NotImplementedError

    @classmethod
    def present(cls, rows: Rows) -> Rows:
        """Without what has been removed."""
        return rows


@cache
def columns(row: type[serializers.Serializer[Any]]) -> dict[str, str]:
    """Key in the JSON -> path of the column. The serializer is the one place that lists them."""
    return {name: str(field.source).replace(".", "__") for name, field in row().fields.items()}


def read(
    of: type[Readable],
    scope: Scope,
    *,
    lookups: dict[str, Any],
    order: Order = ("pk",),
    after: tuple[UUID, ...] = (),
    limit: int = 1,
) -> list[Row]:
    """The first `limit` rows that match, beyond the row that `after` names, in one query."""
    sql = _statement(of, tuple(sorted(lookups)), order, everything=scope.everything, further=bool(after))  # type: ignore[arg-type]
    values = {
        "scope_coalition": scope.coalition,
        "scope_organization": scope.organization,
        "limit": limit,
        **lookups,
        **{f"after_{place}": name for place, name in enumerate(after)},
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found = cursor.fetchall()
    names = tuple(columns(of.row))
    return [dict(zip(names, row, strict=True)) for row in found]


@cache
def _statement(
    of: type[Readable], lookups: tuple[str, ...], order: Order, *, everything: bool, further: bool
) -> str:
    scope = Scope(Place("scope_coalition"), Place("scope_organization"), everything)
    rows = of.present(of.rows(scope)).filter(**{lookup: Place(lookup) for lookup in lookups})
    if further:
        # A cursor may also name a row that was removed since it was handed out.
        names = [columns(of.row)[key] for key in of.cursor]
        anchor = of.rows(scope).filter(**{path: Place(f"after_{place}") for place, path in enumerate(names)})
        rows = rows.filter(_beyond(anchor, order))
    if isinstance(rows, ScopedQuerySet):
        rows._require_scope()  # the ORM only looks when it runs a statement itself
    query = rows.order_by(*order).values_list(*columns(of.row).values()).query
    sql, values = query.sql_with_params()
    if values:
        raise AssertionError(f"a value of one request would be kept for all: {sql} {values}")
    return f"{sql} LIMIT %(limit)s"


def _beyond(anchor: Rows, order: Order) -> Q:
    """Everything that comes after the anchor in this order, whose last column is unique."""
    keys = [key.removeprefix("-") for key in order]
    values = {key: Subquery(anchor.values(key)) for key in keys}
    beyond = Q()
    for place, key in enumerate(keys):
        compare = "lt" if order[place].startswith("-") else "gt"
        same_so_far = {before: values[before] for before in keys[:place]}
        beyond |= Q(**same_so_far, **{f"{key}__{compare}": values[key]})
    return beyond
