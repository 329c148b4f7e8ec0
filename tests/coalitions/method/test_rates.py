"""Show rates: from pledges and what came of them."""

from __future__ import annotations

import numpy as np
import pytest

from coalitions.method import Facts
from coalitions.method.columns import columns
from coalitions.method.facts import Action, Came, Partner, Pledge
from coalitions.method.rates import Rates, rates


def learned(*pairs: tuple[str, float, float | None], partners: str = "p q", status: str = "held") -> Rates:
    """Rates after one action for each (partner, pledged, came)."""
    return rates(
        columns(
            Facts(
                partners=[Partner(name) for name in partners.split()],
                actions=[Action(place, status) for place, _ in enumerate(pairs)],
                pledges=[
                    Pledge(place, who, size / 2, size, size * 2) for place, (who, size, _) in enumerate(pairs)
                ],
                came=[Came(place, who, count) for place, (who, _, count) in enumerate(pairs)],
            )
        )
    )


def test_the_worked_example_of_the_method():
    found = learned(("p", 100, 80), ("p", 50, 20), partners="p")
    assert round(found.coalition, 4) == 0.5503
    assert round(found.rate[0], 4) == 0.5787
    assert round(found.information[0], 4) == 3.5476


def test_without_a_record_everybody_starts_from_the_rule_of_halves():
    found = learned()
    assert found.rate.tolist() == [0.5, 0.5]
    assert found.information.tolist() == [2, 2]
    assert found.uncertainty == 0.4**2
    assert found.spread == 0.35**2


def test_a_partner_without_a_record_starts_from_the_coalitions_rate():
    found = learned(("p", 100, 80), ("p", 50, 20))
    assert found.rate[1] == found.coalition


def test_an_unknown_turnout_teaches_nothing():
    assert learned(("p", 100, 80), ("q", 100, None)).rate.tolist() == learned(("p", 100, 80)).rate.tolist()


def test_a_pledge_of_nobody_teaches_nothing():
    assert learned(("p", 0, 30)).observations.partner.tolist() == []


def test_more_than_pledged_is_real_and_never_capped():
    found = learned(("p", 100, 300))
    assert found.observations.ratio.tolist() == [3.0]
    assert found.rate[0] > 1


@pytest.mark.parametrize("status", ["planned", "cancelled"])
def test_only_actions_that_were_held_teach(status):
    assert learned(("p", 100, 80), status=status).actions == 0


def test_people_who_came_without_a_pledge_are_no_record():
    facts = Facts(partners=[Partner("p")], actions=[Action("a", "held")], came=[Came("a", "p", 9)])
    assert rates(columns(facts)).actions == 0


def test_the_uncertainty_of_the_rate_shrinks_as_the_method_says():
    found = learned(("p", 100, 80), ("p", 50, 20), partners="p")
    weight = 100 / 120 + 50 / 70
    expected = 1 / (1 / 0.4**2 + 1 / ((0.35**2 + 0.3**2) / weight + 0.15**2 / 2))
    assert found.uncertainty == pytest.approx(expected)


def test_eleven_observations_do_not_estimate_the_spread_and_twelve_do():
    same = [("p", 1000.0, 500.0)] * 12
    assert learned(*same[:11]).spread == 0.35**2
    assert learned(*same).spread == 0.1**2


def test_the_spread_stops_at_its_ends():
    wild = [("p", 1000.0, 0.0), ("p", 1000.0, 5000.0)] * 10
    assert learned(*wild).spread == 1.0


@pytest.mark.parametrize("partners", [5, 30])
def test_the_spread_that_made_the_observations_is_found_again(partners):
    luck = np.random.default_rng(8)
    found = [rates(columns(_a_long_record(luck, partners=partners, actions=12))).spread for _ in range(60)]
    assert np.mean(found) == pytest.approx(0.35**2, rel=0.12)


def _a_long_record(luck: np.random.Generator, *, partners: int, actions: int) -> Facts:
    own = 0.5 * luck.gamma(1 / 0.3**2, 0.3**2, partners)
    rows = [(action, partner) for action in range(actions) for partner in range(partners)]
    shock = np.exp(luck.normal(-(0.15**2) / 2, 0.15, actions))
    came = {(a, p): 1000 * own[p] * shock[a] * luck.gamma(1 / 0.35**2, 0.35**2) for a, p in rows}
    return Facts(
        partners=[Partner(each) for each in range(partners)],
        actions=[Action(each, "held") for each in range(actions)],
        pledges=[Pledge(a, p, 1000, 1000, 1000) for a, p in rows],
        came=[Came(a, p, round(people)) for (a, p), people in came.items()],
    )


def test_the_order_of_many_observations_does_not_change_a_bit():
    pairs = [("p", 10.0 + 7 * place, 3.0 + place**1.5) for place in range(40)]
    orders = [np.random.default_rng(seed).permutation(40) for seed in range(20)]
    found = {learned(*(pairs[place] for place in order)).rate.tobytes() for order in orders}
    assert len(found) == 1
