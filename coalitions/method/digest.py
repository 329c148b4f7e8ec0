"""One fingerprint for the same facts, whatever their order and whatever things are called.

Each partner, action and ally starts from a hash of its own numbers and then, three times, takes in the
hashes of what it is linked to (Weisfeiler-Lehman refinement). Sums over links do not depend on their order,
and no name is ever hashed.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from coalitions.method.columns import Columns, Numbers, Positions

Hashes = NDArray[np.uint64]

ROUNDS = 3
PLEDGE, CAME, COMMUNITY, OVERLAP, LISTENER, HEARD, PILLAR = (np.uint64(tag) for tag in range(1, 8))


def digest(facts: Columns) -> tuple[str, Hashes]:
    """The fingerprint in hex (SHA-256), and a hash per action to break ties between actions without their
    names."""
    partners, actions, allies = _own(facts)
    links = _link_hashes(facts)
    for _ in range(ROUNDS):
        partners, actions, allies = (
            _partners(facts, links, partners, actions, allies),
            _actions(facts, links, partners, actions),
            _allies(facts, links, partners, allies),
        )
    whole = hashlib.sha256(_settings(facts).tobytes())
    for hashes in (partners, actions, allies):
        whole.update(len(hashes).to_bytes(8, "little"))
        whole.update(np.sort(hashes).astype("<u8").tobytes())
    return whole.hexdigest(), actions


def digest_of_numbers(*columns: Numbers) -> str:
    """A fingerprint of rows of numbers, whatever their order."""
    order = np.lexsort(columns)
    rows = np.column_stack([column[order] for column in columns])
    return hashlib.sha256(rows.astype("<f8").tobytes()).hexdigest()


def bits(numbers: Numbers) -> Hashes:
    """The 64 bits of each float; every NaN (unknown) is the same."""
    same = np.where(np.isnan(numbers), np.nan, numbers + 0.0)
    return np.ascontiguousarray(same).view(np.uint64)


def _settings(facts: Columns) -> Numbers:
    coalition = facts.coalition
    mass = np.nan if coalition.critical_mass is None else coalition.critical_mass
    return np.array([mass, coalition.communities_aimed_at, *coalition.weights], "<f8")


def _own(facts: Columns) -> tuple[Hashes, Hashes, Hashes]:
    is_next = np.array([name == facts.coalition.next_action for name in facts.actions], np.float64)
    partners = _hash(*bits(facts.bonds.T))
    actions = _hash(*bits(np.array([facts.status, facts.crowd, facts.big, is_next], np.float64)))
    return partners, actions, _hash(*bits(facts.ally_numbers.T))


def _link_hashes(facts: Columns) -> tuple[Hashes, Hashes, Hashes, Hashes]:
    return (
        _hash(PLEDGE, *bits(facts.pledges.values.T)),
        _hash(CAME, bits(facts.came.values)),
        _hash(OVERLAP, bits(facts.overlaps.values)),
        bits(facts.deference.values),
    )


def _partners(
    facts: Columns, links: tuple[Hashes, ...], partners: Hashes, actions: Hashes, allies: Hashes
) -> Hashes:
    pledge, came, overlap, strength = links
    found = _hash(COMMUNITY, partners, _group(facts.community, partners))
    found += _gather(facts.pledges.second, _hash(pledge, actions[facts.pledges.first]), len(partners))
    found += _gather(facts.came.second, _hash(came, actions[facts.came.first]), len(partners))
    pairs = facts.overlaps
    found += _gather(pairs.first, _hash(overlap, partners[pairs.second]), len(partners))
    found += _gather(pairs.second, _hash(overlap, partners[pairs.first]), len(partners))
    heard = _deference(facts, strength, np.concatenate([partners, allies]))
    return _hash(found, heard[: len(partners)])


def _actions(facts: Columns, links: tuple[Hashes, ...], partners: Hashes, actions: Hashes) -> Hashes:
    pledge, came, *_ = links
    found = _gather(facts.pledges.first, _hash(pledge, partners[facts.pledges.second]), len(actions))
    found += _gather(facts.came.first, _hash(came, partners[facts.came.second]), len(actions))
    return _hash(actions, found)


def _allies(facts: Columns, links: tuple[Hashes, ...], partners: Hashes, allies: Hashes) -> Hashes:
    heard = _deference(facts, links[3], np.concatenate([partners, allies]))
    return _hash(PILLAR, allies, _group(facts.pillar, allies), heard[len(partners) :])


def _deference(facts: Columns, strength: Hashes, everybody: Hashes) -> Hashes:
    ties = facts.deference
    found = _gather(ties.first, _hash(HEARD, strength, everybody[ties.second]), len(everybody))
    return found + _gather(ties.second, _hash(LISTENER, strength, everybody[ties.first]), len(everybody))


def _group(label: Positions, hashes: Hashes) -> Hashes:
    """For each member the sum over its group; 0 for one without a group."""
    sums = _gather(label[label >= 0], hashes[label >= 0], int(label.max(initial=-1)) + 2)
    return np.where(label >= 0, sums[label], np.uint64(0))


def _gather(places: Positions, hashes: Hashes, count: int) -> Hashes:
    sums = np.zeros(count, np.uint64)
    np.add.at(sums, places, hashes)
    return sums


def _hash(*columns: Hashes | np.uint64) -> Hashes:
    """SplitMix64's finalizer over the columns in turn (Steele, Lea, Flood 2014); arithmetic is modulo
    2^64."""
    found = np.full(1, 0x9E3779B97F4A7C15, np.uint64)
    for column in columns:
        found = (found * np.uint64(0xD1342543DE82EF95)) ^ column
        found = (found ^ (found >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        found = (found ^ (found >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        found = found ^ (found >> np.uint64(31))
    return found
