"""What is expected of one action: figures against the critical mass, and the picture of the forecast."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import get_language_bidi, gettext

from coalitions import charts
from coalitions.models import Action, Coalition
from coalitions.presenting import marks
from coalitions.templatetags.muster import in_hundred

Json = Mapping[str, Any]

# Near a threshold from either side: a tenth above it, or nine tenths of the way.
NEAR = 0.1
TINY = 1e-9  # 0.8 * 1.1 is a little more than 0.88


def gate_state(value: float, *, wanted: float) -> str:
    """met, risk or unmet, by the rule of the readiness gates."""
    if value >= wanted:
        return "met" if value >= wanted * (1 + NEAR) - TINY or value >= 1 - (1 - wanted) * NEAR else "risk"
    return "risk" if value >= wanted * (1 - NEAR) - TINY else "unmet"


@dataclass(frozen=True, slots=True)
class Totals:
    """What all partners of today pledged for an action (people), and how many overlaps lie between them."""

    partners: int = 0
    low: int = 0
    likely: int = 0
    high: int = 0
    overlaps: int = 0


@dataclass(frozen=True, slots=True)
class Outlook:
    """Figures are None while the worker has not measured this action yet. `state` needs a critical mass."""

    action: Action
    totals: Totals
    median: float | None
    low: float | None
    high: float | None
    chance: float | None
    state: str
    state_label: str
    expected_sum: float | None
    base: float | None
    unique: float | None
    lower: float | None
    upper: float | None
    walk_ins: float
    everybody: float | None
    picture: charts.Picture | None

    @property
    def fan(self) -> SafeString:
        """The picture as SVG."""
        return (
            SafeString()
            if self.picture is None
            else marks.fan(self.picture, name=self.action.title, identity="fan")
        )

    @property
    def is_known(self) -> bool:
        return self.median is not None


def outlook(
    action: Action,
    result: Json | None,
    *,
    coalition: Coalition,
    today: date,
    points: Iterable[Json] = (),
    past: Iterable[charts.Past] = (),
    totals: Totals | None = None,
) -> Outlook:
    """`result` is the stored forecast of the action, `points` its quantiles day by day."""
    found: Json = result or {}
    low, high = found.get("interval") or (None, None)
    chance = found.get("p_critical") if coalition.critical_mass else None
    state = "" if chance is None else gate_state(chance, wanted=coalition.wanted_chance)
    return Outlook(
        action=action,
        totals=totals or Totals(),
        median=found.get("median"),
        low=low,
        high=high,
        chance=chance,
        state=state,
        state_label="" if chance is None else _state_label(state, chance, coalition.wanted_chance),
        expected_sum=found.get("sum"),
        base=found.get("base"),
        unique=found.get("unique"),
        lower=found.get("lower"),
        upper=found.get("upper"),
        walk_ins=found.get("walk_in_share") or 0.0,
        everybody=found.get("expected"),
        picture=_picture(
            action, found=found, coalition=coalition, today=today, points=list(points), past=past
        )
        if found.get("median")
        else None,
    )


def _state_label(state: str, chance: float, wanted: float) -> str:
    named = {
        "met": gettext("Met: %(chance)s, needs %(wanted)s"),
        "risk": gettext("At risk: %(chance)s, needs %(wanted)s"),
        "unmet": gettext("Not met: %(chance)s, needs %(wanted)s"),
    }
    return named[state] % {"chance": in_hundred(chance), "wanted": f"{round(100 * wanted)}"}


def _picture(
    action: Action,
    *,
    found: Json,
    coalition: Coalition,
    today: date,
    points: list[Json],
    past: Iterable[charts.Past],
) -> charts.Picture:
    quantiles = (found["quantiles"][share] for share in ("10", "25", "50", "75", "90"))
    bins = found["histogram"]
    return _drawn(
        tuple(a_day(point) for point in points) or (charts.Day(today, *quantiles),),
        today=today,
        day_of_action=action.day,
        histogram=charts.Bins(tuple(bins["edges"]), tuple(bins["counts"])) if bins["edges"] else None,
        critical_mass=coalition.critical_mass,
        chance=found.get("p_critical"),
        lower=found["lower"],
        upper=found["upper"],
        past=tuple(past),
        rtl=get_language_bidi(),
    )


# Everybody who looks at one forecast looks at the same picture.
_drawn = lru_cache(maxsize=128)(charts.fan_picture)


def a_day(point: Json) -> charts.Day:
    day = date.fromisoformat(point["day"])
    return charts.Day(day, *(point[share] for share in ("p10", "p25", "p50", "p75", "p90")))


def a_past(row: Json) -> charts.Past:
    return charts.Past(date.fromisoformat(row["day"]), row["title"], row["best"])
