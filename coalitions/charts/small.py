"""Pictures the size of a word: meter, sparkline, delta bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coalitions.charts.scale import Scale, points, px


@dataclass(frozen=True, slots=True)
class Meter:
    """A value on 0..scale in percent of the width: dot, 80 % band, gate. An unknown value has no dot."""

    known: bool
    dot: str
    band: str  # where the band starts; "" without an interval
    band_width: str
    gate: str
    ticks: tuple[str, ...]


def meter(
    value: float | None,
    *,
    low: float | None = None,
    high: float | None = None,
    gate: float | None = None,
    scale: float = 1.0,
    rtl: bool = False,
) -> Meter:
    def at(number: float) -> float:
        share = min(max(number / scale, 0.0), 1.0) * 100
        return 100 - share if rtl else share

    band = band_width = ""
    if value is not None and low is not None and high is not None:
        ends = sorted((at(low), at(high)))
        # A band narrower than the eye can see is still a band.
        width = max(ends[1] - ends[0], 1.0)
        band, band_width = px(min(ends[0], 100 - width)), px(width)
    return Meter(
        known=value is not None,
        dot="" if value is None else px(at(value)),
        band=band,
        band_width=band_width,
        gate="" if gate is None else px(at(gate)),
        ticks=tuple(px(quarter) for quarter in (0, 25, 50, 75, 100)),
    )


SPARK_WIDTH, SPARK_TOP, SPARK_BASE, SPARK_MOST = 94.0, 3.4, 25.9, 12


@dataclass(frozen=True, slots=True)
class Spark:
    """Share of those pledged who came, action by action, oldest first."""

    values: tuple[float, ...]
    line: str  # "" with fewer than two values
    dots: tuple[tuple[str, str], ...]
    last: tuple[str, str] | None
    half: str  # height of the line at one half


def spark(values: Sequence[float | None], *, rtl: bool = False) -> Spark:
    """At most the twelve latest known values; a share above one lifts the ceiling, it is never cut."""
    known = tuple(value for value in values if value is not None)[-SPARK_MOST:]
    height = Scale(0, max([1.0, *known]), SPARK_BASE, SPARK_TOP)
    step = min(34.0, 78.0 / max(len(known) - 1, 1))
    first = (SPARK_WIDTH - step * (len(known) - 1)) / 2
    places = []
    for number, value in enumerate(known):
        x = first + step * number
        places.append((SPARK_WIDTH - x if rtl else x, height(max(value, 0.0))))
    dots = tuple((px(x), px(y)) for x, y in places)
    return Spark(
        values=known,
        line=points(places) if len(places) > 1 else "",
        dots=dots[:-1],
        last=dots[-1] if dots else None,
        half=px(height(0.5)),
    )


@dataclass(frozen=True, slots=True)
class Delta:
    """A change as a bar from the middle, in percent of the width."""

    start: str
    width: str
    direction: str  # "up", "down" or "" for no change


def delta(value: float, *, largest: float, rtl: bool = False) -> Delta:
    """`largest` is the largest change, without sign, among the bars that stand together."""
    share = min(abs(value) / abs(largest), 1.0) if largest else 0.0
    width = 46.0 * share
    grows_right = (value > 0) != rtl
    direction = "up" if value > 0 else "down" if value < 0 else ""
    return Delta(start=px(50.0 if grows_right else 50.0 - width), width=px(width), direction=direction)
