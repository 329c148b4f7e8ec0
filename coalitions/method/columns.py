"""Facts as numpy columns: names become positions, and rows about nobody in the coalition fall away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coalitions.method.facts import BondKind, Coalition, Facts, Id, Status

Numbers = NDArray[np.float64]
Positions = NDArray[np.int64]
Flags = NDArray[np.bool_]

STATUSES = {status.value: position for position, status in enumerate(Status)}
BONDS = {kind.value: position for position, kind in enumerate(BondKind)}
PLANNED, HELD = STATUSES[Status.PLANNED], STATUSES[Status.HELD]


@dataclass(frozen=True, slots=True)
class Links:
    """Rows between two things, by position: an action and a partner, or two partners; `values` is per row."""

    first: Positions
    second: Positions
    values: Numbers

    def where(self, chosen: Flags | Positions | slice) -> Links:
        return Links(self.first[chosen], self.second[chosen], self.values[chosen])

    def of(self, first: int) -> Links:
        """The rows of one `first`, where rows are sorted by it (as pledges and came are)."""
        start, stop = np.searchsorted(self.first, (first, first + 1))
        return self.where(slice(int(start), int(stop)))

    def __len__(self) -> int:
        return len(self.first)


@dataclass(frozen=True, slots=True)
class Columns:
    """NaN stands for unknown in every float column; `community` is -1 for a partner that has none.

    Shapes for P partners, A actions, L allies: bonds (P, 4); pledges.values (rows, 3) = low, likely, high;
    ally_numbers (L, 8) = strategic, natural, stance, dependence, ease, closeness, openness, effort. Pledges
    and came are sorted by action, then partner. Deference runs between P + L places: partners first, then
    allies.
    """

    coalition: Coalition
    partners: tuple[Id, ...]
    community: Positions
    communities: tuple[Id, ...]
    bonds: Numbers
    actions: tuple[Id, ...]
    status: Positions
    crowd: Numbers
    big: Flags
    pledges: Links
    came: Links
    overlaps: Links
    allies: tuple[Id, ...]
    ally_numbers: Numbers
    pillar: Positions
    deference: Links


def columns(facts: Facts) -> Columns:
    partner_at = {row[0]: position for position, row in enumerate(facts.partners)}
    action_at = {row[0]: position for position, row in enumerate(facts.actions)}
    ally_at = {row[0]: position for position, row in enumerate(facts.allies)}
    # An organization can be a partner and a mapped ally at once: then it listens and is heard as a partner.
    anybody_at = {name: len(partner_at) + at for name, at in ally_at.items()} | partner_at
    _, community = _transpose(facts.partners, 2)
    community_at = _label_places(community)
    _, status, crowd, big = _transpose(facts.actions, 4)
    ally = _transpose(facts.allies, 10)
    return Columns(
        coalition=facts.coalition or Coalition(),
        partners=tuple(partner_at),
        community=_labels(community, community_at),
        communities=tuple(community_at),
        bonds=_bonds(facts, partner_at),
        actions=tuple(action_at),
        status=np.array([STATUSES.get(each, -1) for each in status], np.int64),
        crowd=_people(crowd),
        big=np.array(big, np.bool_),
        pledges=_pledges(facts, action_at, partner_at),
        came=_sorted(_known(_links(facts.came, action_at, partner_at, _people))),
        overlaps=_known(_links(facts.overlaps, partner_at, partner_at)),
        allies=tuple(ally_at),
        ally_numbers=np.column_stack([_numbers(column) for column in ally[1:9]]),
        pillar=_labels(ally[9], _label_places(ally[9])),
        deference=_known(_links(facts.deference, anybody_at, anybody_at)),
    )


def matching(wanted: Links, known: Links) -> tuple[Positions, Positions]:
    """Rows of `wanted` and the rows of `known` between the same two things, where both are sorted by them."""
    if not len(known):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    width = max(wanted.second.max(initial=0), known.second.max()) + 1
    keys, looked_for = known.first * width + known.second, wanted.first * width + wanted.second
    at = np.minimum(np.searchsorted(keys, looked_for), len(keys) - 1)
    there = np.flatnonzero(keys[at] == looked_for)
    return there, at[there]


def _transpose(rows: Sequence[tuple[Any, ...]], width: int) -> Sequence[Sequence[Any]]:
    return [list(map(itemgetter(place), rows)) for place in range(width)]


def _numbers(values: Sequence[Any]) -> Numbers:
    """None becomes NaN, and -0.0 becomes 0.0 so that equal numbers have equal bytes in the digest."""
    return np.asarray(np.array(values, np.float64) + 0.0)


def _people(values: Sequence[Any]) -> Numbers:
    """To a millionth of a person, so that no fraction is small enough to break a division."""
    return np.asarray(np.round(_numbers(values), 6) + 0.0)


def _positions(names: Iterable[Id], at: Mapping[Any, int]) -> Positions:
    return np.array([at.get(name, -1) for name in names], np.int64)


def _label_places(names: Sequence[Id | None]) -> dict[Id, int]:
    different = (name for name in dict.fromkeys(names) if name is not None)
    return {name: position for position, name in enumerate(different)}


def _labels(names: Sequence[Id | None], at: dict[Id, int]) -> Positions:
    return np.array([-1 if name is None else at[name] for name in names], np.int64)


def _links(
    rows: Sequence[tuple[Any, ...]],
    first_at: dict[Id, int],
    second_at: dict[Id, int],
    read: Callable[[Sequence[Any]], Numbers] = _numbers,
) -> Links:
    first, second, values = _transpose(rows, 3)
    return _inside(Links(_positions(first, first_at), _positions(second, second_at), read(values)))


def _pledges(facts: Facts, action_at: dict[Id, int], partner_at: dict[Id, int]) -> Links:
    action, partner, *sizes = _transpose(facts.pledges, 5)
    values = np.column_stack([_people(size) for size in sizes])
    return _sorted(_inside(Links(_positions(action, action_at), _positions(partner, partner_at), values)))


def _sorted(links: Links) -> Links:
    return links.where(np.argsort(links.first * (links.second.max(initial=0) + 1) + links.second))


def _inside(links: Links) -> Links:
    return links.where((links.first >= 0) & (links.second >= 0))


def _known(links: Links) -> Links:
    return links.where(~np.isnan(links.values))


def _bonds(facts: Facts, partner_at: dict[Id, int]) -> Numbers:
    """Held 1, not held 0, unknown NaN. Two sources that disagree do not hold it, whichever came first."""
    partner, kind, held = _transpose(facts.bonds, 3)
    at, place = _positions(partner, partner_at), _positions(kind, BONDS)
    inside = at >= 0
    found = np.full((len(partner_at), len(BONDS)), np.nan)
    np.fmin.at(found, (at[inside], place[inside]), _numbers(held)[inside])
    return found
