"""The draws of a forecast as bars, cut at the line they have to reach."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from coalitions.charts.inputs import Bins


class Bar(NamedTuple):
    low: float
    high: float
    share: float  # of the tallest bar, by density: the area stands for the chance
    is_over: bool


def almost_all(bins: Bins) -> float:
    """The edge below which 995 of 1,000 draws lie: a long thin tail must not flatten the rest."""
    total, seen = sum(bins.counts), 0.0
    for edge, count in zip(bins.edges[1:], bins.counts, strict=True):
        seen += count
        if seen >= 0.995 * total:
            return edge
    return bins.edges[-1]


def bars(bins: Bins, *, line: float | None, top_value: float) -> list[Bar]:
    """Every filled bar up to `top_value`, cut where the line crosses it; without a line all are over."""
    pieces = []
    for low, high, count in zip(bins.edges[:-1], bins.edges[1:], bins.counts, strict=True):
        if count <= 0 or high <= low or low >= top_value:
            continue
        density = count / (high - low)
        ends = [low, line, high] if line is not None and low < line < high else [low, high]
        pieces += [(max(a, 0.0), min(b, top_value), density) for a, b in pairwise(ends) if a < top_value]
    tallest = max((density for _, _, density in pieces), default=1.0)
    return [Bar(a, b, density / tallest, line is None or a >= line) for a, b, density in pieces]
