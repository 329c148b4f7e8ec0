"""Four dimensions and one index, checked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coalitions.method import Facts, measure
from coalitions.method.facts import (
    Action,
    Ally,
    Bond,
    BondKind,
    Coalition,
    Dimension,
    Partner,
    Pledge,
    Weights,
)
from coalitions.method.strength import Strength, index, sensitivity

EQUAL = dict.fromkeys(Dimension, 0.25)


def bonds(partner: str, held: str) -> list[Bond]:
    """One letter for each bond: y, n or ? for unknown."""
    known = {"y": True, "n": False, "?": None}
    return [Bond(partner, kind, known[letter]) for kind, letter in zip(BondKind, held, strict=True)]


def a_coalition(*, mass: float | None = 1000, aimed_at: int = 6, weights: Weights | None = None) -> Facts:
    """Pledges of 600, 200 and 100 that nobody has a record for: 300, 100 and 50 people expected."""
    return Facts(
        coalition=Coalition(mass, aimed_at, weights=weights or Weights()),
        partners=[Partner("p", "labor"), Partner("q", "faith"), Partner("r", "labor")],
        bonds=[*bonds("p", "yyyy"), *bonds("q", "yynn"), *bonds("r", "nnnn")],
        actions=[Action("next", "planned")],
        pledges=[
            Pledge("next", "p", 600, 600, 600),
            Pledge("next", "q", 200, 200, 200),
            Pledge("next", "r", 100, 100, 100),
        ],
        allies=[
            Ally("s", strategic=True, stance=-2, dependence=4),
            Ally("t", strategic=True, stance=1, dependence=2),
        ],
    )


def strength(facts: Facts) -> Strength:
    return measure(facts).strength


def dimension(facts: Facts, name: Dimension) -> float | None:
    return strength(facts).dimensions[name]


def test_cohesion_is_the_share_of_bonds_held_weighted_by_turnout():
    assert dimension(a_coalition(), Dimension.COHESION) == pytest.approx((300 * 1 + 100 * 0.5) / 450)


def test_unknown_bonds_are_left_out_of_a_partners_share():
    facts = replace(a_coalition(), bonds=[*bonds("p", "y???"), *bonds("q", "yn??"), *bonds("r", "????")])
    assert dimension(facts, Dimension.COHESION) == pytest.approx((300 * 1 + 100 * 0.5) / 400)


def test_two_sources_that_disagree_about_a_bond_do_not_hold_it():
    facts = a_coalition()
    doubt = [Bond("p", "agreement", False)]
    first, last = (replace(facts, bonds=each) for each in ([*doubt, *facts.bonds], [*facts.bonds, *doubt]))
    assert dimension(first, Dimension.COHESION) == dimension(last, Dimension.COHESION)
    assert dimension(first, Dimension.COHESION) == pytest.approx((300 * 0.75 + 100 * 0.5) / 450)


def test_leverage_is_the_mapped_support_that_is_gone():
    assert dimension(a_coalition(), Dimension.LEVERAGE) == pytest.approx(1 - (4 * 1 + 2 * 0.25) / 6)


@pytest.mark.parametrize(
    "unmapped",
    [
        Ally("x", strategic=False, stance=2, dependence=5),
        Ally("x", strategic=True, stance=None, dependence=5),
        Ally("x", strategic=True, stance=2, dependence=None),
    ],
    ids=["not strategic", "stance unknown", "dependence unknown"],
)
def test_leverage_speaks_only_of_strategic_allies_that_are_known(unmapped):
    facts = a_coalition()
    more = replace(facts, allies=[*facts.allies, unmapped])
    assert dimension(more, Dimension.LEVERAGE) == dimension(facts, Dimension.LEVERAGE)
    assert dimension(replace(facts, allies=[unmapped]), Dimension.LEVERAGE) is None


def test_leverage_without_any_dependence_is_unknown():
    facts = replace(a_coalition(), allies=[Ally("s", strategic=True, stance=2, dependence=0)])
    assert dimension(facts, Dimension.LEVERAGE) is None


def test_breadth_counts_communities_that_bring_a_twentieth_of_the_critical_mass():
    assert dimension(a_coalition(mass=4000), Dimension.BREADTH) == pytest.approx((1 + 100 / 200) / 6)


def test_a_partner_without_a_community_is_a_community_of_its_own():
    facts = replace(a_coalition(), partners=[Partner("p"), Partner("q"), Partner("r")])
    assert dimension(facts, Dimension.BREADTH) == pytest.approx(3 / 6)


def test_breadth_stops_at_the_communities_aimed_at():
    assert dimension(a_coalition(aimed_at=1), Dimension.BREADTH) == 1


def test_people_power_is_the_mean_of_what_the_draws_reach():
    found = measure(a_coalition(mass=450))
    assert found.forecast is not None
    reached = np.minimum(1, found.forecast.draws / 450)
    assert found.strength.dimensions[Dimension.PEOPLE_POWER] == pytest.approx(reached.mean())
    assert found.strength.plug_in == pytest.approx(
        index({**_known(found.strength), Dimension.PEOPLE_POWER: 1.0}, EQUAL)
    )


def _known(found: Strength) -> dict[Dimension, float]:
    return {name: each for name, each in found.dimensions.items() if each is not None}


def test_without_a_critical_mass_people_power_and_breadth_are_unknown():
    found = strength(a_coalition(mass=None))
    assert found.left_out == [Dimension.PEOPLE_POWER, Dimension.BREADTH]
    assert found.interval is None
    assert found.weights == {Dimension.COHESION: 0.5, Dimension.LEVERAGE: 0.5}
    assert found.value == found.plug_in == pytest.approx(100 * (350 / 450 * 0.25) ** 0.5)


def test_without_an_upcoming_action_only_leverage_is_known():
    found = strength(replace(a_coalition(), actions=[Action("next", "cancelled")]))
    assert found.left_out == [Dimension.PEOPLE_POWER, Dimension.BREADTH, Dimension.COHESION]
    assert found.value == pytest.approx(25)


def test_an_upcoming_action_without_pledges_brings_nobody_and_leaves_cohesion_unknown():
    found = strength(replace(a_coalition(), pledges=[]))
    assert found.dimensions[Dimension.PEOPLE_POWER] == found.dimensions[Dimension.BREADTH] == 0
    assert found.left_out == [Dimension.COHESION]
    assert found.value == pytest.approx(100 * (0.05 * 0.05 * 0.25) ** (1 / 3))


def test_nothing_known_is_no_index():
    found = strength(Facts())
    assert (found.value, found.plug_in, found.interval, found.sensitivity) == (None, None, None, None)
    assert found.left_out == list(Dimension)


def test_weights_only_on_unknown_dimensions_are_no_index():
    found = strength(a_coalition(mass=None, weights=Weights(1, 1, 0, 0)))
    assert (found.value, found.sensitivity, found.weights) == (None, None, {})


def test_the_index_is_a_geometric_mean_in_which_nothing_counts_less_than_a_twentieth():
    half = {**dict.fromkeys(Dimension, 1.0), Dimension.LEVERAGE: 0.5}
    assert index(half, EQUAL) == pytest.approx(100 * 0.5**0.25)
    assert index({**half, Dimension.LEVERAGE: 0.0}, EQUAL) == pytest.approx(100 * 0.05**0.25)
    assert index(half, {**dict.fromkeys(Dimension, 0.0), Dimension.LEVERAGE: 1.0}) == pytest.approx(50)


def test_the_interval_of_the_index_is_that_of_people_power():
    found = strength(a_coalition(mass=900))
    assert found.people_power_interval is not None
    ends = [
        index({**_known(found), Dimension.PEOPLE_POWER: end}, EQUAL) for end in found.people_power_interval
    ]
    assert found.interval == pytest.approx(tuple(ends))


def test_the_interval_holds_the_index_even_where_most_draws_reach_the_critical_mass():
    found = strength(a_coalition(mass=150))
    assert found.people_power_interval == (1, 1)
    assert found.value is not None
    assert found.interval is not None
    assert found.interval[0] <= found.value <= found.interval[1]


shares = st.lists(st.floats(0, 1), min_size=4, max_size=4)


@settings(deadline=None)
@given(shares, st.lists(st.sampled_from([0.0, 0.5, 1.0, 3.0]), min_size=4, max_size=4), st.randoms())
def test_no_weights_within_half_lead_beyond_the_sensitivity(found, weights, luck):
    known = dict(zip(Dimension, found, strict=True))
    if not sum(weights):
        return
    own = dict(zip(Dimension, weights, strict=True))
    low, high = sensitivity(known, own) or (0, 0)
    for _ in range(20):
        moved = {each: weight * luck.uniform(0.5, 1.5) for each, weight in own.items()}
        whole = sum(moved.values())
        reached = index(known, {each: weight / whole for each, weight in moved.items()})
        assert reached is not None
        assert low - 1e-9 <= reached <= high + 1e-9


def test_the_sensitivity_reaches_its_corners():
    known = {**dict.fromkeys(Dimension, 1.0), Dimension.LEVERAGE: 0.5}
    low, high = sensitivity(known, EQUAL) or (0, 0)
    assert low == pytest.approx(100 * 0.5 ** (1.5 / 3))
    assert high == pytest.approx(100 * 0.5 ** (0.5 / 5))
