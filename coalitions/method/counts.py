"""Counts of a crowd after the fact: which one stands, which number can be defended, and how good forecasts
were."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from coalitions.method.facts import Id

METHODS = ("turnstile", "sign-in", "clicker", "grid", "photo", "estimate")
"""From the most to the least reliable."""


class Count(NamedTuple):
    """One count of one crowd: low <= best <= high people. `corrects` is the id of the count that it
    replaces."""

    id: Id
    low: float
    best: float
    high: float
    method: str
    partisan: bool
    at: datetime
    corrects: Id | None = None


class Outcome(NamedTuple):
    """A closed action: what was forecast just before it (80 % interval, people) and its verified count."""

    low: float
    median: float
    high: float
    counted: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Over `actions` closed actions: the share whose 80 % interval held, and the mean absolute error of the
    median in powers of ten (0.1 is off by a quarter). Both None without a closed action."""

    actions: int
    held: float | None
    error: float | None


def standing(counts: Iterable[Count]) -> list[Count]:
    """The counts that no later one corrects, best-ranked first."""
    known = list(counts)
    replaced = {count.corrects for count in known if count.corrects is not None}
    return sorted((count for count in known if count.id not in replaced), key=rank)


def rank(count: Count) -> tuple[bool, int, float, float, str]:
    """Smaller is better: independent before partisan, then by method, then the latest, then the most
    careful."""
    return count.partisan, METHODS.index(count.method), -count.at.timestamp(), count.low, str(count.id)


def best(counts: Iterable[Count]) -> Count | None:
    """The best-ranked count that stands; None while nobody has counted."""
    return next(iter(standing(counts)), None)


def defensible(counts: Iterable[Count]) -> float | None:
    """The number to say aloud: the lowest bound of the best-ranked count; None while nobody has counted."""
    found = best(counts)
    return None if found is None else found.low


def calibration(outcomes: Sequence[Outcome]) -> Calibration:
    """How often the interval held, and how far the median was off. A crowd of nobody is measured as one
    person."""
    if not outcomes:
        return Calibration(0, None, None)
    held = sum(each.low <= each.counted <= each.high for each in outcomes)
    errors = [abs(math.log10(max(each.counted, 1.0) / max(each.median, 1.0))) for each in outcomes]
    return Calibration(len(outcomes), held / len(outcomes), math.fsum(errors) / len(outcomes))
