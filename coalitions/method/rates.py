"""How much of a pledge comes: show rates on two levels, learned from closed actions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from coalitions.method.columns import HELD, Columns, Numbers, Positions, matching

RULE_OF_HALVES = 0.5
PRIOR_ACTIONS = 2.0
HALF_AN_ACTION = 20.0
BETWEEN_ACTIONS = 0.35**2
BETWEEN_PARTNERS = 0.3**2
SHOCK = 0.15**2
PRIOR_OF_THE_RATE = 0.4**2
ENOUGH_OBSERVATIONS = 12
LEAST_SPREAD, MOST_SPREAD = 0.1**2, 1.0


@dataclass(frozen=True, slots=True)
class Observations:
    """What came of a pledge, one row each, sorted by partner: c = P/(P+20) of an action, x = A/P."""

    partner: Positions
    action: Positions
    pledged: Numbers
    came: Numbers

    @property
    def weight(self) -> Numbers:
        return np.asarray(self.pledged / (self.pledged + HALF_AN_ACTION))

    @property
    def ratio(self) -> Numbers:
        return np.asarray(self.came / self.pledged)


@dataclass(frozen=True, slots=True)
class Rates:
    """The coalition's rate m and each partner's own (shape P).

    `weighted` is the partner's sum of c*x and `information` 2 + its sum of c. Spread and uncertainty are
    squares of relative deviations.
    """

    coalition: float
    spread: float
    uncertainty: float
    weight: float
    actions: int
    observations: Observations
    rate: Numbers
    information: Numbers
    weighted: Numbers


def observations(facts: Columns) -> Observations:
    """Pairs of pledge and turnout in held actions; a pledge of 0 and an unknown turnout tell nothing."""
    held = facts.status == HELD
    pledged = facts.pledges.where(held[facts.pledges.first] & (facts.pledges.values[:, 1] > 0))
    came = facts.came.where(held[facts.came.first])
    there, at = matching(came, pledged)
    order = np.lexsort((pledged.values[at, 1], came.values[there], came.second[there]))
    there, at = there[order], at[order]
    return Observations(came.second[there], came.first[there], pledged.values[at, 1], came.values[there])


def rates(facts: Columns) -> Rates:
    """Show rates on two levels: the coalition's from the rule of halves, each partner's from the
    coalition's."""
    seen = observations(facts)
    weight, moved = seen.weight, seen.weight * seen.ratio
    total = math.fsum(weight.tolist())
    prior = RULE_OF_HALVES * PRIOR_ACTIONS
    coalition = (prior + math.fsum(moved.tolist())) / (PRIOR_ACTIONS + total)
    information = PRIOR_ACTIONS + _by_partner(seen, weight, len(facts.partners))
    weighted = _by_partner(seen, moved, len(facts.partners))
    rate: Numbers = (coalition * PRIOR_ACTIONS + weighted) / information
    spread = _spread(seen, rate, information, total)
    actions = len(np.unique(seen.action))
    return Rates(
        coalition=coalition,
        spread=spread,
        uncertainty=_uncertainty(spread, total, actions),
        weight=total,
        actions=actions,
        observations=seen,
        rate=rate,
        information=information,
        weighted=weighted,
    )


def _by_partner(seen: Observations, values: Numbers, partners: int) -> Numbers:
    return np.asarray(np.bincount(seen.partner, values, partners), np.float64)


def _spread(seen: Observations, rate: Numbers, information: Numbers, total: float) -> float:
    """Between actions: squared relative residuals over what is left of their weight once the rates are
    fitted.

    An observation pulls its own fitted rate by `pull`, directly and through the coalition's rate, so its
    residual keeps only the rest. The shock of the day is part of a residual and is taken off.
    """
    if len(seen.partner) < ENOUGH_OBSERVATIONS:
        return BETWEEN_ACTIONS
    weight, fitted, known = seen.weight, rate[seen.partner], information[seen.partner]
    pull = weight / known * (1 + PRIOR_ACTIONS / (PRIOR_ACTIONS + total))
    squares = math.fsum((weight * (seen.ratio / fitted - 1) ** 2).tolist())
    left = math.fsum((weight * (1 - pull)).tolist())
    return float(np.clip(squares / left - SHOCK, LEAST_SPREAD, MOST_SPREAD))


def _uncertainty(spread: float, weight: float, actions: int) -> float:
    if not actions:
        return PRIOR_OF_THE_RATE
    observed = (spread + BETWEEN_PARTNERS) / weight + SHOCK / actions
    return 1 / (1 / PRIOR_OF_THE_RATE + 1 / observed)
