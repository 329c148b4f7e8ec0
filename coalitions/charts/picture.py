"""The drawn forecast, as its template reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from coalitions.charts.labels import DayTick, Label, PastMark, Tick


@dataclass(frozen=True, slots=True)
class Fan:
    """Everything a template needs to draw and to say; "" and None stand for what is not there."""

    size: str
    width: str
    height: str
    ticks: tuple[Tick, ...]
    tick_x: str
    days: tuple[DayTick, ...]
    days_y: str
    band80: str = ""
    band50: str = ""
    median_line: str = ""
    today_path: str = ""
    today_label: Label | None = None
    mass_path: str = ""
    mass_label: Label | None = None
    mass_is_above: bool = False
    over: str = ""
    under: str = ""
    whisker: str = ""
    dot: tuple[str, str] | None = None
    figures: tuple[Label, ...] = ()  # high, median, the word, low
    figure_ticks: str = ""
    small_figure: Label | None = None  # the median, where there is no room for the others
    chance_label: Label | None = None
    bracket: str = ""
    bounds: tuple[Label, ...] = ()  # upper, two lines of words, lower
    past: tuple[PastMark, ...] = ()
    # What the picture says, for its title and for the text beside it.
    median: float | None = None
    low: float | None = None
    high: float | None = None
    chance: float | None = None
    critical_mass: float | None = None
    lower: float | None = None
    upper: float | None = None
    first_date: date | None = None
    first_median: float | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """The same forecast drawn for three widths; style sheets show the one that fits."""

    desk: Fan
    mid: Fan
    phone: Fan

    @property
    def sizes(self) -> tuple[Fan, ...]:
        return (self.desk, self.mid, self.phone)
