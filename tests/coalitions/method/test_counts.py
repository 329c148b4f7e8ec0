"""Which count stands, which number can be defended, and how good forecasts were."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import pytest

from coalitions.method.counts import (
    METHODS,
    Calibration,
    Count,
    Outcome,
    best,
    calibration,
    defensible,
    standing,
)

NOON = datetime(2026, 5, 1, 12)


def a_count(
    name: str = "c",
    *,
    low: float = 90,
    best: float = 100,
    high: float = 120,
    method: str = "estimate",
    partisan: bool = False,
    hours: int = 0,
    corrects: str | None = None,
) -> Count:
    return Count(name, low, best, high, method, partisan, NOON + timedelta(hours=hours), corrects)


def test_nobody_counted_is_unknown_and_not_zero():
    assert best([]) is None
    assert defensible([]) is None


def test_an_independent_estimate_outranks_a_partisan_turnstile():
    counts = [a_count("ours", low=900, method="turnstile", partisan=True), a_count("press", low=400)]
    assert best(counts) == counts[1]
    assert defensible(counts) == 400


def test_among_independent_counts_the_method_decides():
    counts = [a_count(method, method=method) for method in reversed(METHODS)]
    assert [count.method for count in standing(counts)] == list(METHODS)


def test_of_two_equal_counts_the_latest_stands_first():
    counts = [a_count("early", low=50), a_count("late", low=70, hours=3)]
    assert defensible(counts) == 70


def test_of_two_counts_at_the_same_time_the_more_careful_is_defended():
    assert defensible([a_count("a", low=70), a_count("b", low=60)]) == 60


def test_a_corrected_count_no_longer_stands():
    wrong = a_count("wrong", low=900, method="turnstile")
    right = a_count("right", low=90, method="turnstile", hours=-1, corrects="wrong")
    assert standing([wrong, right]) == [right]


def test_a_correction_that_is_corrected_does_not_revive_the_first():
    chain = [a_count("1"), a_count("2", corrects="1"), a_count("3", low=5, corrects="2")]
    assert standing(chain) == [chain[2]]


def test_calibration_counts_the_intervals_that_held():
    outcomes = [Outcome(50, 100, 200, 100), Outcome(50, 100, 200, 201), Outcome(50, 100, 200, 50)]
    assert calibration(outcomes).held == pytest.approx(2 / 3)


def test_calibration_measures_the_median_in_powers_of_ten():
    outcomes = [Outcome(1, 100, 9999, 1000), Outcome(1, 100, 9999, 10), Outcome(1, 100, 9999, 100)]
    assert calibration(outcomes).error == pytest.approx(2 / 3)


def test_a_crowd_of_nobody_is_measured_as_one_person():
    assert calibration([Outcome(0, 50, 90, 0)]).error == pytest.approx(math.log10(50))


def test_without_a_closed_action_there_is_no_calibration():
    assert calibration([]) == Calibration(0, None, None)
