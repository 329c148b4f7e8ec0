"""Bring a coalition's stored score up to date with its facts: claim, gather, measure, store."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Case, DateField, DateTimeField, DurationField, F, Func, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Least, Now, Power
from django.utils.module_loading import import_string

from coalitions import live
from coalitions.method import Facts, Measured, measure
from coalitions.method.rates import PRIOR_ACTIONS
from coalitions.models import Coalition, Forecast, ForecastPoint, Score, ScorePoint, ShowRate

FactSource = Callable[..., Facts]

# Poison input is tried again after 5, 10, 20 ... seconds, then parked until the next edit.
FIRST_PAUSE = timedelta(seconds=5)
PARK_AFTER = 6
FRAGMENT = "score"


def rescore(coalition_id: int, *, now: datetime) -> bool:
    """Return whether a newer score was stored. Safe to run twice, late, or side by side."""
    # Read the revision before the facts: a later edit brings its own rescore.
    coalition = Coalition.objects.filter(pk=coalition_id).first()
    if coalition is None:
        return False
    today = coalition.local_day(now)
    if not _claim(coalition, today=today):
        return False
    measured = measure(gather(coalition_id, today=today))
    with transaction.atomic():
        stored = _store(coalition, measured, today=today, now=now)
    if stored:
        live.publish(coalition_id, fragment=FRAGMENT, revision=coalition.revision)
    return stored


def gather(coalition_id: int, *, today: date) -> Facts:
    sources: list[FactSource] = [import_string(path) for path in settings.STRENGTH_FACT_SOURCES]
    return reduce(or_, (source(coalition_id, today=today) for source in sources), Facts())


def behind(*, now: datetime, limit: int) -> list[int]:
    """Coalitions whose score is older than their facts or their day, and that are due for an attempt."""
    due = Q(score__attempted_revision__lt=F("revision")) | Q(
        score__next_attempt_at__lte=Now(), score__attempts__lt=PARK_AFTER
    )
    older = Q(score__revision__lt=F("revision")) | Q(score__day__isnull=True) | Q(score__day__lt=F("its_day"))
    local_time = Func(F("time_zone"), Value(now), function="timezone", output_field=DateTimeField())
    return list(
        Coalition.objects.annotate(its_day=Cast(local_time, DateField()))
        .filter(older, due)
        .order_by("score__next_attempt_at", "pk")
        .values_list("pk", flat=True)[:limit]
    )


def _outdated(coalition: Coalition, *, today: date) -> QuerySet[Score]:
    """The fence: a score of an older revision or of an earlier day. A late result finds nothing."""
    older_day = Q(day__isnull=True) | Q(day__lt=today)
    return Score.objects.filter(coalition=coalition).filter(
        Q(revision__lt=coalition.revision) | (Q(revision=coalition.revision) & older_day)
    )


def _claim(coalition: Coalition, *, today: date) -> bool:
    """Note the attempt before it starts, so that one which kills its worker counts. By PostgreSQL's clock."""
    due = Q(attempted_revision__lt=coalition.revision) | Q(
        next_attempt_at__lte=Now(), attempts__lt=PARK_AFTER
    )
    again = Q(attempted_revision=coalition.revision)
    pause = Case(
        When(again, then=Value(FIRST_PAUSE) * Power(2.0, Least(F("attempts"), PARK_AFTER))),
        default=Value(FIRST_PAUSE),
        output_field=DurationField(),
    )
    claimed = (
        _outdated(coalition, today=today)
        .filter(due)
        .update(
            next_attempt_at=Now() + pause,
            attempts=Case(When(again, then=F("attempts") + 1), default=1),
            attempted_revision=coalition.revision,
        )
    )
    return bool(claimed)


def _store(coalition: Coalition, measured: Measured, *, today: date, now: datetime) -> bool:
    found = measured.to_json()
    forecasts = [found["forecast"], *found.pop("other_forecasts")]
    # Whoever has no record of its own has the coalition's rate.
    rates = [row for row in found["record"].pop("partners") if row["information"] > PRIOR_ACTIONS]
    found["rates_digest"] = hashlib.sha256(repr(rates).encode()).hexdigest()
    # Whoever holds the row of the score stores everything that belongs to it.
    score = _outdated(coalition, today=today).select_for_update().first()
    if score is None:
        return False
    rates_are_known = score.result.get("rates_digest") == found["rates_digest"]
    _store_forecasts(coalition, forecasts, today=today)
    if not rates_are_known:
        _store_rates(coalition, rates)
    _store_point(coalition, measured, found["index"], today=today)
    found["forecast"] = {key: value for key, value in found["forecast"].items() if key != "partners"}
    found["why"] = _shortened(found["why"])
    Score.objects.filter(coalition=coalition).update(
        revision=coalition.revision,
        day=today,
        computed_at=now,
        digest=measured.digest,
        algorithm=measured.version,
        result=found,
        attempts=0,
        next_attempt_at=Now(),
    )
    return True


def _store_forecasts(coalition: Coalition, forecasts: list[dict[str, Any]], *, today: date) -> None:
    upcoming = [forecast for forecast in forecasts if forecast["action"] is not None]
    Forecast.objects.filter(coalition=coalition).exclude(
        action_id__in=[forecast["action"] for forecast in upcoming]
    ).delete()
    Forecast.objects.bulk_create(
        [
            Forecast(
                coalition=coalition,
                action_id=forecast["action"],
                revision=coalition.revision,
                result={key: value for key, value in forecast.items() if key != "partners"},
            )
            for forecast in upcoming
        ],
        update_conflicts=True,
        unique_fields=["action"],
        update_fields=["revision", "result"],
    )
    ForecastPoint.objects.bulk_create(
        [
            ForecastPoint(
                coalition=coalition,
                action_id=forecast["action"],
                day=today,
                **{f"p{share}": value for share, value in forecast["quantiles"].items()},
            )
            for forecast in upcoming
        ],
        update_conflicts=True,
        unique_fields=["action", "day"],
        update_fields=["p10", "p25", "p50", "p75", "p90"],
    )


def _store_rates(coalition: Coalition, rates: list[dict[str, Any]]) -> None:
    ShowRate.objects.filter(coalition=coalition).exclude(
        organization_id__in=[row["id"] for row in rates]
    ).delete()
    ShowRate.objects.bulk_create(
        [
            ShowRate(
                coalition=coalition,
                organization_id=row["id"],
                rate=row["rate"],
                information=row["information"],
                record=row["record"] or [],
            )
            for row in rates
        ],
        batch_size=2000,
        update_conflicts=True,
        unique_fields=["organization"],
        update_fields=["rate", "information", "record"],
    )


def _store_point(coalition: Coalition, measured: Measured, index: dict[str, Any], *, today: date) -> None:
    low, high = index["interval"] or (None, None)
    values = {
        "index": index["value"],
        "low": low,
        "high": high,
        "digest": measured.digest,
        "algorithm": measured.version,
    }
    ScorePoint.objects.filter(coalition=coalition).update_or_create(
        coalition=coalition, day=today, defaults=values
    )


def _shortened(why: dict[str, Any]) -> dict[str, Any]:
    """A derivation names the weightiest lines; a page is not a ledger of ten thousand partners."""
    most = 12
    return {
        name: {
            "lines": sorted(lines, key=lambda line: -(line.get("expected") or line.get("dependence") or 0))[
                :most
            ],
            "more": max(0, len(lines) - most),
        }
        for name, lines in why.items()
    }
