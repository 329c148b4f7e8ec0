"""The pledges for one action, partner by partner: what was said, by whom, and what to expect of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import (
    Case,
    Count,
    F,
    FilteredRelation,
    FloatField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
    Window,
)
from django.db.models.functions import Cast, Coalesce, JSONObject
from django.utils.safestring import SafeString
from django.utils.translation import get_language_bidi

from coalitions import charts, facts
from coalitions.models import Action, ActionStatus, CountOf, Organization
from coalitions.models import Count as Counted
from coalitions.presenting import marks
from coalitions.services.ledgers import pledge_fragment

PER_PAGE = 100
FIGURES = ("low", "likely", "high")


@dataclass(frozen=True, slots=True)
class Said:
    """Three figures of one ledger row."""

    low: int
    likely: int
    high: int

    def __str__(self) -> str:
        return marks.figures(self.low, self.likely, self.high)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the ledger."""

    at: datetime
    by: str
    note: str
    is_held_back: bool
    figures: Said


@dataclass(frozen=True, slots=True)
class Row:
    """One partner's line. `counted_on` is what the forecast uses, `held_back` a newer jump that waits."""

    public_id: UUID
    address: str
    name: str
    community: str
    fragment: str
    version: int
    counted_on: Said | None
    held_back: Said | None
    at: datetime | None
    by: str
    note: str
    rate: float | None
    has_record: bool
    spark: SafeString
    expected: float | None
    came: Mapping[str, Any] | None

    @property
    def day(self) -> str:
        return marks.day(self.at)

    @property
    def rate_said(self) -> str:
        return marks.share(self.rate)

    @property
    def expected_said(self) -> str:
        return "" if self.expected is None else marks.people(round(self.expected))

    @property
    def latest(self) -> Said | None:
        return self.held_back or self.counted_on

    @property
    def share(self) -> float | None:
        """Came, of those pledged; unknown without either, and never capped."""
        if self.came is None or self.counted_on is None or not self.counted_on.likely:
            return None
        return float(self.came["best"]) / self.counted_on.likely


def rows_of(
    action: Action, *, own_rate: float | None, organizations: QuerySet[Organization]
) -> QuerySet[Organization, dict[str, Any]]:
    """Plain rows, those who bring most first; the count of all that match comes with each."""
    said = FilteredRelation("current_pledges", condition=Q(current_pledges__action=action))
    found = organizations.annotate(
        said=said, rate=Coalesce(F("show_rate__rate"), Value(own_rate, FloatField()))
    )
    mean = Cast(F("said__low") + F("said__likely") + F("said__high"), FloatField()) / 3.0
    found = found.annotate(
        expected=Case(When(said__counted__isnull=False, then=mean * F("rate"))),
        matching=Window(Count("pk")),
        came=Subquery(_came(action)) if action.status == ActionStatus.HELD else Value(None, FloatField()),
        record=F("show_rate__record"),
        seen=F("said__version"),
        counted_id=F("said__counted_id"),
        latest_id=F("said__latest_id"),
        at=F("said__latest__at"),
        by=F("said__latest__by__name"),
        note=F("said__latest__note"),
        **{f"counted_{name}": F(f"said__{name}") for name in FIGURES},
        **{f"latest_{name}": F(f"said__latest__{name}") for name in FIGURES},
    )
    names = ("public_id", "name", "community", "rate", "expected", "matching", "came", "record", "seen")
    more = ("counted_id", "latest_id", "at", "by", "note")
    figures = [f"{kind}_{name}" for kind in ("counted", "latest") for name in FIGURES]
    ordered: Any = found.order_by(F("expected").desc(nulls_last=True), "name", "pk")
    rows: QuerySet[Organization, dict[str, Any]] = ordered.values(*names, *more, *figures)
    return rows


def a_row(action: Action, found: Mapping[str, Any], *, address: str) -> Row:
    """`address` is that of all pledges of the action; a line lives below it."""
    record = found["record"] or []
    is_counted = found["counted_id"] is not None
    is_held_back = found["latest_id"] is not None and found["latest_id"] != found["counted_id"]
    return Row(
        public_id=found["public_id"],
        address=f"{address}{found['public_id']}/",
        name=found["name"],
        community=found["community"],
        fragment=pledge_fragment(action, Organization(public_id=found["public_id"])),
        version=found["seen"] or 0,
        counted_on=Said(*(found[f"counted_{name}"] for name in FIGURES)) if is_counted else None,
        held_back=Said(*(found[f"latest_{name}"] for name in FIGURES)) if is_held_back else None,
        at=found["at"],
        by=found["by"] or "Muster",
        note=found["note"] or "",
        rate=found["rate"],
        has_record=bool(record),
        spark=marks.spark(_drawn(tuple(shares(record)), get_language_bidi())),
        expected=found["expected"],
        came=found["came"],
    )


@lru_cache(4096)
def _drawn(values: tuple[float, ...], rtl: bool) -> charts.Spark:  # noqa: FBT001  (a key of the cache)
    return charts.spark(values, rtl=rtl)


def shares(record: Iterable[Any]) -> Iterable[float]:
    """Shares who came, oldest first; a record keeps them as they are or with the pair that they come from."""
    return (each["share"] if isinstance(each, Mapping) else each for each in record)


def ledger_of(action: Action, organization_id: UUID, *, most: int) -> list[Entry]:
    """Everything that was said, the latest first: nothing is ever overwritten."""
    rows = action.pledges.filter(organization__public_id=organization_id).select_related("by").order_by("-pk")
    return [
        Entry(row.at, str(row.by or ""), row.note, row.is_held_back, Said(row.low, row.likely, row.high))
        for row in rows[:most]
    ]


def _came(action: Action) -> QuerySet[Counted, Any]:
    own = action.counts.filter(of=CountOf.PLEDGED, organization=OuterRef("pk"))
    figures = {name: name for name in ("public_id", "low", "best", "high", "method", "is_independent")}
    return facts.standing_counts(own).order_by(*facts.BEST_COUNT_FIRST).values(json=JSONObject(**figures))[:1]
