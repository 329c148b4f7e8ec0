"""What the pictures are drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple


class Day(NamedTuple):
    """The forecast as it stood on a day: quantiles in people."""

    date: date
    p10: float
    p25: float
    p50: float
    p75: float
    p90: float


class Past(NamedTuple):
    """A verified count of an earlier action."""

    date: date
    label: str
    people: float


class Bins(NamedTuple):
    """How often the draws fell between neighbouring edges: one edge more than counts, ascending."""

    edges: Sequence[float]
    counts: Sequence[float]


class Moment(NamedTuple):
    """The index at a time, 0 to 100, with its interval where one is known."""

    date: date
    value: float
    low: float | None = None
    high: float | None = None
