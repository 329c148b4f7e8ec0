"""Simulated seasons: how often does the 80 % interval hold the true turnout?

    python -m benchmarks.coverage [SEASONS]

Each season has partners whose true show rates scatter around the coalition's own (0.3 to 0.7, not the
prior's one half), past actions with pledges, turnout and a shock of the day, and one action to forecast. The
table has 5, 15 and 60 partners and 0 to 20 past actions.
"""

from __future__ import annotations

import sys
from itertools import product

import numpy as np
from numpy.random import Generator

from coalitions.method import Facts, measure
from coalitions.method.facts import Action, Came, Partner, Pledge

PARTNERS = (5, 15, 60)
PAST_ACTIONS = (0, 1, 2, 3, 6, 12, 20)
PLEDGES_AT_ALL = 0.8


def a_season(luck: Generator, *, partners: int, past: int) -> tuple[Facts, float]:
    """Facts before the last action, and how many people then came to it."""
    rates = luck.uniform(0.3, 0.7) * luck.gamma(1 / 0.3**2, 0.3**2, partners)
    usual = luck.lognormal(4, 0.8, partners) + 5
    pledges: list[Pledge] = []
    came: list[Came] = []
    for action in range(past + 1):
        shock = float(np.exp(luck.normal(-(0.15**2) / 2, 0.15)))
        for partner in np.flatnonzero(luck.random(partners) < PLEDGES_AT_ALL).tolist():
            likely = round(usual[partner] * luck.lognormal(0, 0.2)) + 1
            pledge = Pledge(action, partner, round(likely * 0.7), likely, round(likely * 1.3) + 1)
            fit = luck.gamma(1 / 0.35**2, 0.35**2) * shock
            pledges.append(pledge)
            came.append(Came(action, partner, round(luck.triangular(*pledge[2:]) * rates[partner] * fit)))
    actions = [Action(action, "held" if action < past else "planned") for action in range(past + 1)]
    facts = Facts(
        partners=[Partner(partner) for partner in range(partners)],
        actions=actions,
        pledges=pledges,
        came=[each for each in came if int(each.action) < past],
    )
    return facts, sum(each.people or 0 for each in came if each.action == past)


def coverage(luck: Generator, *, partners: int, past: int, seasons: int) -> float:
    held = 0
    for _ in range(seasons):
        facts, people = a_season(luck, partners=partners, past=past)
        forecast = measure(facts).forecast
        assert forecast is not None
        low, *_, high = forecast.quantiles()
        held += low <= people <= high
    return held / seasons


def main() -> None:
    seasons = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    luck = np.random.default_rng(2020)
    print(f"Coverage of the 80 % interval, {seasons} seasons per cell")
    print("partners  past actions  coverage")
    found = []
    for partners, past in product(PARTNERS, PAST_ACTIONS):
        found.append(coverage(luck, partners=partners, past=past, seasons=seasons))
        print(f"{partners:8}  {past:12}  {found[-1]:8.1%}", flush=True)
    print(f"lowest {min(found):.1%}, middle {np.median(found):.1%}, highest {max(found):.1%}")


if __name__ == "__main__":
    main()
