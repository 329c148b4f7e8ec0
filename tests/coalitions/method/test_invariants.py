"""What must hold for any facts: the invariants at the end of the method."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from coalitions.method import Facts, measure
from coalitions.method.facts import Ally, Bond, BondKind, Came, Overlap, Partner, Pledge
from tests.coalitions.method.strategies import PARTNERS, coalitions, pledges, renamed, shuffled

ROUNDING = 1e-9

examples = settings(max_examples=40, deadline=None)


def numbers(facts: Facts):
    """Everything that was measured, without names and without the order that names decide."""

    def nameless(found):
        if isinstance(found, dict):
            names = {"id", "action", "community", "partner"}
            return {key: nameless(each) for key, each in found.items() if key not in names}
        if isinstance(found, list):
            return sorted((nameless(each) for each in found), key=json.dumps)
        return found

    return nameless(measure(facts).to_json())


def value(facts: Facts) -> float | None:
    return measure(facts).strength.value


@examples
@given(coalitions())
def test_every_dimension_lies_in_0_to_1_and_the_index_in_5_to_100(facts):
    strength = measure(facts).strength
    assert all(0 <= found <= 1 for found in strength.dimensions.values() if found is not None)
    shown = [strength.value, strength.plug_in, *(strength.interval or ()), *(strength.sensitivity or ())]
    assert all(5 <= found <= 100 for found in shown if found is not None)


@examples
@given(coalitions(), st.randoms(use_true_random=False))
def test_the_order_of_facts_changes_nothing(facts, luck):
    assert measure(shuffled(facts, luck)).to_json() == measure(facts).to_json()


@examples
@given(coalitions(), st.randoms(use_true_random=False))
def test_the_choice_of_ids_changes_nothing(facts, luck):
    assert numbers(shuffled(renamed(facts, "!"), luck)) == numbers(facts)


@examples
@given(coalitions())
def test_the_same_facts_give_the_same_result_bit_for_bit(facts):
    first, again = measure(facts), measure(facts)
    assert json.dumps(first.to_json()) == json.dumps(again.to_json())
    for one, other in zip(first.forecasts, again.forecasts, strict=True):
        assert one.draws.tobytes() == other.draws.tobytes()


@examples
@given(coalitions(), st.data())
def test_a_bond_gained_never_lowers_the_index(facts, data):
    partner, kind, _ = data.draw(st.sampled_from(facts.bonds))
    gained = [Bond(*row) if row[:2] != (partner, kind) else Bond(partner, kind, True) for row in facts.bonds]
    before = value(facts)
    assume(before is not None)
    after = value(replace(facts, bonds=gained))
    assert after is not None
    assert before is not None
    assert after >= before - ROUNDING


@examples
@given(coalitions(), st.integers(-2, 1), st.integers(0, 5))
def test_a_better_stance_never_lowers_the_index(facts, stance, dependence):
    ally = Ally("s9", strategic=True, stance=stance, dependence=dependence)
    before = value(replace(facts, allies=[*facts.allies, ally]))
    assume(before is not None)
    after = value(replace(facts, allies=[*facts.allies, ally._replace(stance=stance + 1)]))
    assert after is not None
    assert before is not None
    assert after >= before - ROUNDING


@examples
@given(coalitions(overlaps=False, next_action=True), st.data(), *[st.integers(0, 300)] * 3)
def test_more_people_from_a_partner_with_all_bonds_never_lower_the_index(facts, data, low, likely, high):
    partner = data.draw(st.sampled_from(facts.partners))[0]
    loyal = replace(
        facts, bonds=[*_others(facts.bonds, partner), *(Bond(partner, kind, True) for kind in BondKind)]
    )
    pledge = data.draw(pledges("a0", partner))
    rest = [row for row in facts.pledges if tuple(row[:2]) != ("a0", partner)]
    _, _, *sizes = pledge
    more = Pledge("a0", partner, *sorted(a + b for a, b in zip(sizes, (low, likely, high), strict=True)))
    before, after = (measure(replace(loyal, pledges=[*rest, each])) for each in (pledge, more))
    assert before.forecast is not None
    assert after.forecast is not None
    assert np.all(after.forecast.draws >= before.forecast.draws * (1 - ROUNDING))
    assume(before.strength.value is not None)
    assert (after.strength.value or 0) >= (before.strength.value or 0) - ROUNDING
    without = measure(replace(loyal, pledges=rest)).strength.value
    assert without is None or (before.strength.value or 0) >= without - ROUNDING


def _others(bonds, partner):
    return [row for row in bonds if row[0] != partner]


@examples
@given(coalitions(), coalitions())
def test_an_organization_outside_the_coalition_changes_nothing(facts, elsewhere):
    stranger = dict(zip(PARTNERS, (f"x{name}" for name in PARTNERS), strict=True))
    about_others = Facts(
        bonds=[(stranger[row[0]], *row[1:]) for row in elsewhere.bonds],
        overlaps=[(stranger[a], b, share) for a, b, share in elsewhere.overlaps],
        pledges=[(row[0], stranger[row[1]], *row[2:]) for row in elsewhere.pledges],
        came=[(row[0], stranger[row[1]], row[2]) for row in elsewhere.came],
        deference=[("xp0", "p0", 0.3), ("p0", "xs9", 0.4)],
    )
    assert measure(facts | about_others).to_json() == measure(facts).to_json()


@examples
@given(coalitions())
def test_the_unique_estimate_lies_between_its_bounds(facts):
    for forecast in measure(facts).forecasts:
        crowd = forecast.crowd
        assert crowd.lower <= crowd.unique <= crowd.upper <= crowd.sum
        assert crowd.lower >= max(forecast.expected.tolist(), default=0)


@examples
@given(coalitions())
def test_an_unknown_value_is_the_same_as_an_absent_one(facts):
    known = replace(
        facts,
        bonds=[row for row in facts.bonds if row[2] is not None],
        came=[row for row in facts.came if row[2] is not None],
    )
    assert measure(known).to_json() == measure(facts).to_json()


@examples
@given(coalitions(), st.integers(1, 500))
def test_an_unknown_turnout_is_not_a_turnout_of_zero(facts, pledged):
    last = [*facts.actions, ("last", "held", None, False)]
    pledge = [*facts.pledges, Pledge("last", "p0", pledged, pledged, pledged)]
    unknown = measure(replace(facts, actions=last, pledges=pledge))
    zero = measure(replace(facts, actions=last, pledges=pledge, came=[*facts.came, Came("last", "p0", 0)]))
    assert unknown.rates.coalition == measure(facts).rates.coalition
    assert zero.rates.coalition < unknown.rates.coalition


@examples
@given(coalitions(overlaps=False))
def test_a_declared_overlap_counts_nobody_twice_and_an_undeclared_one_counts_as_unknown(facts):
    assume(len(facts.partners) > 1)
    unknown = measure(replace(facts, overlaps=[Overlap("p0", "p1", None)]))
    assert unknown.to_json() == measure(facts).to_json()
    declared = measure(replace(facts, overlaps=[Overlap("p0", "p1", 0.5)]))
    for one, other in zip(unknown.forecasts, declared.forecasts, strict=False):
        if one.action == other.action:
            assert other.crowd.unique <= one.crowd.unique + ROUNDING


@examples
@given(coalitions())
def test_another_fact_gives_another_digest(facts):
    assert measure(replace(facts, partners=[*facts.partners, Partner("new")])).digest != measure(facts).digest


@examples
@given(coalitions())
def test_the_result_is_json_without_infinities(facts):
    json.dumps(measure(facts).to_json(), allow_nan=False)
