"""How many will come to an action: draws of everything that is uncertain, and what they add up to."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from coalitions.method.columns import HELD, PLANNED, Columns, Numbers, Positions, matching
from coalitions.method.crowd import Crowd, crowd
from coalitions.method.draws import Luck, deviation_of
from coalitions.method.rates import PRIOR_ACTIONS, Rates

MANY_PARTNERS = 200
DRAWN_ONE_BY_ONE = 2000
MOST_WALK_INS = 0.9
QUANTILES = (0.10, 0.25, 0.50, 0.75, 0.90)
BINS = 40
LEFT_AT_EACH_END = 0.0025


@dataclass(frozen=True, slots=True)
class Forecast:
    """One planned action. `partners` are the positions of those that pledged, with `pledged` (rows, 3) and
    `expected` people (rows); `crowd` speaks of pledged people at expected values, `draws` of everybody."""

    action: int
    partners: Positions
    pledged: Numbers
    expected: Numbers
    crowd: Crowd
    walk_ins: float
    draws: Numbers

    @property
    def everybody(self) -> float:
        """Expected unique people, walk-ins included."""
        return self.crowd.unique / (1 - self.walk_ins)

    @property
    def median(self) -> float:
        return float(np.median(self.draws))

    def quantiles(self) -> tuple[float, ...]:
        return tuple(np.quantile(self.draws, QUANTILES).tolist())

    def chance_of(self, critical_mass: float) -> float:
        return float(np.mean(self.draws >= critical_mass))

    def histogram(self) -> tuple[list[float], list[int]]:
        """Edges and counts of the draws; the outermost bins also hold the rarest draws beyond them."""
        low, high = np.quantile(self.draws, (LEFT_AT_EACH_END, 1 - LEFT_AT_EACH_END))
        if low == high:
            return [float(low), float(high)], [len(self.draws)]
        counts, edges = np.histogram(np.clip(self.draws, low, high), BINS, (low, high))
        return edges.tolist(), counts.tolist()


@dataclass(frozen=True, slots=True)
class _Pledged:
    """Pledges above 0 for one action: partners by position, sizes (rows, 3), expected people (rows)."""

    action: int
    partners: Positions
    sizes: Numbers
    expected: Numbers


def expected_people(pledged: Numbers, rate: Numbers) -> Numbers:
    """n_i = (low + likely + high) / 3 * rate_i, for pledges of shape (rows, 3) and rates of shape (rows)."""
    return np.asarray(pledged.sum(axis=1) / 3 * rate)


def forecasts(facts: Columns, rates: Rates, luck: Luck, walk_ins: float) -> list[Forecast]:
    """A forecast for every planned action, in the order of `facts.actions`.

    The largest actions, and first the one the coalition prepares for, are drawn partner by partner as long
    as that takes at most 2,000 pledges; with more than 200 pledging partners, or beyond, the sum is drawn at
    once.
    """
    planned = np.flatnonzero(facts.status == PLANNED).tolist()
    coming = sorted(
        (_pledged(facts, rates, each) for each in planned), key=lambda each: _urgency(facts, each)
    )
    left, found = DRAWN_ONE_BY_ONE, {}
    for each in coming:
        people = crowd(_by_partner(facts, each.partners, each.expected), facts.overlaps)
        one_by_one = len(each.partners) <= min(MANY_PARTNERS, left)
        left -= len(each.partners) if one_by_one else 0
        draw = _draw_partners if one_by_one else _draw_sum
        draws = draw(rates, luck, each, people) * luck.shock / (1 - walk_ins)
        found[each.action] = Forecast(
            each.action, each.partners, each.sizes, each.expected, people, walk_ins, draws
        )
    return [found[action] for action in planned]


def walk_ins_share(facts: Columns) -> float:
    """The share of past crowds that nobody had pledged, pooled over held actions, 0 until there is a record.

    An action is a record when its crowd is known, somebody had pledged, and what came of every pledge is
    known. Beyond nine tenths it stops: pledges then say next to nothing about the crowd.
    """
    walked, whole = [], []
    for action in _recorded(facts):
        came = facts.came.of(action)
        people = math.fsum(came.values.tolist())
        if len(facts.overlaps):
            people = crowd(_by_partner(facts, came.second, came.values), facts.overlaps).unique
        walked.append(max(0.0, float(facts.crowd[action]) - people))
        whole.append(float(facts.crowd[action]))
    if not math.fsum(whole):
        return 0.0
    return min(math.fsum(walked) / math.fsum(whole), MOST_WALK_INS)


def _recorded(facts: Columns) -> list[int]:
    count = len(facts.actions)
    pledged = facts.pledges.where(facts.pledges.values[:, 2] > 0)
    counted, _ = matching(pledged, facts.came)
    pledges = np.bincount(pledged.first, minlength=count)
    known = np.bincount(pledged.first[counted], minlength=count)
    recorded = (facts.status == HELD) & ~np.isnan(facts.crowd) & (pledges > 0) & (pledges == known)
    found: list[int] = np.flatnonzero(recorded).tolist()
    return found


def _by_partner(facts: Columns, partners: Positions, people: Numbers) -> Numbers:
    everybody = np.zeros(len(facts.partners))
    everybody[partners] = people
    return everybody


def _pledged(facts: Columns, rates: Rates, action: int) -> _Pledged:
    pledges = facts.pledges.of(action)
    pledges = pledges.where(pledges.values[:, 2] > 0)
    expected = expected_people(pledges.values, rates.rate[pledges.second])
    return _Pledged(action, pledges.second, pledges.values, expected)


def _urgency(facts: Columns, pledged: _Pledged) -> tuple[bool, float]:
    is_next = facts.actions[pledged.action] == facts.coalition.next_action
    return not is_next, -math.fsum(pledged.expected.tolist())


def _draw_partners(rates: Rates, luck: Luck, pledged: _Pledged, people: Crowd) -> Numbers:
    """Unique people in each draw, before the shock of the day, one partner after the other."""
    if not len(pledged.partners):
        return np.zeros(luck.count)
    came = np.empty((len(pledged.partners), luck.count))
    for row, (record, rank, (low, likely, high)) in enumerate(_by_record(rates, pledged)):
        per_low, per_likely, per_high = luck.turnout(*record, rank)
        came[row] = low * per_low + likely * per_likely + high * per_high
    total = came.sum(axis=0)
    if people.base is None:
        return np.asarray(total)
    largest = came.max(axis=0)
    base = np.maximum(total * (people.base / people.sum), largest)
    met_nobody = np.prod(1 - came / base, axis=0)
    unique = base * (1 - met_nobody) * (people.unique / people.estimate)
    return np.asarray(np.clip(unique, largest, total))


def _by_record(rates: Rates, pledged: _Pledged) -> Iterator[tuple[tuple[float, float], int, list[float]]]:
    """Each partner's record, its rank by size among partners with the same record, and its pledge.

    Partners with the same record differ by nothing but their pledges, so luck is handed out by size: the
    greatest low, likely and high come first. Each column is ranked by itself, since only so does a pledge
    that grows, and overtakes another, never bring fewer people in any draw.
    """
    records = zip(rates.information[pledged.partners], rates.weighted[pledged.partners], strict=True)
    known = sorted((record, row) for row, record in enumerate((float(i), float(w)) for i, w in records))
    for record, group in groupby(known, key=lambda each: each[0]):
        sizes = pledged.sizes[[row for _, row in group]]
        for rank, size in enumerate(np.sort(sizes, axis=0)[::-1].tolist()):
            yield record, rank, size


def _draw_sum(rates: Rates, luck: Luck, pledged: _Pledged, people: Crowd) -> Numbers:
    """The same from a gamma with the sum's mean and variance given m' (Wilson-Hilferty), at the expected
    share of unique people."""
    information, weighted = rates.information[pledged.partners], rates.weighted[pledged.partners]
    slope, start = PRIOR_ACTIONS / information, weighted / information
    likely = pledged.sizes.mean(axis=1)
    low, middle, high = pledged.sizes.T
    triangle = (low**2 + middle**2 + high**2 - low * middle - low * high - middle * high) / 18
    squares = (triangle + likely**2) * (1 + deviation_of(rates.spread, information)) - likely**2
    mean = _total(likely * start) + _total(likely * slope) * luck.rate
    variance = _total(squares * start**2) + 2 * _total(squares * start * slope) * luck.rate
    variance += _total(squares * slope**2) * luck.rate**2
    deviation = variance / mean**2 / 9
    return np.asarray(
        mean * np.maximum(1 - deviation + luck.normal * np.sqrt(deviation), 0) ** 3 * people.kept
    )


def _total(values: Numbers) -> float:
    return math.fsum(values.tolist())
