"""Facts of small coalitions, for property tests."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import strategies as st

from coalitions.method import Facts
from coalitions.method.facts import (
    Action,
    Ally,
    Bond,
    BondKind,
    Came,
    Coalition,
    Deference,
    Overlap,
    Partner,
    Pledge,
    Weights,
)

PARTNERS = tuple(f"p{number}" for number in range(6))
ACTIONS = tuple(f"a{number}" for number in range(6))
ALLIES = tuple(f"s{number}" for number in range(4))

people = st.integers(0, 500)
shares = st.floats(0, 1)
weights = st.builds(Weights, *[st.sampled_from([0.0, 0.5, 1.0, 3.0])] * 3, st.just(1.0))


@st.composite
def pledges(draw, action, partner):
    low, likely, high = sorted(draw(st.tuples(people, people, people)))
    return Pledge(action, partner, low, likely, high)


@st.composite
def coalitions(draw, *, overlaps: bool = True, next_action: bool = False):
    """Up to six partners, six actions and four allies; with `next_action` one is planned and chosen."""
    partners = PARTNERS[: draw(st.integers(1, 6))]
    actions = ACTIONS[: draw(st.integers(1, 6))]
    status = {action: draw(st.sampled_from(["held", "held", "planned", "cancelled"])) for action in actions}
    if next_action:
        status[actions[0]] = "planned"
    pairs = [(action, partner) for action in actions for partner in partners]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True))
    closed = [(action, partner) for action, partner in chosen if status[action] == "held"]
    mass = draw(st.one_of(st.none(), st.integers(1, 3000)))
    neighbours = [(a, b) for a in partners for b in partners if a < b]
    declared = draw(st.lists(st.sampled_from(neighbours), unique=True)) if overlaps and neighbours else []
    return Facts(
        coalition=Coalition(
            mass, draw(st.integers(1, 6)), actions[0] if next_action else None, weights=draw(weights)
        ),
        partners=[Partner(name, draw(st.sampled_from([None, "labor", "faith"]))) for name in partners],
        bonds=[
            Bond(partner, kind, draw(st.sampled_from([True, False, None])))
            for partner in partners
            for kind in BondKind
        ],
        overlaps=[Overlap(a, b, draw(shares)) for a, b in declared],
        actions=[
            Action(name, status[name], draw(st.one_of(st.none(), people)), draw(st.booleans()))
            for name in actions
        ],
        pledges=[draw(pledges(action, partner)) for action, partner in chosen],
        came=[Came(action, partner, draw(st.one_of(st.none(), people))) for action, partner in closed],
        allies=[draw(allies(name)) for name in ALLIES[: draw(st.integers(0, 4))]],
        deference=[Deference(partners[0], ALLIES[0], 0.5)],
    )


def allies(name):
    scale = st.one_of(st.none(), st.integers(0, 5))
    stance = st.one_of(st.none(), st.integers(-2, 2))
    pillar = st.sampled_from([None, "business", "army"])
    return st.builds(
        Ally,
        st.just(name),
        st.booleans(),
        st.booleans(),
        stance,
        scale,
        scale,
        scale,
        shares,
        scale,
        pillar,
    )


def renamed(facts: Facts, suffix: str) -> Facts:
    """The same facts about things called something else, so that they sort the other way round."""

    def new(name):
        return None if name is None else "".join(chr(219 - ord(each)) for each in str(name)) + suffix

    coalition = facts.coalition or Coalition()
    return Facts(
        coalition=coalition._replace(next_action=new(coalition.next_action)),
        partners=[Partner(new(row[0]), new(row[1])) for row in facts.partners],
        bonds=[Bond(new(partner), kind, held) for partner, kind, held in facts.bonds],
        overlaps=[Overlap(new(b), new(a), share) for a, b, share in facts.overlaps],
        actions=[(new(name), *rest) for name, *rest in facts.actions],
        pledges=[(new(action), new(partner), *sizes) for action, partner, *sizes in facts.pledges],
        came=[Came(new(action), new(partner), count) for action, partner, count in facts.came],
        allies=[(new(row[0]), *row[1:9], new(row[9])) for row in facts.allies],
        deference=[Deference(new(source), new(target), each) for source, target, each in facts.deference],
    )


def shuffled(facts: Facts, luck: Random) -> Facts:
    def mixed(rows):
        return luck.sample(list(rows), len(rows))

    tables = ["partners", "bonds", "overlaps", "actions", "pledges", "came", "allies", "deference"]
    return replace(facts, **{name: mixed(getattr(facts, name)) for name in tables})
