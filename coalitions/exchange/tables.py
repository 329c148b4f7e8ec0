"""The coalition's own rows as tables that an import reads again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from coalitions.exchange import own
from coalitions.models import Coalition
from coalitions.services.imports.directory import HERE

# A cell of several ids.
BAR = "|"


def organizations(coalition: Coalition) -> tuple[tuple[str, ...], Iterator[list[Any]]]:
    return own.ORGANIZATION_COLUMNS, _rows(
        coalition,
        "organizations",
        [f"bond_{name}" if name in own.BONDS else name for name in own.ORGANIZATION_COLUMNS[2:]],
    )


def actions(coalition: Coalition) -> tuple[tuple[str, ...], Iterator[list[Any]]]:
    return own.ACTION_COLUMNS, _rows(coalition, "actions", list(own.ACTION_COLUMNS[2:]))


def pledges(coalition: Coalition) -> tuple[tuple[str, ...], Iterator[list[Any]]]:
    """What counts today, one row for each partner and action."""
    rows = (
        coalition.current_pledges.filter(
            counted__isnull=False, action__removed_at__isnull=True, organization__removed_at__isnull=True
        )
        .order_by("action__day", "pk")
        .values_list(
            "counted__public_id",
            "action__public_id",
            "organization__public_id",
            "organization__name",
            "low",
            "likely",
            "high",
            "counted__note",
        )
    )
    return own.PLEDGE_COLUMNS, (
        [*(f"{HERE}:{public_id}" for public_id in row[:3]), *row[3:]]
        for row in rows.iterator(chunk_size=2000)
    )


def _rows(coalition: Coalition, kind: str, fields: list[str]) -> Iterator[list[Any]]:
    table = getattr(coalition, kind).present()
    column = "organization" if kind == "organizations" else "action"
    ids = _external_ids(
        coalition.external_ids.filter(**{f"{column}__isnull": False})
        .order_by("pk")
        .values_list(f"{column}_id", "system", "identifier")
    )
    for pk, public_id, *values in table.order_by("pk").values_list("pk", "public_id", *fields).iterator(2000):
        yield [f"{HERE}:{public_id}", BAR.join(ids.get(pk, ())), *values]


def _external_ids(rows: Iterable[tuple[int, str, str]]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for pk, system, identifier in rows:
        if BAR not in identifier:
            found.setdefault(pk, []).append(f"{system}:{identifier}")
    return found
