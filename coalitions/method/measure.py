"""From facts to everything that Muster says about a coalition's turnout and strength."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from coalitions.method import report
from coalitions.method.columns import Columns, Numbers, columns
from coalitions.method.digest import Hashes, digest
from coalitions.method.draws import Luck
from coalitions.method.facts import Facts
from coalitions.method.forecast import Forecast, forecasts, walk_ins_share
from coalitions.method.rates import Rates, rates
from coalitions.method.strength import Strength, strength

VERSION = "1"
"""Raised whenever the same facts would give other numbers, so that stored scores are known to be outdated."""


@dataclass(frozen=True, slots=True)
class Measured:
    """`forecast` is the next big action's (None while nothing is planned), `forecasts` every planned
    action's, the highest median first; `expected` are the next big action's people per partner."""

    version: str
    digest: str
    seed: str
    facts: Columns
    rates: Rates
    walk_ins: float
    forecast: Forecast | None
    forecasts: tuple[Forecast, ...]
    expected: Numbers
    strength: Strength

    def to_json(self) -> dict[str, Any]:
        """The result in the shape that docs/facts.md describes."""
        facts, mass = self.facts, self.facts.coalition.critical_mass
        others = [each for each in self.forecasts if each is not self.forecast]
        return {
            "version": self.version,
            "digest": self.digest,
            "seed": self.seed,
            "forecast": report.next_forecast(facts, self.rates, self.forecast, self.expected),
            "other_forecasts": report.other_forecasts(facts, self.rates, others),
            "dimensions": dict(self.strength.dimensions),
            "index": report.index(self.strength),
            "why": report.why(facts, self.expected, mass)
            if self.forecast
            else report.why_without_turnout(facts),
            "record": report.record(facts, self.rates, self.walk_ins),
        }


def measure(facts: Facts) -> Measured:
    """The same facts give the same result bit for bit; their order and the names of things change nothing."""
    found = columns(facts)
    fingerprint, actions = digest(found)
    learned = rates(found)
    luck = Luck(learned)
    walk_ins = walk_ins_share(found)
    planned = _by_median(found, forecasts(found, learned, luck, walk_ins), actions)
    coming = _next(found, planned)
    expected = np.zeros(len(found.partners))
    if coming is not None:
        expected[coming.partners] = coming.expected
    return Measured(
        version=VERSION,
        digest=fingerprint,
        seed=luck.seed,
        facts=found,
        rates=learned,
        walk_ins=walk_ins,
        forecast=coming,
        forecasts=planned,
        expected=expected,
        strength=strength(found, coming, expected),
    )


def _by_median(facts: Columns, planned: list[Forecast], hashes: Hashes) -> tuple[Forecast, ...]:
    """Highest median first; equals by what they are, and only indistinguishable ones by name."""

    def place(each: Forecast) -> tuple[float, int, str]:
        return -each.median, int(hashes[each.action]), str(facts.actions[each.action])

    return tuple(sorted(planned, key=place))


def _next(facts: Columns, planned: tuple[Forecast, ...]) -> Forecast | None:
    """The action the coalition named, else the largest of the big ones, else the largest."""
    chosen = [each for each in planned if facts.actions[each.action] == facts.coalition.next_action]
    big = [each for each in planned if facts.big[each.action]]
    return next(iter(chosen or big or planned), None)
