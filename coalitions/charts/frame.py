"""Where the parts of the forecast picture stand, for each width."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from coalitions.charts.inputs import Day
from coalitions.charts.scale import Scale, ticks, width_of


@dataclass(frozen=True, slots=True)
class Frame:
    """The fixed measures of one width, in pixels at which 14 px type is 14 px."""

    width: float
    height: float
    top: float
    base: float
    left: float
    hist_width: float
    has_figures: bool
    has_bounds: bool
    day_gap: float  # least distance between two dates on the axis
    chance_lines: int
    longest_label: int  # letters of an earlier action's name


FRAMES = {
    "desk": Frame(
        960,
        380,
        14,
        346,
        56,
        140,
        has_figures=True,
        has_bounds=True,
        day_gap=100,
        chance_lines=2,
        longest_label=28,
    ),
    "mid": Frame(
        600,
        340,
        14,
        306,
        52,
        92,
        has_figures=True,
        has_bounds=False,
        day_gap=72,
        chance_lines=1,
        longest_label=20,
    ),
    "phone": Frame(
        358,
        300,
        14,
        266,
        44,
        84,
        has_figures=False,
        has_bounds=False,
        day_gap=70,
        chance_lines=0,
        longest_label=12,
    ),
}
HEADROOM = 1.04
WORDS_BESIDE = 84.0  # "bounds for / any overlap"
WORD_BESIDE = 52.0  # "median"


@dataclass(frozen=True, slots=True)
class Plot:
    """A frame fitted to its data. Places run from the start of the line; `x` mirrors them where needed."""

    frame: Frame
    start: date
    end: date
    top_value: float
    left: float
    right: float
    day_x: float
    whisker: float
    hist_left: float
    hist_width: float
    bracket: float | None
    across: Scale
    up: Scale
    rtl: bool

    def x(self, place: float) -> float:
        return self.frame.width - place if self.rtl else place

    def y(self, value: float) -> float:
        return self.up(min(max(value, 0.0), self.top_value))


def lay_out(
    frame: Frame,
    *,
    start: date,
    end: date,
    top_value: float,
    figures: Day | None,
    bounds: tuple[float, float] | None,
    has_histogram: bool,
    rtl: bool,
) -> Plot:
    """Long numbers take room from the plot, so that nothing is cut off."""
    top_value *= HEADROOM
    left = max(frame.left, 14 + width_of(ticks(top_value)[-1]))
    right, bracket = frame.width - 8, None
    if bounds is not None and frame.has_bounds:
        right -= max(WORDS_BESIDE, *(width_of(value) for value in bounds))
        bracket = right - 8
        right -= 26
    if figures is not None and frame.has_figures:
        right -= 12 + max(WORD_BESIDE, *(width_of(value) for value in figures[1:]))
    hist_width = frame.hist_width if has_histogram and figures is not None else 0.0
    hist_left = right - hist_width
    room = 24.0 if figures is not None else 0.0
    return Plot(
        frame=frame,
        start=start,
        end=end,
        top_value=top_value,
        left=left,
        right=right,
        day_x=hist_left - room,
        whisker=hist_left - 9,
        hist_left=hist_left,
        hist_width=hist_width,
        bracket=bracket,
        across=Scale(start.toordinal(), end.toordinal(), left, hist_left - room),
        up=Scale(0, top_value, frame.base, frame.top),
        rtl=rtl,
    )
