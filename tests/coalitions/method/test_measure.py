"""The whole result: which action comes next, and what is said about it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from coalitions.method import VERSION, Facts, measure, report
from coalitions.method.facts import Action, Came, Coalition, Partner, Pledge


def some_facts(**changed) -> Facts:
    """A held action of a known record, and three planned ones of which the last one is the largest."""
    facts = Facts(
        coalition=Coalition(critical_mass=200),
        partners=[Partner("p"), Partner("q")],
        actions=[
            Action("past", "held"),
            Action("small", "planned"),
            Action("middle", "planned"),
            Action("large", "planned"),
        ],
        pledges=[
            Pledge("past", "p", 100, 100, 100),
            Pledge("small", "p", 10, 10, 10),
            Pledge("middle", "p", 100, 100, 100),
            Pledge("large", "p", 100, 200, 300),
            Pledge("large", "q", 100, 100, 100),
        ],
        came=[Came("past", "p", 90)],
    )
    return replace(facts, **changed)


def next_action(facts: Facts):
    return measure(facts).to_json()["forecast"]["action"]


def test_the_next_big_action_is_the_one_with_the_highest_median():
    assert next_action(some_facts()) == "large"


def test_an_action_marked_big_comes_before_a_larger_one():
    actions = [Action("small", "planned", None, True), Action("middle", "planned", None, True)]
    assert next_action(some_facts(actions=[*some_facts().actions[3:], *actions])) == "middle"


def test_the_action_that_the_coalition_names_comes_before_all():
    assert next_action(some_facts(coalition=Coalition(next_action="small"))) == "small"


def test_a_named_action_that_is_over_gives_way_to_the_next():
    assert next_action(some_facts(coalition=Coalition(next_action="past"))) == "large"


def test_every_planned_action_has_a_forecast():
    found = measure(some_facts()).to_json()
    assert [each["action"] for each in found["other_forecasts"]] == ["middle", "small"]


def test_the_forecast_says_per_partner_where_it_came_from():
    facts = some_facts(coalition=Coalition(next_action="middle"))
    found = measure(facts)
    first, second = found.to_json()["forecast"]["partners"]
    rate = (found.rates.coalition * 2 + 100 / 120 * 0.9) / (2 + 100 / 120)
    assert first == {
        "id": "p",
        "rate": pytest.approx(rate),
        "information": pytest.approx(2 + 100 / 120),
        "expected": pytest.approx(100 * rate),
        "share": 1.0,
        "pledge": [100, 100, 100],
    }
    assert second == {**second, "id": "q", "expected": 0.0, "share": None, "pledge": None}


def test_the_record_lists_what_came_of_each_pledge():
    assert measure(some_facts()).to_json()["record"]["partners"] == [
        {
            "id": "p",
            "rate": pytest.approx(measure(some_facts()).rates.rate[0]),
            "information": pytest.approx(2 + 100 / 120),
            "record": [
                {
                    "action": "past",
                    "pledged": 100,
                    "came": 90,
                    "share": 0.9,
                    "weight": pytest.approx(100 / 120),
                }
            ],
        }
    ]


def test_what_is_too_long_to_list_is_left_out_and_not_cut(monkeypatch):
    monkeypatch.setattr(report, "LISTED", 0)
    found = measure(some_facts()).to_json()
    assert found["record"]["partners"][0]["record"] is None
    assert [each["partners"] for each in found["other_forecasts"]] == [None, None]
    assert len(found["forecast"]["partners"]) == 2


def test_without_an_upcoming_action_rates_are_shown_and_turnout_is_unknown():
    found = measure(some_facts(actions=[Action("past", "held")])).to_json()
    assert found["forecast"]["action"] is None
    assert {each["expected"] for each in found["forecast"]["partners"]} == {None}
    assert found["forecast"]["median"] is None
    assert found["dimensions"] == {"people_power": None, "breadth": None, "cohesion": None, "leverage": None}


def test_no_facts_are_measured_too():
    found = measure(Facts()).to_json()
    assert found["version"] == VERSION
    assert found["forecast"]["partners"] == []
    assert found["index"]["value"] is None
    json.dumps(found, allow_nan=False)


def test_ids_may_be_numbers_and_rows_plain_tuples():
    facts = Facts(
        partners=[(7, "labor")],
        actions=[(1, "planned", None, False)],
        pledges=[(1, 7, 10, 20, 30)],
    )
    forecast = measure(facts).to_json()["forecast"]
    assert (forecast["action"], forecast["partners"][0]["id"], forecast["sum"]) == (1, 7, 10)


def test_facts_of_several_sources_join():
    first = Facts(coalition=Coalition(200), partners=[Partner("p")])
    second = replace(some_facts(partners=[Partner("q")]), coalition=None)
    joined = Facts() | first | second | Facts()
    assert measure(joined).to_json() == measure(some_facts()).to_json()
    assert (first | Facts(coalition=Coalition(300))).coalition == Coalition(300)


def test_the_arithmetic_needs_nothing_but_numpy():
    program = (
        "import sys; from coalitions.method import measure, Facts, counts, schema; measure(Facts());"
        "print([name for name in ('django', 'celery', 'redis', 'psycopg') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
