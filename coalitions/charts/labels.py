"""The words and dates on the forecast picture, placed so that none covers another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from coalitions.charts.frame import Plot
from coalitions.charts.inputs import Past
from coalitions.charts.scale import LETTER, LINE, Box, is_free, px, spread, text_box, width_of

STEPS = (1, 2, 7, 14, 28, 56, 91, 182, 364, 728, 1820, 3640)

Place = tuple[str, float, float]  # anchor, sideways from the circle, downwards from it
NEAR: tuple[Place, ...] = tuple(
    (anchor, side, rise) for rise in (-9.0, 20.0, 5.0) for anchor, side in (("start", 11.0), ("end", -11.0))
)
FAR: tuple[Place, ...] = tuple(
    (anchor, side, rise)
    for rise in (-28.0, 38.0, -46.0, 56.0, -64.0, 74.0, -82.0, 92.0, -100.0)
    for anchor, side in (("start", -5.0), ("end", 5.0), ("mid", 0.0))
)


@dataclass(frozen=True, slots=True)
class Tick:
    path: str
    label_y: str
    value: int


@dataclass(frozen=True, slots=True)
class DayTick:
    path: str
    x: str
    date: date
    anchor: str  # "mid"; "start" or "end" where a centred date would leave the picture
    with_year: bool


@dataclass(frozen=True, slots=True)
class Label:
    """A place for a text; `value` is the number in it, if it holds one."""

    x: str
    y: str
    value: float | None = None
    second_y: str = ""
    anchor: str = "start"


@dataclass(frozen=True, slots=True)
class PastMark:
    """An open circle with a label where there is room; otherwise the name stands in its title only."""

    x: str
    y: str
    date: date
    name: str
    short_name: str  # "" where only the number found room
    people: float
    label: Label | None
    leader: str  # a fine line to a label farther off


def day_ticks(plot: Plot) -> tuple[DayTick, ...]:
    """The first day, the day of the action, and even steps of days or weeks between them."""
    days = (plot.end - plot.start).days
    per_day = (plot.day_x - plot.left) / days
    gap = plot.frame.day_gap
    step = next((step for step in STEPS if step * per_day >= gap), days)
    shown = [plot.start + timedelta(days=k) for k in range(0, days, step) if (days - k) * per_day >= gap]
    with_year = plot.start.year != plot.end.year and days > 300
    marks = []
    for day in [*shown, plot.end]:
        x = plot.across(day.toordinal())
        path = f"M{px(plot.x(x))} {px(plot.frame.base)}v5"
        anchor = "start" if x < 34 else "end" if x > plot.frame.width - 34 else "mid"
        marks.append(DayTick(path, px(plot.x(x)), day, anchor, with_year))
    return tuple(marks)


def column(
    plot: Plot, x: float, wanted: Sequence[float], values: Sequence[float | None]
) -> tuple[Label, ...]:
    """Texts under each other, each as near to its height as the others allow."""
    heights = spread(wanted, gap=LINE, low=plot.frame.top, high=plot.frame.base)
    return tuple(Label(px(plot.x(x)), px(y + 5), value) for y, value in zip(heights, values, strict=True))


def small_figure(plot: Plot, value: float) -> Label:
    """The median beside the day, or before the end of the picture where a long number needs the room."""
    start, end, y = plot.whisker + 10, plot.frame.width - 4, px(plot.y(value) + 5)
    if width_of(value) > end - start:
        return Label(px(plot.x(end)), px(plot.y(value) - 12), value, anchor="end")
    return Label(px(plot.x((start + end) / 2)), y, value, anchor="mid")


def place_today(plot: Plot, x: float, taken: Sequence[Box]) -> tuple[Label, Box]:
    """At the top before the line; after it, or at the foot, where that is taken."""
    within = Box(plot.left, plot.frame.top - 4, plot.right, plot.frame.base)
    high, low = plot.frame.top + 10, plot.frame.base - 8
    choices = [(x - 5, high, "end"), (x + 5, high, "start"), (x - 5, low, "end"), (x + 5, low, "start")]
    boxes = [text_box(place, y, 44, anchor=anchor) for place, y, anchor in choices]
    best = next((n for n, box in enumerate(boxes) if is_free(box, taken=taken, within=within)), 0)
    place, y, anchor = choices[best]
    return Label(px(plot.x(place)), px(y), anchor=anchor), boxes[best]


@dataclass(slots=True)
class Ground:
    """What is drawn already: texts may cover neither lines nor texts, leaders may cross lines but no text."""

    lines: list[Box]
    texts: list[Box]


def place_past(plot: Plot, past: Sequence[Past], ground: Ground) -> tuple[PastMark, ...]:
    """Latest first, since the latest count matters most where room is short."""
    shown = sorted((p for p in past if plot.start <= p.date <= plot.end), key=lambda p: p.date, reverse=True)
    places = [(plot.across(p.date.toordinal()), plot.y(p.people)) for p in shown]
    ground.lines += [Box(x - 7, y - 7, x + 7, y + 7) for x, y in places]
    marks = []
    for at, count in zip(places, shown, strict=True):
        short = _shortened(count.label, plot.frame.longest_label)
        label, leader, has_name = _labelled(plot, at, short, count.people, ground)
        marks.append(
            PastMark(
                x=px(plot.x(at[0])),
                y=px(at[1]),
                date=count.date,
                name=count.label,
                short_name=short if has_name else "",
                people=count.people,
                label=label,
                leader=leader,
            )
        )
    return tuple(marks)


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _labelled(
    plot: Plot, at: tuple[float, float], name: str, people: float, ground: Ground
) -> tuple[Label | None, str, bool]:
    """Name and number near the circle; else farther off, with a leader; else the number alone, if that."""
    extra = 10 if plot.frame.has_bounds else 2  # ": " and, where there is room, " counted"
    full, bare = LETTER * (len(name) + extra) + width_of(people), width_of(people)
    within = Box(plot.left + 2, plot.frame.top - 4, plot.hist_left, plot.frame.base - 2)
    x, y = at
    for width, places in ((full, NEAR), (full, FAR), (bare, NEAR)):
        for anchor, side, rise in places:
            box = text_box(x + side, y + rise, width, anchor=anchor)
            edge = box.bottom + 1 if rise < 0 else box.top - 1
            reach = Box(x - 2, min(y, edge), x + 2, max(y, edge)) if places is FAR else box
            if not is_free(box, taken=[*ground.lines, *ground.texts], within=within):
                continue
            if any(reach.meets(text) for text in ground.texts):
                continue
            ground.texts.append(box)
            leader = f"M{px(plot.x(x))} {px(y + (-7 if rise < 0 else 7))}V{px(edge)}" if places is FAR else ""
            return Label(px(plot.x(x + side)), px(y + rise), anchor=anchor), leader, width == full
    return None, "", False
