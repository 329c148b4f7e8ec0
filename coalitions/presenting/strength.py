"""The index and its four dimensions, each with the lines from which anybody can check it by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.translation import get_language_bidi, gettext, gettext_lazy

from coalitions import charts
from coalitions.method.facts import Dimension
from coalitions.method.strength import LEAST, TWENTIETH
from coalitions.models import Coalition

Json = Mapping[str, Any]

NAMES = {
    Dimension.PEOPLE_POWER: gettext_lazy("People power"),
    Dimension.BREADTH: gettext_lazy("Breadth"),
    Dimension.COHESION: gettext_lazy("Cohesion"),
    Dimension.LEVERAGE: gettext_lazy("Leverage"),
}
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Line:
    """One summand of a dimension: who, how much it weighs, how far it counts (0..1, None unknown)."""

    name: str
    amount: float
    counts: float | None

    @property
    def product(self) -> float | None:
        return None if self.counts is None else self.amount * self.counts


@dataclass(frozen=True, slots=True)
class Part:
    """One dimension. `total` and `whole` are the fraction that gives `value`; `more` lines are not shown."""

    key: str
    name: str
    value: float | None
    low: float | None
    high: float | None
    weight: float | None
    meter: charts.Meter
    gate: float | None
    lines: tuple[Line, ...]
    more: int
    total: float | None
    whole: float | None

    @property
    def counted(self) -> float | None:
        """Communities reached, beyond those aimed at too, as long as all lines are shown."""
        return self.total if self.more else sum(line.counts or 0 for line in self.lines)


@dataclass(frozen=True, slots=True)
class Change:
    """The index now less the index then."""

    value: float
    since: date


@dataclass(frozen=True, slots=True)
class Strength:
    value: float | None
    low: float | None
    high: float | None
    meter: charts.Meter
    parts: tuple[Part, ...]
    left_out: tuple[str, ...]
    weakest: Part | None
    sensitivity: tuple[float, float] | None
    change: Change | None
    trend: charts.Trend | None
    # What one community has to bring to count in full, and how many are aimed at.
    twentieth: float | None
    least: float = LEAST

    @property
    def known(self) -> tuple[Part, ...]:
        """The factors of the index, in the order of the formula."""
        return tuple(part for part in self.parts if part.value is not None and part.weight)

    @property
    def is_narrow(self) -> bool:
        """In whole numbers both ends would read the same."""
        return self.low is not None and self.high is not None and round(self.low) == round(self.high)


def strength(
    result: Json,
    history: Sequence[Json],
    *,
    coalition: Coalition,
    today: date,
    names: Mapping[int, str],
) -> Strength:
    """`result` is the stored score, `history` its points by day, `names` those of the organizations in it."""
    index = result.get("index") or {}
    low, high = index.get("interval") or (None, None)
    value = index.get("value")
    parts = tuple(_parts(result, coalition, names))
    known = [part for part in parts if part.value is not None and part.weight]
    ends = index.get("sensitivity")
    mass = coalition.critical_mass
    return Strength(
        value=value,
        low=low,
        high=high,
        meter=charts.meter(value, low=low, high=high, scale=100, rtl=get_language_bidi()),
        parts=parts,
        left_out=tuple(part.name for part in parts if part.value is None),
        weakest=min(known, key=lambda part: max(part.value or 0, LEAST) ** (part.weight or 0), default=None),
        sensitivity=tuple(ends) if ends else None,
        change=_change(value, history, today),
        trend=_trend(history),
        twentieth=None if mass is None else TWENTIETH * mass,
    )


def ids_in(result: Json) -> set[int]:
    """The organizations that the derivations name."""
    why = result.get("why") or {}
    lines = [line for name in ("communities", "cohesion") for line in why.get(name, {}).get("lines", ())]
    found = {line.get("partner") if "partner" in line else line.get("id") for line in lines}
    return {each for each in found if each is not None}


def _parts(result: Json, coalition: Coalition, names: Mapping[int, str]) -> Iterable[Part]:
    dimensions, index = result.get("dimensions") or {}, result.get("index") or {}
    ends = index.get("people_power_interval") or (None, None)
    for key in Dimension:
        value = dimensions.get(key)
        low, high = ends if key is Dimension.PEOPLE_POWER else (None, None)
        gate = coalition.wanted_leverage if key is Dimension.LEVERAGE else None
        lines, more = _lines(key, result.get("why") or {}, names)
        whole = _whole(key, lines, coalition) if not more or key is Dimension.BREADTH else None
        yield Part(
            key=str(key),
            name=str(NAMES[key]),
            value=value,
            low=low,
            high=high,
            weight=(index.get("weights") or {}).get(key),
            meter=charts.meter(value, low=low, high=high, gate=gate, rtl=get_language_bidi()),
            gate=gate,
            lines=lines,
            more=more,
            total=None if value is None or whole is None else value * whole,
            whole=whole,
        )


def _whole(key: Dimension, lines: Sequence[Line], coalition: Coalition) -> float | None:
    """What the sum is divided by: communities aimed at, or all weights that are known."""
    if key is Dimension.BREADTH:
        return float(coalition.communities_aimed_at)
    return sum(line.amount for line in lines if line.counts is not None) or None


def _lines(key: Dimension, why: Json, names: Mapping[int, str]) -> tuple[tuple[Line, ...], int]:
    """The weightiest lines that the worker kept, and how many it left out."""
    if key is Dimension.BREADTH:
        kept = why.get("communities") or {}
        found = [
            Line(_community(row, names), row["expected"], row["reached"]) for row in kept.get("lines", ())
        ]
    elif key is Dimension.COHESION:
        kept = why.get("cohesion") or {}
        found = [Line(_name(row["id"], names), row["expected"], row["held"]) for row in kept.get("lines", ())]
    elif key is Dimension.LEVERAGE:
        kept = why.get("leverage") or {}
        found = [
            Line(_name(row["id"], names), row["dependence"], row["support_left"])
            for row in kept.get("lines", ())
        ]
    else:
        return (), 0
    return tuple(found), int(kept.get("more", 0))


def _community(row: Json, names: Mapping[int, str]) -> str:
    return str(row["community"]) if row.get("community") else _name(row.get("partner"), names)


def _name(identity: Any, names: Mapping[int, str]) -> str:
    return names.get(identity) or gettext("an organization that has left")


def _change(value: float | None, history: Sequence[Json], today: date) -> Change | None:
    """Against the last point that is a week old; a younger coalition against its first."""
    known = sorted(
        (date.fromisoformat(point["day"]), point["index"]) for point in history if point["index"] is not None
    )
    earlier = [point for point in known if point[0] < today]
    if value is None or not earlier:
        return None
    since, before = next((point for point in reversed(earlier) if point[0] <= today - WEEK), earlier[0])
    return Change(value - before, since)


def _trend(history: Sequence[Json]) -> charts.Trend | None:
    moments = [
        charts.Moment(date.fromisoformat(point["day"]), point["index"], point["low"], point["high"])
        for point in history
        if point["index"] is not None
    ]
    return charts.trend(moments, rtl=get_language_bidi()) if len(moments) > 1 else None
