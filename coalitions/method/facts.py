"""Everything a coalition's numbers may depend on, gathered before any arithmetic starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, NamedTuple

Id = str | int
"""Names of things. They tell things apart and are printed; no number ever depends on them."""


class Dimension(StrEnum):
    PEOPLE_POWER = "people_power"
    BREADTH = "breadth"
    COHESION = "cohesion"
    LEVERAGE = "leverage"


class BondKind(StrEnum):
    AGREEMENT = "agreement"
    DEMANDS = "demands"
    MANDATE = "mandate"
    DECISION_RULE = "decision_rule"


class Status(StrEnum):
    PLANNED = "planned"
    HELD = "held"
    CANCELLED = "cancelled"


class Weights(NamedTuple):
    """Relative weights of the dimensions; they need not sum to 1."""

    people_power: float = 1.0
    breadth: float = 1.0
    cohesion: float = 1.0
    leverage: float = 1.0


class Coalition(NamedTuple):
    critical_mass: float | None = None
    communities_aimed_at: int = 6
    next_action: Id | None = None
    weights: Weights = Weights()


class Partner(NamedTuple):
    id: Id
    community: Id | None = None


class Bond(NamedTuple):
    """`held` is None while nobody knows."""

    partner: Id
    kind: str
    held: bool | None


class Overlap(NamedTuple):
    """The share (0..1) of the smaller partner's people who also belong to the other."""

    a: Id
    b: Id
    share: float | None


class Action(NamedTuple):
    id: Id
    status: str
    crowd: float | None = None
    big: bool = False


class Pledge(NamedTuple):
    """A partner's current pledge for an action: at most one row per action and partner."""

    action: Id
    partner: Id
    low: float
    likely: float
    high: float


class Came(NamedTuple):
    """People who came from the partner's pledge; `people` is None while unknown."""

    action: Id
    partner: Id
    people: float | None


class Ally(NamedTuple):
    id: Id
    strategic: bool = False
    natural: bool = False
    stance: float | None = None
    dependence: float | None = None
    ease: float | None = None
    closeness: float | None = None
    openness: float | None = None
    effort: float | None = None
    pillar: Id | None = None


class Deference(NamedTuple):
    """`target` listens to `source`."""

    source: Id
    target: Id
    strength: float | None


# Rows straight from a cursor are welcome: a plain tuple in the order of the fields will do.
PartnerRow = tuple[Id, Id | None]
BondRow = tuple[Id, str, bool | None]
OverlapRow = tuple[Id, Id, float | None]
ActionRow = tuple[Id, str, float | None, bool]
PledgeRow = tuple[Id, Id, float, float, float]
CameRow = tuple[Id, Id, float | None]
AllyRow = tuple[
    Id,
    bool,
    bool,
    float | None,
    float | None,
    float | None,
    float | None,
    float | None,
    float | None,
    Id | None,
]
DeferenceRow = tuple[Id, Id, float | None]


@dataclass(frozen=True, slots=True)
class Facts:
    """One table per kind of fact; each source fills the tables it knows and `|` joins them."""

    coalition: Coalition | None = None
    partners: Sequence[PartnerRow] = ()
    bonds: Sequence[BondRow] = ()
    overlaps: Sequence[OverlapRow] = ()
    actions: Sequence[ActionRow] = ()
    pledges: Sequence[PledgeRow] = ()
    came: Sequence[CameRow] = ()
    allies: Sequence[AllyRow] = ()
    deference: Sequence[DeferenceRow] = ()

    def __or__(self, other: Facts) -> Facts:
        """Both sources' rows; the settings of the coalition come from whichever source has them."""
        joined = {
            field.name: _join(getattr(self, field.name), getattr(other, field.name))
            for field in fields(self)
            if field.name != "coalition"
        }
        settings = self.coalition if other.coalition is None else other.coalition
        return Facts(coalition=settings, **joined)


def _join(first: Sequence[Any], second: Sequence[Any]) -> Sequence[Any]:
    if not second:
        return first
    return (*first, *second) if first else second
