"""How many different people: the same person can belong to two partners, and both count them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from coalitions.method.columns import Links, Numbers


@dataclass(frozen=True, slots=True)
class Crowd:
    """People in numbers: the plain sum, the base U they come from (None while undeclared), how many differ
    by that base, and the same clipped into the bounds that hold whatever the truth."""

    sum: float
    base: float | None
    estimate: float
    unique: float
    lower: float
    upper: float

    @property
    def kept(self) -> float:
        """The share (0..1] of the plain sum that is different people; 1 for nobody."""
        return self.unique / self.sum if self.sum > 0 else 1.0


def crowd(expected: Numbers, overlaps: Links) -> Crowd:
    """Unique people among `expected` (people per partner, shape P), by capture-recapture over declared pairs.

    Source: Chapman's estimator pooled over pairs; bounds of Bonferroni (lower) and Hunter-Worsley (upper). A
    pair counts only where both partners are in the crowd: who stays away is seen twice by nobody.
    """
    people = expected[expected > 0]
    total, largest = math.fsum(people.tolist()), float(people.max(initial=0.0))
    inside = overlaps.where((expected[overlaps.first] > 0) & (expected[overlaps.second] > 0))
    first, second = expected[inside.first], expected[inside.second]
    smaller = np.minimum(first, second)
    shared = inside.values * smaller
    upper = max(total - _spanning_tree(inside, shared), largest)
    undeclared = _smaller_of_all_pairs(people) - math.fsum(smaller.tolist())
    lower = min(max(largest, total - max(undeclared, 0.0) - math.fsum(shared.tolist())), upper)
    if not len(inside):
        return Crowd(total, None, total, total, lower, total)
    base = max(_chapman(first, second, shared), largest)
    estimate = different(people, base)
    return Crowd(total, base, estimate, min(max(estimate, lower), upper), lower, upper)


def different(people: Numbers, base: float) -> float:
    """U * (1 - prod(1 - n_i/U)) for `people` n_i drawn from a base U >= max n_i; by logarithms, so that
    neither thousands of partners nor a huge base lose digits."""
    share = np.sort(people[people > 0]) / base
    if not len(share):
        return 0.0
    if share[-1] >= 1:
        return base
    return base * -math.expm1(math.fsum(np.log1p(-share).tolist()))


def _chapman(first: Numbers, second: Numbers, shared: Numbers) -> float:
    met = math.fsum(((first + 1) * (second + 1)).tolist())
    return met / math.fsum((shared + 1).tolist()) - 1


def _smaller_of_all_pairs(people: Numbers) -> float:
    """Sum of min(n_i, n_j) over all pairs, without visiting them: the k-th largest is the smaller of k
    pairs."""
    falling = np.sort(people)[::-1]
    return math.fsum((falling * np.arange(len(falling))).tolist())


def _spanning_tree(pairs: Links, shared: Numbers) -> float:
    """Weight of the maximum spanning forest of the declared pairs (Kruskal); every such forest weighs the
    same."""
    root: dict[int, int] = {}

    def top(node: int) -> int:
        while (above := root.get(node, node)) != node:
            root[node] = root.get(above, above)
            node = above
        return node

    kept = []
    falling = np.argsort(-shared, kind="stable")
    rows = zip(
        pairs.first[falling].tolist(), pairs.second[falling].tolist(), shared[falling].tolist(), strict=True
    )
    for first, second, weight in rows:
        one, other = top(first), top(second)
        if one != other:
            root[one] = other
            kept.append(weight)
    return math.fsum(kept)
