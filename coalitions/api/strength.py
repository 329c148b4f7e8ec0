"""Strength and forecasts as last measured: for which revision, when, and whether that is still current."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from coalitions.api.pagination import PageQuery
from coalitions.api.reading import Row, Rows, Scope
from coalitions.api.resources import Collection, Item, Resource
from coalitions.models import Forecast, Role, Score

TURNOUT = (
    "sum",
    "base",
    "unique",
    "lower",
    "upper",
    "walk_in_share",
    "expected",
    "median",
    "interval",
    "quantiles",
    "p_critical",
    "histogram",
)


def a_number(**options: Any) -> serializers.FloatField:
    return serializers.FloatField(allow_null=True, **options)


def an_interval() -> serializers.ListField:
    return serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2, allow_null=True)


class DimensionsAnswer(serializers.Serializer[Any]):
    people_power = a_number()
    breadth = a_number()
    cohesion = a_number()
    leverage = a_number()


class IndexAnswer(serializers.Serializer[Any]):
    value = a_number()
    interval = an_interval()
    plug_in = a_number()
    left_out = serializers.ListField(child=serializers.CharField())
    sensitivity = an_interval()
    weights = serializers.DictField(child=serializers.FloatField())
    people_power_interval = an_interval()


class LinesAnswer(serializers.Serializer[Any]):
    lines = serializers.ListField(child=serializers.DictField())
    more = serializers.IntegerField(help_text=gettext_lazy("Lines that weigh less and are not listed."))


class WhyAnswer(serializers.Serializer[Any]):
    communities = LinesAnswer()
    cohesion = LinesAnswer()


class ScoreAnswer(serializers.Serializer[Any]):
    """Nulls until the first measurement; unknown parts stay null after it."""

    is_fresh = serializers.BooleanField(
        help_text=gettext_lazy("Whether it describes the coalition as it is now.")
    )
    revision = serializers.IntegerField(
        allow_null=True, help_text=gettext_lazy("The revision of the coalition that was measured.")
    )
    coalition_revision = serializers.IntegerField()
    changed_at = serializers.DateTimeField(help_text=gettext_lazy("When the coalition last changed."))
    computed_at = serializers.DateTimeField(allow_null=True)
    day = serializers.DateField(allow_null=True)
    algorithm = serializers.CharField(allow_null=True)
    digest = serializers.CharField(
        allow_null=True, help_text=gettext_lazy("Of everything that was measured.")
    )
    index = IndexAnswer(allow_null=True)
    dimensions = DimensionsAnswer(allow_null=True)
    next_action = serializers.UUIDField(allow_null=True)
    why = WhyAnswer(allow_null=True)


class HistogramAnswer(serializers.Serializer[Any]):
    edges = serializers.ListField(child=serializers.FloatField())
    counts = serializers.ListField(child=serializers.FloatField())


class ForecastRow(serializers.Serializer[Any]):
    """People expected at one action that lies ahead."""

    action = serializers.UUIDField()
    revision = serializers.IntegerField()
    is_fresh = serializers.BooleanField()
    sum = a_number()
    base = a_number()
    unique = a_number()
    lower = a_number()
    upper = a_number()
    walk_in_share = a_number()
    expected = a_number()
    median = a_number()
    interval = an_interval()
    quantiles = serializers.DictField(child=serializers.FloatField())
    p_critical = a_number()
    histogram = HistogramAnswer()


class StrengthItem(Resource):
    roles = {"GET": Role.OBSERVER}
    summaries = {"GET": "Read the strength of the coalition"}
    row = ScoreAnswer

    def get(self, request: Request, **kwargs: Any) -> Response:
        score = Score.objects.filter(coalition=self.coalition).first()
        if score is None:
            raise Http404
        return Response(self.told(score))

    def told(self, score: Score) -> Row:
        coalition, result = self.coalition, score.result
        measured = score.computed_at is not None
        today = coalition.local_day(timezone.now())
        names = self.names_of(result)
        return {
            "is_fresh": measured and score.is_fresh(revision=coalition.revision, today=today),
            "revision": score.revision if measured else None,
            "coalition_revision": coalition.revision,
            "changed_at": coalition.changed_at,
            "computed_at": score.computed_at,
            "day": score.day,
            "algorithm": score.algorithm or None,
            "digest": score.digest or None,
            "index": result.get("index"),
            "dimensions": result.get("dimensions"),
            "next_action": self.public_action(result),
            "why": _why(result["why"], names) if measured else None,
        }

    def names_of(self, result: Row) -> dict[int, UUID]:
        """Inner ids of organizations in the derivation -> public ones."""
        lines = [line for part in ("communities", "cohesion") for line in _lines(result, part)]
        inner = [line.get("id", line.get("partner")) for line in lines]
        return dict(
            self.coalition.organizations.filter(
                pk__in=[name for name in inner if name is not None]
            ).values_list("pk", "public_id")
        )

    def public_action(self, result: Row) -> UUID | None:
        inner = result.get("forecast", {}).get("action")
        found = self.coalition.actions.filter(pk=inner).values_list("public_id", flat=True)
        return found.first() if inner is not None else None


def _lines(result: Row, part: str) -> list[Row]:
    lines: list[Row] = result.get("why", {}).get(part, {}).get("lines", [])
    return lines


def _why(why: Row, names: dict[int, UUID]) -> Row:
    """The derivations of breadth and cohesion, in public names."""
    return {
        part: {
            "lines": [
                {key: value for key, value in line.items() if key not in {"id", "partner"}}
                | {"organization": names.get(line.get("id", line.get("partner")))}
                for line in why[part]["lines"]
            ],
            "more": why[part]["more"],
        }
        for part in ("communities", "cohesion")
    }


class StoredForecast(serializers.Serializer[Any]):
    """The columns a forecast is read from."""

    action = serializers.UUIDField(source="action.public_id")
    revision = serializers.IntegerField()
    result = serializers.JSONField()


class ForecastResource(Resource):
    row = StoredForecast
    answers = {"GET": ForecastRow}

    @classmethod
    def rows(cls, scope: Scope) -> Rows:
        return Forecast.objects.filter(coalition=scope.coalition, action__removed_at__isnull=True)

    def shaped(self, rows: list[Row]) -> list[Row]:
        return [self.told(row) for row in rows]

    def told(self, row: Row) -> Row:
        result = orjson.loads(row["result"])
        is_fresh = row["revision"] >= self.coalition.revision
        told = {name: result[name] for name in TURNOUT}
        return {"action": row["action"], "revision": row["revision"], "is_fresh": is_fresh} | told


class Forecasts(ForecastResource, Collection):
    roles = {"GET": Role.OBSERVER}
    summaries = {"GET": "List forecasts of planned actions"}
    query = PageQuery
    cursor = ("action",)


class ForecastItem(ForecastResource, Item):
    roles = {"GET": Role.OBSERVER}
    summaries = {"GET": "Read the forecast of an action"}

    def lookup(self) -> dict[str, Any]:
        return {"action__public_id": self.kwargs["id"]}
