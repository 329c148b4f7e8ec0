"""One fingerprint for the same facts, and another as soon as one fact differs."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from coalitions.method import Facts, measure
from coalitions.method.facts import (
    Action,
    Ally,
    Bond,
    Came,
    Coalition,
    Deference,
    Overlap,
    Partner,
    Pledge,
    Weights,
)
from tests.coalitions.method.strategies import renamed, shuffled

X = Ally("x", True, False, -1, 3, None, 4, 0.3, 6, "business")
Y = Ally("y", True, pillar="army")
FACTS = Facts(
    coalition=Coalition(1000, 6, "next"),
    partners=[Partner("p", "labor"), Partner("q", "labor"), Partner("r", "faith"), Partner("s")],
    bonds=[Bond("p", "agreement", True), Bond("q", "demands", False)],
    overlaps=[Overlap("p", "q", 0.2), Overlap("r", "s", 0.3)],
    actions=[
        Action("a", "held", 95),
        Action("b", "held"),
        Action("next", "planned"),
        Action("c", "cancelled"),
    ],
    pledges=[Pledge("a", "p", 80, 100, 130), Pledge("a", "q", 8, 10, 13), Pledge("next", "p", 300, 400, 500)],
    came=[Came("a", "p", 80), Came("b", "q", 5)],
    allies=[X, Y],
    deference=[Deference("p", "x", 0.4), Deference("x", "y", 0.1)],
)


def test_the_digest_is_the_one_that_was_published():
    """A change of the algorithm is a change of VERSION; this test is the reminder."""
    assert measure(FACTS).digest == "1f872d2787a4edf8b8a2d1b49876b45dd27a3b6280b8e023e7b9b3d4c19d45e9"


def test_names_and_order_do_not_show():
    for seed in range(5):
        assert measure(shuffled(renamed(FACTS, "?"), Random(seed))).digest == measure(FACTS).digest


OTHER = {
    "critical mass": replace(FACTS, coalition=Coalition(1001, 6, "next")),
    "communities aimed at": replace(FACTS, coalition=Coalition(1000, 5, "next")),
    "next action": replace(FACTS, coalition=Coalition(1000, 6)),
    "weights": replace(FACTS, coalition=Coalition(1000, 6, "next", Weights(breadth=2))),
    "who shares a community": replace(
        FACTS, partners=[Partner("p", "labor"), Partner("q", "faith"), Partner("r", "labor"), Partner("s")]
    ),
    "a bond": replace(FACTS, bonds=[Bond("p", "agreement", True)]),
    "whose bond": replace(FACTS, bonds=[Bond("r", "agreement", True), Bond("q", "demands", False)]),
    "an overlap's share": replace(FACTS, overlaps=[Overlap("p", "q", 0.2), Overlap("r", "s", 0.31)]),
    "an overlap's pair": replace(FACTS, overlaps=[Overlap("p", "r", 0.2), Overlap("q", "s", 0.3)]),
    "a crowd": replace(FACTS, actions=[Action("a", "held", 96), *FACTS.actions[1:]]),
    "big": replace(
        FACTS, actions=[*FACTS.actions[:2], Action("next", "planned", None, True), FACTS.actions[3]]
    ),
    "a status": replace(FACTS, actions=[*FACTS.actions[:3], Action("c", "planned")]),
    "a pledge's end": replace(FACTS, pledges=[*FACTS.pledges[:2], Pledge("next", "p", 300, 400, 501)]),
    "whose pledge": replace(FACTS, pledges=[*FACTS.pledges[:2], Pledge("next", "q", 300, 400, 500)]),
    "which action's pledge": replace(FACTS, pledges=[*FACTS.pledges[:2], Pledge("b", "p", 300, 400, 500)]),
    "a turnout": replace(FACTS, came=[Came("a", "p", 80), Came("b", "q", 6)]),
    "a turnout of nobody": replace(FACTS, came=[*FACTS.came, Came("b", "p", 0)]),
    "a stance": replace(FACTS, allies=[X._replace(stance=0), Y]),
    "a pillar": replace(FACTS, allies=[X, Y._replace(pillar="business")]),
    "who listens": replace(FACTS, deference=[Deference("x", "p", 0.4), Deference("x", "y", 0.1)]),
}


@pytest.mark.parametrize("facts", OTHER.values(), ids=OTHER.keys())
def test_every_fact_shows(facts):
    assert measure(facts).digest != measure(FACTS).digest


def test_no_two_of_these_facts_share_a_digest():
    assert len({measure(facts).digest for facts in OTHER.values()}) == len(OTHER)


def test_minus_zero_is_zero():
    pledge = Pledge("next", "q", -0.0, 0, 5)
    assert (
        measure(replace(FACTS, pledges=[pledge])).digest
        == measure(replace(FACTS, pledges=[pledge._replace(low=0)])).digest
    )
