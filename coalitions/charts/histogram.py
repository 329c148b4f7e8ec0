"""The spread of possible turnouts on the day, standing alone."""

from __future__ import annotations

from dataclasses import dataclass

from coalitions.charts.bins import almost_all, bars
from coalitions.charts.inputs import Bins
from coalitions.charts.scale import Scale, px, ticks

WIDTH, HEIGHT, TOP, BASE, SIDE = 400.0, 190.0, 44.0, 158.0, 12.0


@dataclass(frozen=True, slots=True)
class Histogram:
    width: str
    height: str
    over: str
    under: str
    axis: str
    ticks: tuple[tuple[str, int], ...]
    ticks_y: str
    line: str
    line_text_x: str
    line_anchor: str
    whisker: str
    dot: tuple[str, str] | None
    critical_mass: float | None
    low: float | None
    median: float | None
    high: float | None


def histogram(
    bins: Bins,
    *,
    critical_mass: float | None = None,
    low: float | None = None,
    median: float | None = None,
    high: float | None = None,
    rtl: bool = False,
) -> Histogram:
    """People from zero along the line, how often upwards; what lies beyond the line is darker."""
    given = [value for value in (critical_mass, high, median) if value is not None]
    top_value = max([almost_all(bins), *given, 1.0]) * 1.04
    across = Scale(0, top_value, SIDE, WIDTH - SIDE)

    def x(value: float) -> float:
        place = across(min(max(value, 0.0), top_value))
        return WIDTH - place if rtl else place

    paths: dict[bool, list[str]] = {True: [], False: []}
    for bar in bars(bins, line=critical_mass, top_value=top_value):
        height = BASE - (BASE - TOP) * bar.share
        paths[bar.is_over].append(f"M{px(x(bar.low))} {px(BASE)}V{px(height)}H{px(x(bar.high))}V{px(BASE)}z")
    line_x = 0.0 if critical_mass is None else x(critical_mass)
    is_late = (critical_mass or 0) > top_value * 0.6
    whisker_y = TOP - 10
    return Histogram(
        width=px(WIDTH),
        height=px(HEIGHT),
        over="".join(paths[True]),
        under="".join(paths[False]),
        axis=f"M{px(x(0))} {px(BASE)}H{px(x(top_value))}",
        ticks=tuple((px(x(value)), value) for value in ticks(top_value, most=4)),
        ticks_y=px(BASE + 22),
        line="" if critical_mass is None else f"M{px(line_x)} {px(TOP - 26)}V{px(BASE)}",
        line_text_x=px(line_x + (-6 if is_late != rtl else 6)),
        line_anchor="end" if is_late else "start",
        whisker=""
        if low is None or high is None
        else f"M{px(x(low))} {px(whisker_y)}H{px(x(high))}"
        + "".join(f"M{px(x(end))} {px(whisker_y - 4)}V{px(whisker_y + 4)}" for end in (low, high)),
        dot=None if median is None else (px(x(median)), px(whisker_y)),
        critical_mass=critical_mass,
        low=low,
        median=median,
        high=high,
    )
