"""How strong is the coalition: four dimensions, each 0..1, and one index."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from coalitions.method.columns import Columns, Numbers
from coalitions.method.facts import Dimension, Weights
from coalitions.method.forecast import Forecast

LEAST = 0.05
TWENTIETH = 0.05
WEIGHTS_MAY_DIFFER_BY = 0.5

Dimensions = dict[Dimension, float | None]
Known = Mapping[Dimension, float]


@dataclass(frozen=True, slots=True)
class Community:
    """One community's expected turnout (people), and how far (0..1) it counts as reached.

    `partner` is a position: any member of the community, or the only one where it has no name.
    """

    partner: int
    named: bool
    expected: float
    reached: float


def people_power(people: Numbers, critical_mass: float) -> Numbers:
    """min(1, T/N*) for each T."""
    return np.minimum(1.0, people / critical_mass)


def communities(facts: Columns, expected: Numbers, critical_mass: float) -> list[Community]:
    """Communities by expected turnout (people per partner, shape P), the greatest first."""
    members: dict[tuple[bool, int], list[int]] = {}
    for partner, community in enumerate(facts.community.tolist()):
        own = (False, partner) if community < 0 else (True, community)
        members.setdefault(own, []).append(partner)
    found = []
    for (named, _), partners in members.items():
        total = math.fsum(expected[partners].tolist())
        found.append(Community(partners[0], named, total, min(1.0, total / (TWENTIETH * critical_mass))))
    return sorted(found, key=lambda each: -each.expected)


def breadth(found: list[Community], aimed_at: int) -> float:
    """So many communities, each bringing at least a twentieth of the critical mass, of those aimed at."""
    return min(1.0, math.fsum(each.reached for each in found) / aimed_at)


def bonds_held(bonds: Numbers) -> Numbers:
    """The share held of the bonds that are known, shape P; NaN where none is."""
    known = (~np.isnan(bonds)).sum(axis=1)
    shares = np.full(len(bonds), np.nan)
    np.divide(np.nansum(bonds, axis=1), known, out=shares, where=known > 0)
    return shares


def cohesion(expected: Numbers, held: Numbers) -> float | None:
    """Share of bonds held, weighted by expected turnout; a partner whose bonds nobody knows stays out."""
    weights = np.where(np.isnan(held), 0.0, expected)
    whole = math.fsum(weights.tolist())
    if not whole:
        return None
    return min(1.0, math.fsum((weights * np.nan_to_num(held)).tolist()) / whole)


def support_left(stance: Numbers) -> Numbers:
    """h(s) = (2 - s)/4: 1 from an active opponent of ours, 0 from an active ally."""
    return (2 - stance) / 4


def leverage(facts: Columns) -> float | None:
    """How much of the mapped support of the leadership is gone; strategic allies with a known stance only."""
    dependence, stance = strategic(facts)
    whole = math.fsum(dependence.tolist())
    if not whole:
        return None
    return max(0.0, 1 - math.fsum((dependence * support_left(stance)).tolist()) / whole)


def strategic(facts: Columns) -> tuple[Numbers, Numbers]:
    """Dependence and stance of the strategic allies for whom both are known."""
    chosen = facts.ally_numbers[strategic_allies(facts)]
    return chosen[:, 3], chosen[:, 2]


def strategic_allies(facts: Columns) -> list[int]:
    numbers = facts.ally_numbers
    found: list[int] = np.flatnonzero((numbers[:, 0] == 1) & ~np.isnan(numbers[:, 2:4]).any(axis=1)).tolist()
    return found


@dataclass(frozen=True, slots=True)
class Strength:
    """The four dimensions (None: unknown) and the index, 5..100 (None while nothing is known).

    `value` uses people power over all draws, `plug_in` turnout at its expected value. `interval` holds 80 %
    of the draws: in them people power varies, while breadth and cohesion, which depend on shares, stay at
    expected values; it always includes `value`, and is None without people power. `sensitivity` is the range
    over all weights within +-50 % of the coalition's.
    """

    dimensions: Dimensions
    value: float | None
    interval: tuple[float, float] | None
    plug_in: float | None
    sensitivity: tuple[float, float] | None
    weights: dict[Dimension, float]
    people_power_interval: tuple[float, float] | None

    @property
    def left_out(self) -> list[Dimension]:
        return [dimension for dimension, found in self.dimensions.items() if found is None]


def strength(facts: Columns, forecast: Forecast | None, expected: Numbers) -> Strength:
    """Strength for one action's forecast; `expected` are its people per partner (shape P)."""
    dimensions, drawn, at_expected = _dimensions(facts, forecast, expected)
    known = {each: found for each, found in dimensions.items() if found is not None}
    weights = _shares(known, facts.coalition.weights)
    value = index(known, weights)
    ends = None if drawn is None else _ends(drawn)
    plugged = known if at_expected is None else {**known, Dimension.PEOPLE_POWER: at_expected}
    return Strength(
        dimensions=dimensions,
        value=value,
        interval=_interval(known, weights, ends),
        plug_in=index(plugged, weights),
        sensitivity=sensitivity(known, weights),
        weights=weights,
        people_power_interval=ends,
    )


def _dimensions(
    facts: Columns, forecast: Forecast | None, expected: Numbers
) -> tuple[Dimensions, Numbers | None, float | None]:
    """The dimensions, people power in each draw, and people power at the expected turnout."""
    mass = facts.coalition.critical_mass
    found: Dimensions = dict.fromkeys(Dimension)
    found[Dimension.COHESION] = cohesion(expected, bonds_held(facts.bonds)) if forecast else None
    found[Dimension.LEVERAGE] = leverage(facts)
    if mass is None or forecast is None:
        return found, None, None
    drawn = people_power(forecast.draws, mass)
    found[Dimension.PEOPLE_POWER] = math.fsum(drawn.tolist()) / len(drawn)
    reached = communities(facts, expected, mass)
    found[Dimension.BREADTH] = breadth(reached, facts.coalition.communities_aimed_at)
    return found, drawn, min(1.0, forecast.everybody / mass)


def _shares(known: Known, weights: Weights) -> dict[Dimension, float]:
    """The weights of the known dimensions, rescaled to sum to 1; empty when none of them has any."""
    chosen = {each: float(getattr(weights, each)) for each in known}
    whole = math.fsum(chosen.values())
    return {each: weight / whole for each, weight in chosen.items()} if whole else {}


def _ends(drawn: Numbers) -> tuple[float, float]:
    low, high = np.quantile(drawn, (0.1, 0.9)).tolist()
    return low, high


def _interval(
    known: Known, weights: Mapping[Dimension, float], ends: tuple[float, float] | None
) -> tuple[float, float] | None:
    if ends is None or not weights:
        return None
    found = [index({**known, Dimension.PEOPLE_POWER: end}, weights) for end in ends]
    found.append(index(known, weights))
    reached = [each for each in found if each is not None]
    return min(reached), max(reached)


def index(known: Known, weights: Mapping[Dimension, float]) -> float | None:
    """100 * prod(max(d_k, 0.05)^v_k) over the weights' dimensions: a strong one must not hide a missing
    one."""
    if not weights:
        return None
    logs = (weight * math.log(max(known[each], LEAST)) for each, weight in weights.items())
    return min(100.0, max(100 * LEAST, 100 * math.exp(math.fsum(logs))))


def sensitivity(known: Known, weights: Mapping[Dimension, float]) -> tuple[float, float] | None:
    """The lowest and highest index over weights each within +-50 %.

    The index's logarithm is a ratio of two linear functions of the weights, so both extremes lie where every
    weight is at one of its ends: at most sixteen corners, all tried.
    """
    ends = (1 - WEIGHTS_MAY_DIFFER_BY, 1 + WEIGHTS_MAY_DIFFER_BY)
    found = []
    for corner in itertools.product(ends, repeat=len(weights)):
        moved = {each: weight * end for (each, weight), end in zip(weights.items(), corner, strict=True)}
        whole = math.fsum(moved.values())
        found.append(index(known, {each: weight / whole for each, weight in moved.items()}))
    reached = [each for each in found if each is not None]
    return (min(reached), max(reached)) if reached else None
