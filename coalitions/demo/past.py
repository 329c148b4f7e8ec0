"""What would have been measured on earlier days: the facts of each evening, through the same arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from coalitions.demo.scribe import Scribe
from coalitions.method import Measured, measure
from coalitions.models import ForecastPoint, ScorePoint

BEFORE_AN_ACTION = (14, 7, 3, 1, 0)
SHARES = ("p10", "p25", "p50", "p75", "p90")


class Past:
    def __init__(self, scribe: Scribe) -> None:
        self.scribe = scribe
        self.scores: list[ScorePoint] = []
        self.forecasts: list[ForecastPoint] = []
        self.first_score = date.max

    def days(self, today: date, *, closed: Sequence[date]) -> list[date]:
        """Every day since the last action was closed, and a few ahead of each one: what its forecast was."""
        self.first_score = max(closed) + timedelta(days=1)
        since = {today - timedelta(days=days) for days in range(1, (today - self.first_score).days + 1)}
        ahead = {day - timedelta(days=days) for day in closed for days in BEFORE_AN_ACTION}
        return sorted(since | ahead)

    def look(self, at: datetime) -> None:
        day = at.date()
        measured = measure(self.scribe.facts(day))
        if day >= self.first_score:
            self.scores.append(self._score(day, measured))
        for forecast in measured.forecasts:
            self.forecasts.append(
                ForecastPoint(
                    coalition=self.scribe.coalition,
                    action_id=measured.facts.actions[forecast.action],
                    day=day,
                    **dict(zip(SHARES, forecast.quantiles(), strict=True)),
                )
            )

    def _score(self, day: date, measured: Measured) -> ScorePoint:
        index = measured.to_json()["index"]
        low, high = index["interval"] or (None, None)
        return ScorePoint(
            coalition=self.scribe.coalition,
            day=day,
            index=index["value"],
            low=low,
            high=high,
            digest=measured.digest,
            algorithm=measured.version,
        )

    def store(self) -> None:
        ScorePoint.objects.bulk_create(self.scores)
        ForecastPoint.objects.bulk_create(self.forecasts)
