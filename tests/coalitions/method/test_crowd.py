"""How many different people, and the bounds that hold whatever the truth."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coalitions.method.columns import Links
from coalitions.method.crowd import Crowd, crowd, different


def a_crowd(people: list[float], overlaps: dict[tuple[int, int], float]) -> Crowd:
    first, second = ([pair[end] for pair in overlaps] for end in (0, 1))
    links = Links(
        np.array(first, np.int64), np.array(second, np.int64), np.array(list(overlaps.values()), float)
    )
    return crowd(np.array(people, float), links)


def test_the_worked_example_of_the_method():
    found = a_crowd([400, 300, 200], {(0, 1): 0.2, (0, 2): 0.1, (1, 2): 0.05})
    assert found.base is not None
    assert round(found.base, 1) == 2814.1
    # By the method's own formula 810.64; its page rounds that to 810.7.
    assert found.unique == pytest.approx(810.64, abs=0.005)
    assert found.unique == pytest.approx(810.7, abs=0.1)
    assert (round(found.lower), round(found.upper)) == (810, 820)


def test_the_second_worked_example_of_the_method():
    assert round(different(np.array([400.0, 300, 200]), 5000), 2) == 848.96


def test_nobody_from_any_base_is_nobody():
    assert different(np.zeros(3), 5000) == 0


def test_while_nothing_is_declared_the_plain_sum_stands():
    assert a_crowd([400, 300, 200], {}) == Crowd(900, None, 900, 900, 400, 900)


def test_a_declared_overlap_of_nobody_leaves_the_sum():
    found = a_crowd([400, 300], {(0, 1): 0})
    assert (found.unique, found.lower, found.upper) == (700, 700, 700)


def test_one_group_inside_the_other_leaves_the_larger_one():
    found = a_crowd([400, 300], {(0, 1): 1})
    assert (found.unique, found.lower, found.upper) == (400, 400, 400)


@pytest.mark.parametrize("people", [[], [0], [0, 0], [250]])
def test_a_crowd_of_nobody_or_of_one_partner_is_itself(people):
    pairs = {(0, 1): 0.5} if len(people) > 1 else {}
    found = a_crowd(people, pairs)
    assert (found.sum, found.base, found.unique, found.lower, found.upper) == (
        sum(people),
        None,
        *[sum(people)] * 3,
    )


def test_a_pair_with_a_partner_who_stays_away_says_nothing_about_this_crowd():
    declared = {(0, 1): 0.2, (0, 2): 0.9}
    assert a_crowd([400, 300, 0], declared) == a_crowd([400, 300], {(0, 1): 0.2})


def test_the_base_is_never_smaller_than_the_largest_partner():
    found = a_crowd([400, 1, 1], {(1, 2): 1})
    assert (found.base, found.unique, found.lower, found.upper) == (400, 400, 400, 401)


def test_an_estimate_beyond_a_bound_is_clipped_into_it():
    found = a_crowd([100, 100, 100], {(0, 1): 0.9, (0, 2): 0, (1, 2): 0})
    assert found.estimate > 210
    assert (found.unique, found.lower, found.upper) == (210, 210, 210)


def test_thousands_of_partners_lose_no_digits():
    people = np.full(5000, 3.0)
    assert different(people, 1e12) == pytest.approx(15000 - 9 * 5000 * 4999 / 2 / 1e12, rel=1e-12)
    assert different(people, 15000.0) == pytest.approx(
        15000 * (1 - np.exp(5000 * np.log1p(-3 / 15000))), rel=1e-12
    )


sizes = st.lists(st.integers(0, 60), min_size=2, max_size=4)


@st.composite
def declared_crowds(draw):
    """People per partner, and a share for some of the pairs."""
    people = draw(sizes)
    pairs = list(itertools.combinations(range(len(people)), 2))
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True))
    return people, {pair: draw(st.sampled_from([0, 0.25, 0.5, 1])) for pair in chosen}


def heaviest_forest(people, overlaps):
    """The weight of the heaviest cycle-free set of pairs, by trying all sets."""

    def acyclic(pairs):
        group = list(range(len(people)))
        for a, b in pairs:
            if group[a] == group[b]:
                return False
            group = [group[a] if each == group[b] else each for each in group]
        return True

    shared = {(a, b): share * min(people[a], people[b]) for (a, b), share in overlaps.items()}
    sets = itertools.chain.from_iterable(itertools.combinations(shared, size) for size in range(len(people)))
    return max(sum(shared[pair] for pair in pairs) for pairs in sets if acyclic(pairs))


@settings(deadline=None)
@given(declared_crowds())
def test_the_upper_bound_takes_off_the_heaviest_spanning_tree(case):
    people, overlaps = case
    assert a_crowd(people, overlaps).upper == pytest.approx(sum(people) - heaviest_forest(people, overlaps))


@settings(deadline=None)
@given(declared_crowds())
def test_the_lower_bound_takes_every_undeclared_pair_at_its_worst(case):
    people, overlaps = case
    pairs = itertools.combinations(range(len(people)), 2)
    worst = sum(overlaps.get(pair, 1) * min(people[pair[0]], people[pair[1]]) for pair in pairs)
    assert a_crowd(people, overlaps).lower == pytest.approx(max(*people, sum(people) - worst))


memberships = st.lists(st.sets(st.integers(0, 25), min_size=1, max_size=20), min_size=2, max_size=5)


@settings(deadline=None)
@given(memberships, st.data())
def test_the_bounds_hold_for_real_memberships_whatever_is_declared(groups, data):
    pairs = list(itertools.combinations(range(len(groups)), 2))
    known = data.draw(st.lists(st.sampled_from(pairs), unique=True))
    share = {(a, b): len(groups[a] & groups[b]) / min(len(groups[a]), len(groups[b])) for a, b in known}
    found = a_crowd([len(group) for group in groups], share)
    assert found.lower - 1e-9 <= len(set.union(*groups)) <= found.upper + 1e-9
    assert found.lower <= found.unique <= found.upper
