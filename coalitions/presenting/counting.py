"""The counts of one action: those that stand, ranked, the number to defend, and what was corrected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from coalitions.method.counts import METHODS
from coalitions.models import Action, Count, CountOf

# More than anybody takes at one action; beyond it the oldest are left to the history page.
MOST = 300


@dataclass(frozen=True, slots=True)
class Counts:
    """`crowd` and `walk_ins` are ranked, the best first; `corrections` pair a row with its successor."""

    crowd: tuple[Count, ...]
    walk_ins: tuple[Count, ...]
    of_partners: tuple[Count, ...]
    corrections: tuple[tuple[Count, Count], ...]

    @property
    def best(self) -> Count | None:
        return next(iter(self.crowd), None)

    @property
    def are_any(self) -> bool:
        return bool(self.crowd or self.walk_ins or self.of_partners)


def counts_of_all(action: Action) -> Counts:
    """Of the whole crowd and of walk-ins; what came of one partner's pledge stands in that partner's line."""
    rows = action.counts.exclude(of=CountOf.PLEDGED).select_related("by").order_by("-pk")[:MOST]
    return ranked(rows)


def counts_of_partner(action: Action, organization_id: UUID) -> Counts:
    rows = action.counts.filter(of=CountOf.PLEDGED, organization__public_id=organization_id)
    return ranked(rows.select_related("by").order_by("-pk")[:MOST])


def ranked(rows: Iterable[Count]) -> Counts:
    known = {row.pk: row for row in rows}
    replaced = {row.corrects_id for row in known.values() if row.corrects_id is not None}
    standing = sorted(
        (row for row in known.values() if row.pk not in replaced and not row.is_withdrawn), key=_rank
    )

    def of(kind: CountOf) -> tuple[Count, ...]:
        return tuple(row for row in standing if row.of == kind)

    corrections = tuple(
        (known[row.corrects_id], row)
        for row in known.values()
        if row.corrects_id is not None and row.corrects_id in known
    )
    return Counts(of(CountOf.CROWD), of(CountOf.WALK_INS), of(CountOf.PLEDGED), corrections)


def _rank(row: Count) -> tuple[bool, int, int]:
    """Independent before partisan, then the more reliable method, then the latest."""
    return not row.is_independent, METHODS.index(row.method.replace("_", "-")), -row.pk
