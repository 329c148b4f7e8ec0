"""Actions as lines of a list: what was pledged, what is expected, and what can be defended afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.db.models import (
    Case,
    F,
    FloatField,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, JSONObject, Lower
from django.utils.translation import gettext_lazy as _

from coalitions import facts
from coalitions.method import counts as method
from coalitions.models import (
    Action,
    ActionStatus,
    Coalition,
    Count,
    CountOf,
    CurrentPledge,
    ForecastPoint,
    Membership,
    Role,
)
from coalitions.presenting.reading import counted_pledges

# Enough to judge by, and no more than the latest: partners and habits change.
MOST_OUTCOMES = 200
KEYS: dict[str, F | Lower] = {
    "day": F("day"),
    "title": Lower("title"),
    "pledged": F("pledged"),
    "expected": F("people"),
}
COLUMNS = {
    "title": _("Action"),
    "day": _("Day"),
    "pledged": _("Pledged"),
    "expected": _("Expected or counted"),
}
FOR_EVERYBODY = ("title", "day")


@dataclass(frozen=True, slots=True)
class Column:
    """A head of the table; `query` is what a press on it asks for, `order` how the list is sorted now."""

    label: str
    query: str
    order: str
    is_number: bool


def listed(coalition: Coalition, *, membership: Membership) -> QuerySet[Action]:
    """Present actions with their numbers: all of them, or for a partner its own organization's only."""
    actions = coalition.actions.present()
    if membership.role == Role.PARTNER:
        own = CurrentPledge.objects.filter(action=OuterRef("pk"), organization=membership.organization_id)
        figures = JSONObject(
            low="latest__low",
            likely="latest__likely",
            high="latest__high",
            is_held_back="latest__is_held_back",
        )
        return actions.annotate(own=Subquery(own.values(json=figures)[:1]))
    return actions.annotate(**_numbers())


@cache
def _numbers() -> dict[str, Any]:
    pledged = counted_pledges(action=OuterRef("pk")).values("action").annotate(n=Sum("likely")).values("n")
    return {
        "pledged": Subquery(pledged),
        "result": F("forecast__result"),
        "median": Cast(KT("result__median"), FloatField()),
        "low": Cast(KT("result__interval__0"), FloatField()),
        "high": Cast(KT("result__interval__1"), FloatField()),
        "counted": Subquery(_best_crowd_count()),
        "people": Coalesce(F("median"), Cast(KT("counted__low"), FloatField())),
    }


def filtered(actions: QuerySet[Action], chosen: dict[str, str]) -> QuerySet[Action]:
    same = {name: chosen[name] for name in ("status", "kind") if name in chosen}
    found = actions.filter(**same)
    return found.filter(title__icontains=chosen["find"]) if "find" in chosen else found


def ordered(actions: QuerySet[Action], sort: str, *, membership: Membership) -> QuerySet[Action]:
    """What lies ahead first, the nearest on top; then what was held, the latest on top; then the rest."""
    key = sort.removeprefix("-")
    if key in _sortable(membership):
        by = KEYS[key]
        down = sort.startswith("-")
        return actions.order_by(by.desc(nulls_last=True) if down else by.asc(nulls_last=True), "-pk")
    planned = When(status=ActionStatus.PLANNED, then=F("day"))
    group = Case(
        When(status=ActionStatus.PLANNED, then=Value(0)),
        When(status=ActionStatus.HELD, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return actions.order_by(group, Case(planned).asc(nulls_last=True), "-day", "-pk")


def columns(chosen: dict[str, str], *, membership: Membership) -> list[Column]:
    """Heads with the order that a press on them asks for: first down for numbers, first up for words."""
    sort = chosen.get("sort", "")
    found = []
    for key in _sortable(membership):
        first, other = (key, f"-{key}") if key in FOR_EVERYBODY else (f"-{key}", key)
        query = urlencode({**chosen, "sort": other if sort == first else first})
        order = {key: "ascending", f"-{key}": "descending"}.get(sort, "")
        found.append(Column(str(COLUMNS[key]), query, order, key not in FOR_EVERYBODY))
    return found


def calibration(coalition: Coalition) -> method.Calibration:
    """How good the last forecast before each closed action was."""
    held: Any = coalition.actions.present().filter(status=ActionStatus.HELD).annotate(**_outcome())
    known = held.filter(point__isnull=False, counted__isnull=False).order_by("-day", "-pk")[:MOST_OUTCOMES]
    return method.calibration(
        [
            method.Outcome(**point, counted=counted["best"])
            for point, counted in known.values_list("point", "counted")
        ]
    )


@cache
def _outcome() -> dict[str, Any]:
    last = ForecastPoint.objects.filter(action=OuterRef("pk"), day__lte=OuterRef("day")).order_by("-day")
    figures = JSONObject(low="p10", median="p50", high="p90")
    return {"point": Subquery(last.values(json=figures)[:1]), "counted": Subquery(_best_crowd_count())}


def _sortable(membership: Membership) -> tuple[str, ...]:
    """Nobody can sort by what it may not see."""
    return FOR_EVERYBODY if membership.role == Role.PARTNER else tuple(COLUMNS)


def _best_crowd_count() -> QuerySet[Count, Any]:
    crowd = Count.objects.filter(action=OuterRef("pk"), of=CountOf.CROWD)
    figures = {name: name for name in ("low", "best", "high", "method", "counted_by", "is_independent")}
    return (
        facts.standing_counts(crowd).order_by(*facts.BEST_COUNT_FIRST).values(json=JSONObject(**figures))[:1]
    )
