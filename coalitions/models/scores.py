"""What the worker has measured, and for which revision: stored results that a page only reads."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models.functions import Now

from coalitions.models.actions import Action
from coalitions.models.coalitions import Coalition
from coalitions.models.directory import Organization
from coalitions.models.scoping import ScopedQuerySet


class Score(models.Model):
    """The one current score of a coalition. Fresh when it describes the coalition's own revision, today."""

    coalition = models.OneToOneField(Coalition, on_delete=models.CASCADE, related_name="score")
    revision = models.BigIntegerField(default=-1)
    # Which actions lie ahead depends on the day, so a score holds for one day.
    day = models.DateField(null=True)
    computed_at = models.DateTimeField(null=True)
    digest = models.CharField(max_length=64, blank=True)
    algorithm = models.CharField(max_length=20, blank=True)
    result = models.JSONField(default=dict)
    # Poison input is tried less and less often and then parked until the next edit.
    attempts = models.PositiveSmallIntegerField(default=0)
    attempted_revision = models.BigIntegerField(default=-1)
    next_attempt_at = models.DateTimeField(db_default=Now())

    objects = ScopedQuerySet["Score"].as_manager()

    def __str__(self) -> str:
        return f"revision {self.revision}"

    def is_fresh(self, *, revision: int, today: date) -> bool:
        return self.revision >= revision and self.day is not None and self.day >= today


class ScorePoint(models.Model):
    """The index at the end of a day: strength through time."""

    coalition = models.ForeignKey(Coalition, on_delete=models.CASCADE, related_name="score_points")
    day = models.DateField()
    index = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    digest = models.CharField(max_length=64)
    algorithm = models.CharField(max_length=20)

    objects = ScopedQuerySet["ScorePoint"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["coalition", "day"], name="one_score_point_a_day")]

    def __str__(self) -> str:
        return f"{self.day}: {self.index}"


class Forecast(models.Model):
    """What is expected of one action that lies ahead."""

    scoped_by = frozenset({"coalition", "action"})

    coalition = models.ForeignKey(Coalition, on_delete=models.CASCADE, related_name="forecasts")
    action = models.OneToOneField(Action, on_delete=models.CASCADE, related_name="forecast")
    revision = models.BigIntegerField()
    result = models.JSONField()

    objects = ScopedQuerySet["Forecast"].as_manager()

    def __str__(self) -> str:
        return f"{self.action}"


class ForecastPoint(models.Model):
    """The forecast of an action at the end of a day: the fan that narrows towards the action."""

    scoped_by = frozenset({"coalition", "action"})

    coalition = models.ForeignKey(Coalition, on_delete=models.CASCADE, related_name="forecast_points")
    action = models.ForeignKey(Action, on_delete=models.CASCADE, related_name="forecast_points")
    day = models.DateField()
    p10 = models.FloatField()
    p25 = models.FloatField()
    p50 = models.FloatField()
    p75 = models.FloatField()
    p90 = models.FloatField()

    objects = ScopedQuerySet["ForecastPoint"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["action", "day"], name="one_forecast_point_a_day")]

    def __str__(self) -> str:
        return f"{self.day}: {self.p50:.0f}"


class ShowRate(models.Model):
    """The share of its pledge that a partner brings, learnt from its own record."""

    scoped_by = frozenset({"coalition", "organization"})

    coalition = models.ForeignKey(Coalition, on_delete=models.CASCADE, related_name="show_rates")
    organization = models.OneToOneField(Organization, on_delete=models.CASCADE, related_name="show_rate")
    rate = models.FloatField()
    information = models.FloatField()
    # Shares that came, action by action, oldest first.
    record = models.JSONField(default=list)

    objects = ScopedQuerySet["ShowRate"].as_manager()

    def __str__(self) -> str:
        return f"{self.rate:.2f}"
