"""Simulated seasons: the 80 % interval holds about as often as it says."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.coverage import coverage


@pytest.mark.parametrize(("partners", "past", "seasons"), [(5, 1, 200), (15, 3, 200), (60, 6, 100)])
def test_the_interval_holds_in_70_to_90_percent_of_simulated_seasons(partners, past, seasons):
    """A cell's own chance error is about 3 to 4 points; benchmarks/coverage.py prints the whole table."""
    found = coverage(np.random.default_rng(2020), partners=partners, past=past, seasons=seasons)
    assert 0.70 <= found <= 0.90
