"""What a file says, once it has been read: a record for each row, checked on its own, not yet compared."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, NamedTuple

# Names of the kinds of records, in the order in which they are written.
KINDS = ("organizations", "actions", "participations", "counts", "pledges")


class Place(NamedTuple):
    """Where in the upload: file (from 0) and line (from 1, the header being the first)."""

    file: int
    line: int


@dataclass(frozen=True, slots=True)
class OrganizationRecord:
    """`ref` is how the file's system names it ("ccc:o192"); `values` holds only what the file says."""

    place: Place
    ref: str
    values: dict[str, Any]
    also: tuple[str, ...] = ()
    # The version that an export of ours carried: the row is taken over if nobody edited it since.
    version: int | None = None

    @property
    def name(self) -> str:
        name: str = self.values["name"]
        return name


@dataclass(frozen=True, slots=True)
class ActionRecord:
    place: Place
    ref: str
    values: dict[str, Any]
    also: tuple[str, ...] = ()
    version: int | None = None


@dataclass(frozen=True, slots=True)
class ParticipationRecord:
    place: Place
    action: str
    organization: str
    position: int


@dataclass(frozen=True, slots=True)
class CountRecord:
    """People counted. `organization` is set for the people of one partner, and only then."""

    place: Place
    ref: str
    action: str
    organization: str
    of: str
    low: int
    best: int
    high: int
    method: str
    counted_by: str
    is_independent: bool
    source: str = ""


@dataclass(frozen=True, slots=True)
class PledgeRecord:
    place: Place
    ref: str
    action: str
    organization: str
    low: int
    likely: int
    high: int
    note: str = ""


@dataclass(slots=True)
class Records:
    organizations: list[OrganizationRecord] = field(default_factory=list)
    actions: list[ActionRecord] = field(default_factory=list)
    participations: list[ParticipationRecord] = field(default_factory=list)
    counts: list[CountRecord] = field(default_factory=list)
    pledges: list[PledgeRecord] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(len(getattr(self, kind)) for kind in KINDS)


def fingerprint(*parts: object) -> str:
    """A short name for something that has none of its own: the same parts give the same name, always."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:24]


def name_ref(name: str) -> str:
    """How an organization is known to files that have names only."""
    folded = " ".join(name.casefold().split())
    return f"name:{folded if len(folded) <= 200 else fingerprint(folded)}"


def split_ref(ref: str) -> tuple[str, str]:
    system, _, identifier = ref.partition(":")
    return system, identifier
