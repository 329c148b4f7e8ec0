"""Random numbers for a forecast: they depend on the record of past actions and on nothing else.

An edit of a bond, a stance or a pledge therefore meets the very same luck before and after, so that it never
moves a number by chance, and more people never lower one. See docs/facts.md, "Luck".
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence

from coalitions.method.columns import Numbers
from coalitions.method.digest import bits, digest_of_numbers
from coalitions.method.rates import BETWEEN_PARTNERS, PRIOR_ACTIONS, SHOCK, Rates

DRAWS = 4000
REMEMBERED = 400
COMMON = 0

FloatOrNumbers = TypeVar("FloatOrNumbers", float, Numbers)


@dataclass(frozen=True)
class Luck:
    """All random numbers of one set of facts, made when they are asked for (each of shape `count`)."""

    rates: Rates
    count: int = DRAWS
    _remembered: dict[tuple[float, float, int], Numbers] = field(default_factory=dict)

    @cached_property
    def seed(self) -> str:
        """Digest of the record: the pairs of pledge and turnout in past actions, sorted."""
        seen = self.rates.observations
        return digest_of_numbers(seen.came, seen.pledged)[:32]

    @cached_property
    def _common(self) -> tuple[Numbers, Numbers, Numbers]:
        source = self._source(COMMON)
        uncertainty = self.rates.uncertainty
        rate = source.standard_gamma(1 / uncertainty, self.count) * (self.rates.coalition * uncertainty)
        sigma = math.sqrt(SHOCK)
        shock = np.exp(sigma * source.standard_normal(self.count) - SHOCK / 2)
        return rate, shock, source.standard_normal(self.count)

    @property
    def rate(self) -> Numbers:
        """m': the coalition's own rate, Gamma with mean m and squared deviation V."""
        return self._common[0]

    @property
    def shock(self) -> Numbers:
        """What a day does to everybody, lognormal with mean 1."""
        return self._common[1]

    @property
    def normal(self) -> Numbers:
        """Standard normal numbers for the sum of many partners."""
        return self._common[2]

    def turnout(self, information: float, weighted: float, rank: int) -> Numbers:
        """People who come per person of a pledge's low, likely and high, shape (3, count).

        For the partner that stands at `rank` by size among those with exactly this record. A triangular
        number is likely + sqrt(v) * (low + w * (high - low) - likely) with v and w uniform: a mixture of the
        three ends, so a pledge that grows at any end never brings fewer people.
        """
        key = information, weighted, rank
        if key not in self._remembered:
            if len(self._remembered) >= REMEMBERED:
                self._remembered.clear()
            self._remembered[key] = self._turnout(information, weighted, rank)
        return self._remembered[key]

    def _turnout(self, information: float, weighted: float, rank: int) -> Numbers:
        record = (int(each) for each in bits(np.array([information, weighted])))
        source = self._source(1 + rank, *record)
        reach, where = np.sqrt(source.random(self.count)), source.random(self.count)
        deviation = deviation_of(self.rates.spread, information)
        rate = (self.rate * PRIOR_ACTIONS + weighted) * (deviation / information)
        came = source.standard_gamma(1 / deviation, self.count) * rate
        reached = came * reach
        high = reached * where
        return np.stack([reached - high, came - reached, high])

    def _source(self, *key: int) -> Generator:
        return Generator(PCG64(SeedSequence([int(self.seed, 16), *key])))


def deviation_of(spread: float, information: FloatOrNumbers) -> FloatOrNumbers:
    """Squared relative deviation of what comes from a pledge, once the coalition's rate is given."""
    return spread + 2 * BETWEEN_PARTNERS / information
