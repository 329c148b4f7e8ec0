"""What the pages read. Lists that belong to one row come with it, so that a page needs few queries."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import JSONObject

from coalitions import facts
from coalitions.charts import Past
from coalitions.models import (
    Action,
    Coalition,
    CountOf,
    CurrentPledge,
    ForecastPoint,
    Overlap,
    Score,
    ScorePoint,
)
from coalitions.presenting.outlook import Totals, a_past

# A picture of more than this is a picture of the past.
LONGEST_VIEW = timedelta(days=400)
HALF_A_YEAR = 183
FEW = 5

BY_PARTNERS = Q(
    organization__partner_since__isnull=False,
    organization__partner_until__isnull=True,
    organization__removed_at__isnull=True,
)


def score_of(coalition: Coalition, *, today: date) -> Score:
    """The stored score with `history` (points by day) and `past` (the best count of each action of late)."""
    found = (
        Score.objects.filter(coalition=coalition)
        .annotate(history=_history(), past=_past(coalition, today=today))
        .first()
    )
    return found or _no_score(coalition)


def past_counts(row: Any) -> list[Past]:
    return [a_past(each) for each in row.past]


def _no_score(coalition: Coalition) -> Score:
    score = Score(coalition=coalition)
    score.history = score.past = []  # type: ignore[attr-defined]
    return score


@cache
def _history() -> ArraySubquery:
    points = ScorePoint.objects.filter(coalition=OuterRef("coalition")).order_by("-day")
    return ArraySubquery(
        points.values(point=JSONObject(day="day", index="index", low="low", high="high"))[:HALF_A_YEAR]
    )


def _past(coalition: Coalition, *, today: date) -> ArraySubquery:
    counts = facts.best_counts(coalition, of=CountOf.CROWD).filter(action__day__gte=today - LONGEST_VIEW)
    return ArraySubquery(counts.values(row=JSONObject(day="action__day", title="action__title", best="best")))


def with_outlook(actions: QuerySet[Action]) -> QuerySet[Action]:
    """Each action with `points` (its forecast day by day), `totals` and `overlaps` of today's partners."""
    return actions.annotate(**_outlook())


def with_pairs(actions: QuerySet[Action]) -> QuerySet[Action]:
    """Each action with `pairs`, the largest declared overlaps between partners that pledged for it."""
    return actions.annotate(**_pairs())


@cache  # Putting these together takes longer than PostgreSQL takes to answer.
def _outlook() -> dict[str, Any]:
    points = ForecastPoint.objects.filter(action=OuterRef("pk")).order_by("-day")
    quantiles = {share: share for share in ("p10", "p25", "p50", "p75", "p90")}
    number = _overlaps_between_pledgers().values("coalition").annotate(pairs=Count("pk")).values("pairs")
    return {
        "points": ArraySubquery(points.values(point=JSONObject(day="day", **quantiles))[: LONGEST_VIEW.days]),
        "totals": Subquery(_totals()),
        "overlaps": Subquery(number),
    }


@cache
def _pairs() -> dict[str, Any]:
    largest = _overlaps_between_pledgers().order_by("-share", "pk")
    pair = JSONObject(first="first__name", second="second__name", share="share")
    return {"pairs": ArraySubquery(largest.values(pair=pair)[:FEW])}


def totals_of(action: Any) -> Totals:
    return Totals(**(action.totals or {}), overlaps=action.overlaps or 0)


def counted_pledges(**scope: Any) -> QuerySet[CurrentPledge]:
    """What is counted on: current pledges of today's partners, not those that wait for a lead."""
    return CurrentPledge.objects.filter(BY_PARTNERS, counted__isnull=False, high__gt=0, **scope)


def _totals() -> QuerySet[CurrentPledge, Any]:
    sums = {f"{name}_sum": Sum(name) for name in ("low", "likely", "high")}
    return (
        counted_pledges(action=OuterRef("pk"))
        .values("action")
        .annotate(partners=Count("pk"), **sums)
        .values(
            json=JSONObject(partners="partners", low="low_sum", likely="likely_sum", high="high_sum"),
        )
    )


def _overlaps_between_pledgers() -> QuerySet[Overlap]:
    def pledged(side: str) -> Exists:
        return Exists(counted_pledges(action=OuterRef(OuterRef("pk")), organization=OuterRef(side)))

    return Overlap.objects.filter(pledged("first"), pledged("second"), coalition=OuterRef("coalition"))
