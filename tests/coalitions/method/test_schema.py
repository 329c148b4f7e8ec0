"""A facts file is read strictly, and whatever is wrong is named by its path."""

from __future__ import annotations

import copy
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coalitions.method import measure
from coalitions.method.facts import Action, Ally, Bond, Came, Coalition, Deference, Overlap, Pledge, Weights
from coalitions.method.schema import BrokenFacts, read

EXAMPLE: dict[str, Any] = {
    "coalition": {
        "critical_mass": 1000,
        "communities_aimed_at": 6,
        "next_action": "a3",
        "weights": {"people_power": 1, "breadth": 1, "cohesion": 1, "leverage": 1},
    },
    "partners": [
        {
            "id": "p1",
            "community": "labor",
            "bonds": {"agreement": True, "demands": True, "mandate": False, "decision_rule": True},
        },
        {"id": "p2", "community": "faith", "bonds": {"agreement": True, "demands": False}},
    ],
    "overlaps": [{"a": "p1", "b": "p2", "share": 0.2}],
    "actions": [
        {
            "id": "a1",
            "status": "held",
            "pledges": [{"partner": "p1", "low": 80, "likely": 100, "high": 130}],
            "came": [{"partner": "p1", "count": 80}],
            "crowd": 95,
        },
        {
            "id": "a3",
            "status": "planned",
            "big": True,
            "pledges": [
                {"partner": "p1", "low": 300, "likely": 400, "high": 500},
                {"partner": "p2", "low": 100, "likely": 200, "high": 200},
            ],
        },
    ],
    "allies": [
        {
            "id": "s1",
            "strategic": True,
            "natural": False,
            "stance": -1,
            "dependence": 3,
            "ease": None,
            "closeness": 4,
            "openness": 0.3,
            "effort": 6,
            "pillar": "business",
        }
    ],
    "deference": [{"from": "p1", "to": "s1", "strength": 0.4}],
}

ABSENT = object()


def at(path, value):
    """The example with `value` at a path such as ("actions", 0, "crowd")."""
    document = copy.deepcopy(EXAMPLE)
    *way, last = path
    place: Any = document
    for step in way:
        place = place[step]
    if value is ABSENT:
        del place[last]
    elif isinstance(place, list) and last == len(place):
        place.append(value)
    else:
        place[last] = value
    return document


def problems(document) -> list[tuple[str, str]]:
    with pytest.raises(BrokenFacts) as caught:
        read(document if isinstance(document, str | bytes) else json.dumps(document))
    return caught.value.problems


def test_the_example_of_the_method_becomes_facts():
    facts = read(json.dumps(EXAMPLE))
    assert facts.coalition == Coalition(1000, 6, "a3", Weights(1, 1, 1, 1))
    assert facts.partners == [("p1", "labor"), ("p2", "faith")]
    assert Bond("p1", "mandate", False) in facts.bonds
    assert facts.overlaps == [Overlap("p1", "p2", 0.2)]
    assert facts.actions == [Action("a1", "held", 95, False), Action("a3", "planned", None, True)]
    assert facts.pledges[2] == Pledge("a3", "p2", 100, 200, 200)
    assert facts.came == [Came("a1", "p1", 80)]
    assert facts.allies == [Ally("s1", True, False, -1, 3, None, 4, 0.3, 6, "business")]
    assert facts.deference == [Deference("p1", "s1", 0.4)]


WRONG = [
    (at(["extra"], 1), "extra", "is not a known key"),
    (at(["coalition", "size"], 1), "coalition.size", "is not a known key"),
    (at(["coalition", "critical_mass"], 0), "coalition.critical_mass", "must be at least 1"),
    (at(["coalition", "critical_mass"], "1000"), "coalition.critical_mass", "must be a number"),
    (at(["coalition", "critical_mass"], True), "coalition.critical_mass", "must be a number"),
    (at(["coalition", "critical_mass"], float("nan")), "coalition.critical_mass", "must be a finite number"),
    (
        at(["coalition", "communities_aimed_at"], 2.5),
        "coalition.communities_aimed_at",
        "must be a whole number",
    ),
    (at(["coalition", "communities_aimed_at"], 0), "coalition.communities_aimed_at", "must be at least 1"),
    (at(["coalition", "next_action"], "a9"), "coalition.next_action", "names no action"),
    (at(["coalition", "next_action"], "a1"), "coalition.next_action", "names an action that is not planned"),
    (at(["coalition", "weights"], [1]), "coalition.weights", "must be an object"),
    (at(["coalition", "weights", "breadth"], -1), "coalition.weights.breadth", "must be at least 0"),
    (at(["coalition", "weights", "size"], 1), "coalition.weights.size", "is not a known key"),
    (
        at(["coalition", "weights"], dict.fromkeys(["people_power", "breadth", "cohesion", "leverage"], 0)),
        "coalition.weights",
        "must not all be 0",
    ),
    (at(["coalition"], 3), "coalition", "must be an object"),
    (at(["partners"], {"id": "p1"}), "partners", "must be a list"),
    (at(["partners", 1], "p2"), "partners[1]", "must be an object"),
    (at(["partners", 1, "id"], ABSENT), "partners[1].id", "is missing"),
    (at(["partners", 1, "id"], 2), "partners[1].id", "must be a string"),
    (at(["partners", 1, "id"], "p1"), "partners[1].id", "is given twice"),
    (at(["partners", 0, "community"], 5), "partners[0].community", "must be a string"),
    (at(["partners", 0, "bonds"], ["agreement"]), "partners[0].bonds", "must be an object"),
    (at(["partners", 0, "bonds", "trust"], True), "partners[0].bonds.trust", "is not a known key"),
    (at(["partners", 0, "bonds", "mandate"], 1), "partners[0].bonds.mandate", "must be true or false"),
    (at(["overlaps", 0, "share"], 1.01), "overlaps[0].share", "must be at least 0 and at most 1"),
    (at(["overlaps", 0, "share"], -0.1), "overlaps[0].share", "must be at least 0 and at most 1"),
    (at(["overlaps", 0, "b"], "p7"), "overlaps[0].b", "is not known: 'p7'"),
    (at(["overlaps", 0, "b"], "p1"), "overlaps[0].b", "is the same as a"),
    (at(["overlaps", 1], {"a": "p2", "b": "p1", "share": 0.1}), "overlaps[1]", "is given twice"),
    (at(["actions", 0, "status"], "done"), "actions[0].status", "must be one of planned, held, cancelled"),
    (at(["actions", 0, "status"], ABSENT), "actions[0].status", "is missing"),
    (at(["actions", 0, "status"], ["held"]), "actions[0].status", "must be a string"),
    (at(["actions", 0, "crowd"], -1), "actions[0].crowd", "must be at least 0"),
    (at(["actions", 0, "crowd"], 10**400), "actions[0].crowd", "at most 1e+10"),
    (at(["actions", 1, "id"], "a1"), "actions[1].id", "is given twice"),
    (
        at(["actions", 1, "pledges", 0, "low"], 401),
        "actions[1].pledges[0].low",
        "must be at most likely (400)",
    ),
    (
        at(["actions", 1, "pledges", 0, "high"], 399),
        "actions[1].pledges[0].likely",
        "must be at most high (399)",
    ),
    (at(["actions", 1, "pledges", 0, "low"], None), "actions[1].pledges[0].low", "is missing"),
    (
        at(["actions", 1, "pledges", 0, "partner"], "p3"),
        "actions[1].pledges[0].partner",
        "is not known: 'p3'",
    ),
    (at(["actions", 1, "pledges", 1, "partner"], "p1"), "actions[1].pledges[1].partner", "is given twice"),
    (at(["actions", 1, "pledges", 1, "partner"], {}), "actions[1].pledges[1].partner", "must be a string"),
    (at(["actions", 0, "came", 0, "count"], "80"), "actions[0].came[0].count", "must be a number"),
    (at(["actions", 0, "came", 1], {"partner": "p1"}), "actions[0].came[1].partner", "is given twice"),
    (at(["allies", 0, "stance"], 3), "allies[0].stance", "must be at least -2 and at most 2"),
    (at(["allies", 0, "stance"], 0.5), "allies[0].stance", "must be a whole number"),
    (at(["allies", 0, "dependence"], 6), "allies[0].dependence", "must be at least 0 and at most 5"),
    (at(["allies", 0, "strategic"], "yes"), "allies[0].strategic", "must be true or false"),
    (at(["allies", 0, "openness"], 30), "allies[0].openness", "must be at least 0 and at most 1"),
    (at(["allies", 1], {"id": "s1"}), "allies[1].id", "is given twice"),
    (at(["deference", 0, "to"], "s9"), "deference[0].to", "is not known: 's9'"),
    (at(["deference", 0, "to"], "p1"), "deference[0].to", "is the same as from"),
    (at(["deference", 0, "strength"], 2), "deference[0].strength", "must be at least 0 and at most 1"),
]


@pytest.mark.parametrize(
    ("document", "path", "message"), WRONG, ids=[f"{path} {why}" for _, path, why in WRONG]
)
def test_what_is_wrong_is_named_by_its_path(document, path, message):
    found = problems(document)
    assert found[0][0] == path
    assert message in found[0][1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        (b"\xff\xfe\x00", "is not JSON"),
        ('{"coalition": {"critical_mass": 1e999}}', "must be a finite number"),
        ('{"coalition": {"critical_mass": ' + "9" * 5000 + "}}", "is not JSON"),
        ("[" * 100_000, "is nested too deeply"),
        ("[]", "must be an object"),
        ("null", "must be an object"),
    ],
    ids=["nothing", "half", "bytes", "infinite", "digits", "deep", "list", "null"],
)
def test_a_file_that_is_no_facts_file_is_refused(text, message):
    assert message in problems(text)[0][1]


def test_a_key_given_twice_is_refused():
    assert problems('{"partners": [{"id": "p", "id": "q"}]}') == [("partners[0].id", "is given twice")]


def test_several_problems_are_named_at_once_but_not_without_end():
    document = at(["partners"], [{"name": number} for number in range(30)])
    assert len(problems(document)) == 20


def test_the_error_reads_as_lines():
    with pytest.raises(BrokenFacts, match=r"^overlaps\[0\].share: must be at least 0 and at most 1$"):
        read(json.dumps(at(["overlaps", 0, "share"], 7)))


def test_unknown_may_be_null_or_absent():
    document = {
        "coalition": {"critical_mass": None, "weights": {"breadth": None}, "communities_aimed_at": None},
        "partners": [{"id": "p", "community": None, "bonds": None}, {"id": "q", "bonds": {"mandate": None}}],
        "overlaps": [{"a": "p", "b": "q", "share": None}],
        "actions": [{"id": "a", "status": "held", "crowd": None, "came": [{"partner": "p", "count": None}]}],
        "allies": [{"id": "s", "stance": None}],
        "deference": None,
    }
    bare = {
        "partners": [{"id": "p"}, {"id": "q"}],
        "actions": [{"id": "a", "status": "held"}],
        "allies": [{"id": "s"}],
    }
    assert measure(read(json.dumps(document))).to_json() == measure(read(json.dumps(bare))).to_json()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
paths = st.sampled_from(
    [
        (key, *rest)
        for key, rows in EXAMPLE.items()
        for rest in ([()] if isinstance(rows, dict) else [(), (0,), *((0, name) for name in rows[0])])
    ]
)


@settings(deadline=None, max_examples=100)
@given(paths, json_values)
def test_anything_anywhere_is_measured_or_refused_but_never_breaks(path, value):
    with suppress(BrokenFacts):
        json.dumps(measure(read(json.dumps(at(path, value)))).to_json(), allow_nan=False)
