"""Scales, round ticks, and labels that do not run into each other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

LINE = 17.0  # one line of 14 px type
DIGIT = 8.0  # the widest digits among the fonts in use, at 14 px
LETTER = 7.4


def px(value: float) -> str:
    """A coordinate as SVG wants it: at most one decimal, never an exponent, no negative zero."""
    return f"{value:.1f}".removesuffix(".0") if abs(value) >= 0.05 else "0"


def points(pairs: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{px(x)},{px(y)}" for x, y in pairs)


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight map of low..high to start..end; an empty range maps to its end."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        if self.high == self.low:
            return self.end
        share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def round_step(top: float, *, most: int = 6) -> int:
    """The smallest step (1, 2, 5 times a power of ten) with at most `most` ticks above zero up to `top`."""
    power = int(10 ** max(math.floor(math.log10(max(top, 1.0) / most)), 0))
    return next(step for factor in (1, 2, 5, 10) if top // (step := factor * power) <= most)


def ticks(top: float, *, most: int = 6) -> list[int]:
    step = round_step(top, most=most)
    return [step * k for k in range(int(top // step) + 1)]


def width_of(value: float) -> float:
    """About how wide a number with its separators is."""
    digits = len(str(round(abs(value))))
    return DIGIT * digits + 4 * ((digits - 1) // 3)


def spread(wanted: Sequence[float], *, gap: float, low: float, high: float) -> list[float]:
    """The positions nearest to the wanted ones (least squares) that keep the order, a gap, and the range.

    Where the range is too short for all, the gap is kept and the last ones pass its end.
    """
    blocks: list[tuple[float, int]] = []  # sum and number of wanted positions, each less the gaps before it
    for rank, position in enumerate(wanted):
        total, count = position - rank * gap, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
            before, many = blocks.pop()
            total, count = total + before, count + many
        blocks.append((total, count))
    last = max(low, high - (len(wanted) - 1) * gap)
    means = [min(max(total / count, low), last) for total, count in blocks for _ in range(count)]
    return [mean + rank * gap for rank, mean in enumerate(means)]


class Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


def text_box(x: float, baseline: float, width: float, *, anchor: str = "start") -> Box:
    left = x - {"start": 0.0, "mid": width / 2, "end": width}[anchor]
    return Box(left, baseline - 12, left + width, baseline + 4)


def is_free(box: Box, *, taken: Iterable[Box], within: Box) -> bool:
    inside = (
        within.left <= box.left
        and box.right <= within.right
        and within.top <= box.top
        and box.bottom <= within.bottom
    )
    return inside and not any(box.meets(other) for other in taken)
