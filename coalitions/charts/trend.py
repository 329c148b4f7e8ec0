"""The index through time: a small line with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from coalitions.charts.inputs import Moment
from coalitions.charts.scale import Scale, points, px, spread

WIDTH, HEIGHT = 272.0, 84.0
LEFT, RIGHT, TOP, BASE = 6.0, 224.0, 12.0, 62.0
NARROWEST = 10.0  # points of the index that the height shows at least, so that noise does not look like drama


@dataclass(frozen=True, slots=True)
class Trend:
    width: str
    height: str
    band: str
    line: str
    last: tuple[str, str] | None
    first_date: date | None
    last_date: date | None
    first_value: float | None
    last_value: float | None
    # Two faint lines with their figures: the range that the height stands for.
    guides: tuple[tuple[str, str, int], ...]
    guide_path: str
    label_x: str
    start_x: str
    end_x: str
    dates_y: str


def trend(moments: Sequence[Moment], *, rtl: bool = False) -> Trend:
    ordered = sorted({moment.date: moment for moment in moments}.values())
    low, high = _range(ordered)
    first, last = (ordered[0].date.toordinal(), ordered[-1].date.toordinal()) if ordered else (0, 0)
    across = Scale(first, last, LEFT, RIGHT)
    up = Scale(low, high, BASE, TOP)

    def x(moment: Moment) -> float:
        place = across(moment.date.toordinal())
        return WIDTH - place if rtl else place

    line = [(x(moment), up(moment.value)) for moment in ordered]
    upper = [(x(m), up(m.high)) for m in ordered if m.high is not None and m.low is not None]
    lower = [(x(m), up(m.low)) for m in ordered if m.high is not None and m.low is not None]
    heights = spread([up(high), up(low)], gap=14, low=TOP, high=BASE)

    def mirrored(place: float) -> str:
        return px(WIDTH - place if rtl else place)

    return Trend(
        width=px(WIDTH),
        height=px(HEIGHT),
        band=points([*upper, *reversed(lower)]) if len(upper) > 1 else "",
        line=points(line) if len(line) > 1 else "",
        last=(px(line[-1][0]), px(line[-1][1])) if line else None,
        first_date=ordered[0].date if ordered else None,
        last_date=ordered[-1].date if ordered else None,
        first_value=ordered[0].value if ordered else None,
        last_value=ordered[-1].value if ordered else None,
        guides=tuple(
            (px(place), px(place + 5), round(value))
            for place, value in zip(heights, (high, low), strict=True)
        ),
        guide_path="".join(f"M{mirrored(LEFT)} {px(up(v))}H{mirrored(RIGHT)}" for v in (high, low)),
        label_x=mirrored(RIGHT + 12),
        start_x=mirrored(LEFT),
        end_x=mirrored(RIGHT),
        dates_y=px(HEIGHT - 4),
    )


def _range(moments: Sequence[Moment]) -> tuple[float, float]:
    """Whole fives around everything drawn, at least ten points apart, within 0..100."""
    values = [v for m in moments for v in (m.value, m.low, m.high) if v is not None] or [0.0, 100.0]
    low, high = 5 * (min(values) // 5), 5 * -(-max(values) // 5)
    if high - low < NARROWEST:
        low = min(max(low - 5, 0.0), 100 - NARROWEST)
        high = low + max(NARROWEST, high - low)
    return low, min(high, 100.0)
