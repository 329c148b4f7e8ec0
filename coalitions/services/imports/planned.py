"""What an import would write, down to the row: the outcome of comparing a file with the coalition."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from coalitions.services.imports.records import CountRecord, PledgeRecord


class Change(NamedTuple):
    """Write `taken` into a row that still has `version`; `before` is what an undo puts back."""

    pk: int
    version: int
    taken: dict[str, Any]
    before: dict[str, Any]


class NewLink(NamedTuple):
    ref: str
    target: int
    imported: dict[str, Any]


class NewCount(NamedTuple):
    record: CountRecord
    name: str
    action: int
    organization: int | None
    corrects: int | None


class NewPledge(NamedTuple):
    record: PledgeRecord
    name: str
    action: int
    organization: int
    # The version of the current pledge that this one follows, 0 for a first one.
    seen_version: int
    is_held_back: bool


@dataclass(slots=True)
class Rows:
    """Organizations or actions. Targets of new rows are -1, -2 ... until they are written."""

    new: list[dict[str, Any]] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    links: list[NewLink] = field(default_factory=list)
    # External id -> (what it said before, what it says from now on).
    said: dict[int, tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=dict)
    targets: dict[str, int] = field(default_factory=dict)

    def add(self, values: dict[str, Any]) -> int:
        self.new.append(values)
        return -len(self.new)


@dataclass(slots=True)
class Plan:
    organizations: Rows = field(default_factory=Rows)
    actions: Rows = field(default_factory=Rows)
    participations: list[tuple[int, int, int]] = field(default_factory=list)
    counts: list[NewCount] = field(default_factory=list)
    pledges: list[NewPledge] = field(default_factory=list)
    tallies: dict[str, Counter[str]] = field(default_factory=dict)
    # [kind, file, line, field, what is here, what the file says]
    kept: list[list[Any]] = field(default_factory=list)

    def count(self, kind: str, what: str) -> None:
        self.tallies.setdefault(kind, Counter())[what] += 1

    def writes(self) -> int:
        """Rows that will be written, for the progress bar."""
        both = (self.organizations, self.actions)
        return (
            sum(len(rows.new) + len(rows.changed) + len(rows.links) for rows in both)
            + len(self.participations)
            + len(self.counts)
            + len(self.pledges)
        )
