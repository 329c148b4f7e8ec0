"""Draws of a crowd: what they add up to, and that luck never mistakes itself for a cause."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from coalitions.method import Facts, measure
from coalitions.method import forecast as module
from coalitions.method.columns import Columns, columns
from coalitions.method.draws import Luck
from coalitions.method.facts import Action, Bond, Came, Coalition, Overlap, Partner, Pledge
from coalitions.method.forecast import Forecast, forecasts, walk_ins_share
from coalitions.method.rates import rates

MANY = 200_000


def some_facts(*, partners: int = 12, past: int = 3, seed: int = 4) -> Facts:
    luck = np.random.default_rng(seed)
    likely = luck.integers(20, 300, partners)
    pledge = [Pledge("next", each, int(n * 0.6), int(n), int(n * 1.7)) for each, n in enumerate(likely)]
    closed = [
        Pledge(action, each, n, n, n) for action in range(past) for each, n in enumerate(likely.tolist())
    ]
    came = [Came(row.action, row.partner, int(row.likely * luck.uniform(0.2, 0.9))) for row in closed]
    return Facts(
        partners=[Partner(each) for each in range(partners)],
        actions=[Action("next", "planned"), *(Action(each, "held") for each in range(past))],
        pledges=[*pledge, *closed],
        came=came,
    )


def drawn(facts: Facts, *, count: int = MANY) -> Forecast:
    found: Columns = columns(facts)
    learned = rates(found)
    return forecasts(found, learned, Luck(learned, count), walk_ins_share(found))[0]


def reference(facts: Facts, *, count: int = MANY) -> np.ndarray:
    """The method's recipe for the sum word by word, with other luck."""
    found = columns(facts)
    learned = rates(found)
    luck = np.random.default_rng(99)
    uncertainty = learned.uncertainty
    common = luck.gamma(1 / uncertainty, learned.coalition * uncertainty, count)
    total = np.zeros(count)
    rows = (row for row in facts.pledges if row[0] == "next")
    for _, partner, low, likely, high in rows:
        information, weighted = learned.information[int(partner)], learned.weighted[int(partner)]
        rate = (common * 2 + weighted) / information
        deviation = learned.spread + 2 * 0.3**2 / information
        pledge = luck.triangular(low, likely, high, count)
        total += pledge * luck.gamma(1 / deviation, 1, count) * deviation * rate
    return total * luck.lognormal(-(0.15**2) / 2, 0.15, count)


@pytest.mark.parametrize("past", [0, 3])
def test_draws_have_the_distribution_that_the_method_describes(past):
    facts = some_facts(past=past)
    shares = (0.1, 0.25, 0.5, 0.75, 0.9)
    expected = np.quantile(reference(facts), shares)
    assert np.quantile(drawn(facts).draws, shares) == pytest.approx(expected, rel=0.012)


@pytest.mark.parametrize(
    ("pledges", "within"),
    [
        ([(0, 50, 300), (100, 110, 120)], 0.03),
        ([(80, 100, 130), (60, 90, 200), (20, 120, 150)], 0.012),
    ],
    ids=["the worst", "a usual one"],
)
def test_exchanged_ranges_hardly_move_quantiles(pledges, within):
    """Partners without a record are ranked by each end by itself (docs/facts.md, "Luck")."""
    facts = Facts(
        partners=[Partner(each) for each, _ in enumerate(pledges)],
        actions=[Action("next", "planned")],
        pledges=[Pledge("next", each, *sizes) for each, sizes in enumerate(pledges)],
    )
    expected = np.quantile(reference(facts), (0.1, 0.5, 0.9))
    assert np.quantile(drawn(facts).draws, (0.1, 0.5, 0.9)) == pytest.approx(expected, rel=within)


def test_the_mean_of_the_draws_is_the_expected_turnout():
    found = drawn(some_facts())
    assert found.draws.mean() == pytest.approx(found.crowd.sum, rel=0.005)


def test_a_small_forecast_can_be_checked_by_hand():
    facts = Facts(
        partners=[Partner("p"), Partner("q")],
        actions=[Action("next", "planned")],
        pledges=[Pledge("next", "p", 60, 100, 140), Pledge("next", "q", 20, 20, 50)],
    )
    found = drawn(facts, count=4000)
    assert found.expected.tolist() == [50, 15]
    assert found.everybody == 65


@pytest.mark.parametrize("partners", [201, 600])
def test_the_sum_of_many_partners_drawn_at_once_moves_quantiles_by_less_than_one_percent(
    partners, monkeypatch
):
    facts = some_facts(partners=partners, past=2)
    at_once = drawn(facts, count=40_000)
    monkeypatch.setattr(module, "MANY_PARTNERS", partners)
    one_by_one = drawn(facts, count=40_000)
    assert not np.array_equal(at_once.draws, one_by_one.draws)
    assert at_once.quantiles() == pytest.approx(one_by_one.quantiles(), rel=0.01)


def test_the_sum_drawn_at_once_has_the_spread_of_the_partners_too(monkeypatch):
    """A dozen partners: too few for this shortcut, so that their own spread is most of the whole."""
    facts = some_facts()
    monkeypatch.setattr(module, "MANY_PARTNERS", 0)
    expected = np.quantile(reference(facts), (0.1, 0.5, 0.9))
    assert np.quantile(drawn(facts).draws, (0.1, 0.5, 0.9)) == pytest.approx(expected, rel=0.015)


def test_draws_are_clipped_together_with_the_estimate():
    plain = some_facts(partners=3, past=0)
    pledges = [Pledge("next", each, 200, 200, 200) for each in range(3)]
    declared = [Overlap(0, 1, 0.9), Overlap(0, 2, 0.0), Overlap(1, 2, 0.0)]
    found = drawn(replace(plain, pledges=pledges, overlaps=declared))
    kept = found.crowd.unique / found.crowd.estimate
    unclipped = drawn(replace(plain, pledges=pledges)).draws.mean() * found.crowd.estimate / found.crowd.sum
    assert kept < 0.97
    assert found.draws.mean() == pytest.approx(unclipped * kept, rel=0.02)


def test_unique_people_of_many_partners_drawn_at_once_move_by_less_than_one_percent(monkeypatch):
    plain = some_facts(partners=220, past=2)
    facts = replace(plain, overlaps=[Overlap(each, each + 1, 0.2) for each in range(0, 200, 2)])
    at_once = drawn(facts, count=10_000)
    monkeypatch.setattr(module, "MANY_PARTNERS", 220)
    one_by_one = drawn(facts, count=10_000)
    assert at_once.crowd.unique < 0.95 * at_once.crowd.sum
    assert at_once.quantiles() == pytest.approx(one_by_one.quantiles(), rel=0.01)


def test_declared_overlaps_take_people_off_in_every_draw():
    plain = some_facts(partners=3)
    declared = drawn(replace(plain, overlaps=[Overlap(0, 1, 0.5)]), count=4000)
    alone = drawn(plain, count=4000)
    assert np.all(declared.draws <= alone.draws * (1 + 1e-12))
    assert declared.draws.mean() / alone.draws.mean() == pytest.approx(declared.crowd.kept, abs=0.02)


def test_an_action_that_nobody_pledged_for_draws_nobody():
    found = drawn(Facts(partners=[Partner("p")], actions=[Action("next", "planned")]), count=4000)
    assert (found.median, found.quantiles(), found.chance_of(1)) == (0, (0, 0, 0, 0, 0), 0)
    assert found.histogram() == ([0, 0], [4000])


def test_the_histogram_counts_every_draw_in_forty_bins():
    edges, counts = drawn(some_facts(), count=4000).histogram()
    assert (len(edges), len(counts), sum(counts)) == (41, 40, 4000)
    assert edges == sorted(edges)


def test_luck_depends_on_the_record_and_on_nothing_else():
    facts = some_facts()
    edited = replace(
        facts,
        coalition=Coalition(critical_mass=500),
        bonds=[Bond(0, "agreement", True)],
        pledges=[row for row in facts.pledges if row[:2] != ("next", 3)],
    )
    closed = replace(facts, came=[*facts.came[:-1], Came(*facts.came[-1][:2], 7)])
    seeds = [measure(each).seed for each in (facts, edited, closed)]
    assert seeds[0] == seeds[1] != seeds[2]


def test_partners_with_different_records_have_different_luck():
    learned = rates(columns(some_facts()))
    luck = Luck(learned, 4000)
    one = luck.turnout(2.0, 0.0, 0)
    assert abs(np.corrcoef(one[1] / luck.rate, luck.turnout(2.0, 0.0, 1)[1] / luck.rate)[0, 1]) < 0.1
    assert abs(np.corrcoef(one[1] / luck.rate, luck.turnout(2.5, 0.0, 0)[1] / luck.rate)[0, 1]) < 0.1


def test_what_was_remembered_is_what_would_be_drawn_again():
    learned = rates(columns(some_facts()))
    small = Luck(learned, 10)
    first = small.turnout(2.0, 0.0, 0).copy()
    for rank in range(1, 500):
        small.turnout(2.0, 0.0, rank)
    assert np.array_equal(small.turnout(2.0, 0.0, 0), first)


# Walk-ins.


def closed(*, crowd: float | None, came: list[tuple[str, float | None]], overlaps=()) -> Facts:
    names = [name for name, _ in came]
    return Facts(
        partners=[Partner(name) for name in names],
        overlaps=overlaps,
        actions=[Action("a", "held", crowd), Action("next", "planned")],
        pledges=[Pledge("a", name, 100, 100, 100) for name in names],
        came=[Came("a", name, count) for name, count in came],
    )


def test_the_walk_ins_share_is_that_of_past_crowds():
    facts = closed(crowd=100, came=[("p", 60), ("q", 20)])
    assert walk_ins_share(columns(facts)) == pytest.approx(0.2)


@pytest.mark.parametrize(
    "facts",
    [
        closed(crowd=None, came=[("p", 60)]),
        closed(crowd=100, came=[("p", 60), ("q", None)]),
        replace(closed(crowd=100, came=[("p", 60)]), pledges=[]),
        replace(closed(crowd=100, came=[("p", 60)]), actions=[Action("a", "cancelled", 100)]),
    ],
    ids=["crowd unknown", "one turnout unknown", "nobody pledged", "cancelled"],
)
def test_without_a_whole_record_there_is_no_walk_ins_share(facts):
    assert walk_ins_share(columns(facts)) == 0


def test_a_crowd_smaller_than_those_who_came_has_no_walk_ins():
    assert walk_ins_share(columns(closed(crowd=50, came=[("p", 60)]))) == 0


def test_who_belongs_to_two_partners_is_one_person_in_the_crowd():
    facts = closed(crowd=100, came=[("p", 60), ("q", 40)], overlaps=[Overlap("p", "q", 0.5)])
    assert walk_ins_share(columns(facts)) == pytest.approx(0.2)


def test_the_walk_ins_share_stays_below_one():
    assert walk_ins_share(columns(closed(crowd=100, came=[("p", 0)]))) == 0.9


def test_walk_ins_come_on_top_of_pledges_and_stay_apart_from_them():
    facts = closed(crowd=100, came=[("p", 50)])
    found = drawn(replace(facts, pledges=[*facts.pledges, Pledge("next", "p", 90, 100, 110)]))
    assert found.crowd.sum == pytest.approx(found.everybody / 2)
    assert found.draws.mean() == pytest.approx(found.everybody, rel=0.01)


def test_many_actions_beyond_the_budget_are_still_forecast(monkeypatch):
    facts = some_facts(partners=30)
    copies = [Pledge("later", *row[1:]) for row in facts.pledges if row[0] == "next"]
    more = replace(
        facts, actions=[*facts.actions, Action("later", "planned")], pledges=[*facts.pledges, *copies]
    )
    usual = measure(more)
    monkeypatch.setattr(module, "DRAWN_ONE_BY_ONE", 30)
    tight = measure(replace(more, coalition=Coalition(next_action="later")))
    assert tight.forecast is not None
    assert np.array_equal(tight.forecast.draws, usual.forecasts[0].draws)
    other = next(each for each in tight.forecasts if each is not tight.forecast)
    assert other.quantiles() == pytest.approx(tight.forecast.quantiles(), rel=0.05)
