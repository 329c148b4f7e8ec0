"""The forecast through time, the spread on the day, the line it has to reach, and the bounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from coalitions.charts.bins import almost_all, bars
from coalitions.charts.frame import FRAMES, Plot, lay_out
from coalitions.charts.inputs import Bins, Day, Past
from coalitions.charts.labels import (
    Ground,
    Label,
    Tick,
    column,
    day_ticks,
    place_past,
    place_today,
    small_figure,
)
from coalitions.charts.picture import Fan, Picture
from coalitions.charts.scale import LINE, Box, points, px, text_box, ticks, width_of

SHORTEST = timedelta(days=2)  # a picture of the day itself still needs a line of time
FAR_ABOVE = 5.0  # a line that far above everything else would flatten the forecast: it is named, not drawn


def fan_picture(
    points: Sequence[Day],
    *,
    today: date,
    day_of_action: date,
    histogram: Bins | None = None,
    critical_mass: float | None = None,
    chance: float | None = None,
    lower: float | None = None,
    upper: float | None = None,
    past: Sequence[Past] = (),
    rtl: bool = False,
) -> Picture:
    """The arguments of `fan`, once for every width."""
    desk, mid, phone = (
        fan(
            points,
            today=today,
            day_of_action=day_of_action,
            histogram=histogram,
            critical_mass=critical_mass,
            chance=chance,
            lower=lower,
            upper=upper,
            past=past,
            size=size,
            rtl=rtl,
        )
        for size in FRAMES
    )
    return Picture(desk, mid, phone)


def fan(
    points: Sequence[Day],
    *,
    today: date,
    day_of_action: date,
    histogram: Bins | None = None,
    critical_mass: float | None = None,
    chance: float | None = None,
    lower: float | None = None,
    upper: float | None = None,
    past: Sequence[Past] = (),
    size: str = "desk",
    rtl: bool = False,
) -> Fan:
    """People against days: `points` are forecasts by the day they were made, `past` verified counts.

    Days after the action are left out; the last forecast holds until the day. Counts from before the first
    forecast are left out. Without points there is an empty plot with its line. Nothing is drawn below zero.
    """
    history = _history(points, day_of_action)
    start = min([day.date for day in history] or [min(today, day_of_action)])
    start = min(start, day_of_action - SHORTEST)
    top, above = _top(
        history, histogram, critical_mass, upper, [p for p in past if start <= p.date <= day_of_action]
    )
    latest = history[-1] if history else None
    plot = lay_out(
        FRAMES[size],
        start=start,
        end=day_of_action,
        top_value=top,
        figures=latest,
        bounds=(lower, upper) if lower is not None and upper is not None else None,
        has_histogram=histogram is not None,
        rtl=rtl,
    )
    drawing = _axes(plot, size)
    if latest is not None:
        drawing = _with_forecast(drawing, plot, history, histogram, None if above else critical_mass)
        drawing = replace(drawing, first_date=history[0].date, first_median=history[0].p50)
    drawing = _with_line(drawing, plot, critical_mass, chance if latest else None, is_above=above)
    drawing = _with_bounds(drawing, plot, lower, upper)
    drawing = _with_marks(drawing, plot, history, today, past)
    return replace(drawing, day=day_of_action)


def _history(given: Sequence[Day], day_of_action: date) -> list[Day]:
    """By date, the latest of a date, none after the action."""
    by_date = {day.date: day for day in given if day.date <= day_of_action}
    return [Day(d.date, *(max(value, 0.0) for value in d[1:])) for _, d in sorted(by_date.items())]


def _top(
    history: Sequence[Day],
    histogram: Bins | None,
    critical_mass: float | None,
    upper: float | None,
    past: Sequence[Past],
) -> tuple[float, bool]:
    """The largest value drawn, and whether the critical mass lies too far above it to be drawn."""
    values = [day.p90 for day in history] + [count.people for count in past]
    values += [upper] if upper is not None else []
    values += [almost_all(histogram)] if histogram is not None and history else []
    top = max([*values, 1.0])
    if critical_mass is None:
        return top, False
    if max(values, default=0.0) > 0 and critical_mass > FAR_ABOVE * top:
        return top, True
    return max(top, critical_mass), False


def _axes(plot: Plot, size: str) -> Fan:
    frame = plot.frame
    across = f"M{px(plot.x(plot.left))} {{}}H{px(plot.x(plot.right))}"
    return Fan(
        size=size,
        width=px(frame.width),
        height=px(frame.height),
        ticks=tuple(
            Tick(across.format(px(plot.y(value))), px(plot.y(value) + 5), value)
            for value in ticks(plot.top_value)
        ),
        tick_x=px(plot.x(plot.left - 8)),
        days=day_ticks(plot),
        days_y=px(frame.base + 22),
    )


def _drawn(plot: Plot, history: Sequence[Day]) -> list[tuple[float, Day]]:
    """One day for every four pixels is as fine as the eye can tell; the last forecast holds until the day."""
    kept: dict[int, tuple[float, Day]] = {}
    for day in history:
        x = plot.across(day.date.toordinal())
        kept[int(x // 4)] = (x, day)
    drawn = list(kept.values())
    if drawn[-1][0] < plot.day_x:
        drawn.append((plot.day_x, drawn[-1][1]))
    return drawn


def _with_forecast(
    drawing: Fan, plot: Plot, history: Sequence[Day], histogram: Bins | None, line: float | None
) -> Fan:
    drawn = _drawn(plot, history)

    def band(low: Callable[[Day], float], high: Callable[[Day], float]) -> str:
        below = [(plot.x(x), plot.y(low(day))) for x, day in drawn]
        above = [(plot.x(x), plot.y(high(day))) for x, day in reversed(drawn)]
        return points([*below, *above])

    latest = history[-1]
    over, under = _bars(plot, histogram, line) if histogram is not None else ("", "")
    high, middle, low = plot.y(latest.p90), plot.y(latest.p50), plot.y(latest.p10)
    caps = "".join(
        f"M{px(plot.x(plot.whisker - 4))} {px(y)}H{px(plot.x(plot.whisker + 4))}" for y in (low, high)
    )
    drawing = replace(
        drawing,
        band80=band(lambda day: day.p10, lambda day: day.p90),
        band50=band(lambda day: day.p25, lambda day: day.p75),
        median_line=points((plot.x(x), plot.y(day.p50)) for x, day in drawn),
        over=over,
        under=under,
        whisker=f"M{px(plot.x(plot.whisker))} {px(low)}V{px(high)}{caps}",
        dot=(px(plot.x(plot.whisker)), px(middle)),
        median=latest.p50,
        low=latest.p10,
        high=latest.p90,
    )
    if not plot.frame.has_figures:
        return replace(drawing, small_figure=small_figure(plot, latest.p50))
    placed = column(
        plot, plot.right + 12, [high, middle, middle + LINE, low], [latest.p90, latest.p50, None, latest.p10]
    )
    marks = "".join(
        f"M{px(plot.x(plot.right))} {px(y)}H{px(plot.x(plot.right + 6))}" for y in (high, middle, low)
    )
    return replace(drawing, figures=placed, figure_ticks=marks)


def _bars(plot: Plot, histogram: Bins, line: float | None) -> tuple[str, str]:
    """Two paths beside the day: what lies over the line, and what lies under it."""
    paths: dict[bool, list[str]] = {True: [], False: []}
    start = px(plot.x(plot.hist_left))
    for bar in bars(histogram, line=line, top_value=plot.top_value):
        bottom, top = plot.y(bar.low), plot.y(bar.high)
        gap = 0.6 if bottom - top > 2 else 0.0
        end = px(plot.x(plot.hist_left + plot.hist_width * bar.share))
        paths[bar.is_over].append(f"M{start} {px(bottom)}H{end}V{px(top + gap)}H{start}z")
    return "".join(paths[True]), "".join(paths[False])


def _with_line(
    drawing: Fan, plot: Plot, critical_mass: float | None, chance: float | None, *, is_above: bool
) -> Fan:
    if critical_mass is None:
        return drawing
    frame = plot.frame
    drawing = replace(drawing, critical_mass=critical_mass, mass_is_above=is_above, chance=chance)
    x = plot.left + 6
    if is_above:
        return replace(drawing, mass_label=Label(px(plot.x(x)), px(frame.top + 12), critical_mass))
    y = plot.y(critical_mass)
    baseline = y - 8 if y - 22 >= frame.top else y + 18
    drawing = replace(
        drawing,
        mass_path=f"M{px(plot.x(plot.left))} {px(y)}H{px(plot.x(plot.right))}",
        mass_label=Label(px(plot.x(x)), px(baseline), critical_mass),
    )
    if chance is None or not plot.hist_width or not frame.chance_lines:
        return drawing
    lines = frame.chance_lines
    first = y - 16 - LINE * (lines - 1)
    if first - 12 < frame.top:
        first = y + LINE
    return replace(
        drawing, chance_label=Label(px(plot.x(plot.hist_left + 10)), px(first), chance, px(first + LINE))
    )


def _with_bounds(drawing: Fan, plot: Plot, lower: float | None, upper: float | None) -> Fan:
    drawing = replace(drawing, lower=lower, upper=upper)
    if plot.bracket is None or lower is None or upper is None:
        return drawing
    low, high, x = plot.y(lower), plot.y(upper), plot.bracket
    caps = "".join(f"M{px(plot.x(x - 6))} {px(y)}H{px(plot.x(x))}" for y in (low, high))
    middle = (low + high) / 2
    wanted = [high, middle - LINE / 2, middle + LINE / 2, low]
    placed = column(plot, x + 8, wanted, [upper, None, None, lower])
    return replace(drawing, bracket=f"M{px(plot.x(x))} {px(low)}V{px(high)}{caps}", bounds=placed)


def _with_marks(drawing: Fan, plot: Plot, history: Sequence[Day], today: date, past: Sequence[Past]) -> Fan:
    """Today and earlier counts, whose labels give way to what is already there."""
    ground = Ground(lines=[], texts=[])
    if drawing.mass_label is not None and drawing.critical_mass is not None:
        width = 110 + width_of(drawing.critical_mass)
        ground.texts.append(text_box(plot.left + 6, float(drawing.mass_label.y), width))
        if drawing.mass_path:
            y = plot.y(drawing.critical_mass)
            ground.lines.append(Box(plot.left, y - 3, plot.right, y + 3))
    if plot.start < today < plot.end:
        x = plot.across(today.toordinal())
        label, box = place_today(plot, x, [*ground.lines, *ground.texts])
        ground.texts.append(box)
        path = f"M{px(plot.x(x))} {px(plot.frame.top)}V{px(plot.frame.base)}"
        drawing = replace(drawing, today_path=path, today_label=label)
    for x, day in _drawn(plot, history) if history else ():
        y = plot.y(day.p50)
        ground.lines.append(Box(x - 6, y - 4, x + 6, y + 4))
    return replace(drawing, past=place_past(plot, past, ground))
