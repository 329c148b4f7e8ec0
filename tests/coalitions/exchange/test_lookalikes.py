"""Names that may mean one organization."""

from __future__ import annotations

import time

import pytest

from coalitions.exchange.lookalikes import Reason, find, is_slip


def reason(one: str, other: str) -> Reason | None:
    pairs = find({"one": one}, {"other": other})
    assert pairs == [] or (pairs[0].left, pairs[0].right) == ("one", "other")
    return pairs[0].reason if pairs else None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Harbor Project", "Harbor Project"),
        ("Harbor & Hill", "Harbor and Hill"),
        ("Worker's Voice", "Workers Voice"),
        ("People\u2019s Council - Eastside", "Peoples Council Eastside"),
        ("GoodNeighbors", "Good Neighbors"),
        ("Unión del Puerto", "Union del Puerto"),
        ("N.A.A.B.", "NAAB"),
    ],
)
def test_marks_spaces_case_and_accents_make_no_difference(one, other):
    assert reason(one, other) == Reason.SAME_LETTERS


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Harbor Tenants Union", "Tenants Union of Harbor"),
        ("Moms of Liberty", "Moms for Liberty"),
        ("Lighthouse Keepers Guild (LKG)", "Lighthouse Keepers Guild"),
        ("Sailors Club Inc", "Sailors Club"),
    ],
)
def test_word_order_and_small_words_make_no_difference(one, other):
    assert reason(one, other) in {Reason.WORD_ORDER, Reason.SAME_LETTERS}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Harbor Coaltion", "Harbor Coalition"),
        ("Detriot Eviction Defense", "Detroit Eviction Defense"),
        ("Lighthouze", "Lighthouse"),
    ],
)
def test_a_slip_of_the_hand_is_seen(one, other):
    assert reason(one, other) == Reason.SPELLING


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("NAACP", "National Association for the Advancement of Colored People"),
        ("Springfield NAACP", "National Association for the Advancement of Colored People Springfield"),
        ("Eastside DSA", "Democratic Socialists of America - Eastside"),
        ("CPUSA", "Communist Party USA"),
    ],
)
def test_an_acronym_is_matched_with_what_it_stands_for(one, other):
    assert reason(one, other) == Reason.ACRONYM
    assert reason(other, one) == Reason.ACRONYM


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Harbor Union", "Hillside Union"),
        ("Local 4", "Local 5"),
        ("Neighbors of Boston", "Neighbors of Houston"),
        ("CASA", "CATA"),
        ("Move", "Move On"),
        ("A", "B"),
        ("", ""),
        ("---", "!!!"),
    ],
)
def test_different_names_are_left_alone(one, other):
    assert reason(one, other) is None


def test_known_names_are_not_compared_with_each_other():
    assert find({}, {"a": "Harbor Project", "b": "The Harbor Project"}) == []


def test_names_of_one_file_are_compared_and_each_pair_told_once():
    pairs = find({"a": "Harbor Project", "b": "The Harbor Project", "c": "harbor project"}, {})
    assert {frozenset(pair[:2]) for pair in pairs} == {frozenset("ab"), frozenset("ac"), frozenset("bc")}
    assert len(pairs) == 3


def test_the_most_certain_come_first():
    pairs = find(
        {"a": "Harbor Coaltion", "b": "The Tenants", "c": "HTU"},
        {"x": "Harbor Coalition", "y": "Tenants", "z": "Harbor Tenants Union"},
    )
    assert [pair.reason for pair in pairs] == [Reason.SAME_LETTERS, Reason.SPELLING, Reason.ACRONYM]


@pytest.mark.parametrize(
    ("one", "other", "slip"),
    [
        ("coaltion", "coalition", True),
        ("harbour", "harbor", True),
        ("2020", "2021", False),
        ("bat", "cat", False),
        ("boston", "houston", False),
    ],
)
def test_slips(one, other, slip):
    assert is_slip(one, other) is slip


def test_work_grows_with_the_names_and_not_with_their_square():
    """Twelve thousand names that share words, as chapters do. A comparison of all pairs takes minutes."""
    new = {f"n{number}": f"Neighbors United {number} Hill {number % 97}" for number in range(6000)}
    known = {f"k{number}": f"United Neighbors {number} Harbor {number % 89}" for number in range(6000)}
    start = time.perf_counter()
    find(new, known)
    assert time.perf_counter() - start < 20


def test_a_name_made_to_be_slow_is_not():
    """Every run of these words abbreviates to an acronym that occurs."""
    long = " ".join(["aa"] * 60)
    new = {f"n{number}": f"{long} {number}" for number in range(100)}
    new |= {f"k{number}": "A" * number for number in range(2, 9)}
    start = time.perf_counter()
    find(new, {})
    assert time.perf_counter() - start < 10
