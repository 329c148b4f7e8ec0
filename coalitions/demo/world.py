"""The facts of the fictional coalition, from the tables beside this file."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

SLUG = "riverside"
NAME = "Riverside Transit Coalition"
TIME_ZONE = "America/Chicago"
CAUSE = (
    "Night buses back on every line, fares frozen for two years,"
    " and breaks for drivers that the timetable keeps."
)
TARGET = "The mayor and the transit board"


@dataclass(frozen=True, slots=True)
class Person:
    key: str
    email: str
    name: str


LEAD = Person("lead", "lead@demo.example", "Amara Mbeki")
ORGANIZER = Person("organizer", "organizer@demo.example", "Jonas Oduya")
OBSERVER = Person("observer", "observer@demo.example", "Teresa Kline")
PARTNER = Person("partner", "partner@demo.example", "Ruth Halloran")
# The group whose own person signs in with partner@demo.example.
PARTNERS_OWN = "nurses"

# What the lead settled, by days before today.
SETTLED: tuple[tuple[int, dict[str, Any]], ...] = (
    (7 * 60, {"critical_mass": 800, "target": TARGET}),
    (7 * 29, {"critical_mass": 1000, "communities_aimed_at": 8}),
    (86, {"critical_mass": 1400, "communities_aimed_at": 13}),
)


@dataclass(frozen=True, slots=True)
class Group:
    """`since` and `until` in weeks before today, None for whoever never joined. `bonds`: one letter for each
    of the four, y held, n not held, ? unknown. `size`, `rate`: its usual pledge, and the share that comes."""

    key: str
    name: str
    kind: str
    community: str
    place: str
    reach: int | None
    since: int | None
    until: int | None
    bonds: str
    size: int
    rate: float


@dataclass(frozen=True, slots=True)
class Pair:
    """`day` in days before today; the later share is what the two said after another look."""

    one: str
    other: str
    share: float
    day: int
    later_share: float | None
    later_day: int | None


@dataclass(frozen=True, slots=True)
class Held:
    """`weeks` before the march and `weekday` (Monday is 0) say when; `scale`: pledges against the usual ones;
    `day`: what weather and hour did; `uncounted` groups brought no list."""

    key: str
    title: str
    kind: str
    place: str
    weeks: int
    weekday: int
    hour: int
    scale: float
    day: float
    partners: str
    walk_ins: int | None
    uncounted: str
    is_big: bool


@dataclass(frozen=True, slots=True)
class Crowd:
    """A count of everyone who came; the best one of each action stands first."""

    action: str
    low: int
    best: int
    high: int
    method: str
    counted_by: str
    is_independent: bool


@dataclass(frozen=True, slots=True)
class Planned:
    """`days` after the march; `announced` in days before today."""

    key: str
    title: str
    kind: str
    place: str
    days: int
    hour: int
    announced: int
    is_big: bool


@dataclass(frozen=True, slots=True)
class Said:
    """What a partner pledged for an action ahead, `day` days before today."""

    action: str
    partner: str
    day: int
    low: int
    likely: int
    high: int
    note: str
    is_held_back: bool


Row = TypeVar("Row")
READERS: dict[Any, Any] = {
    str: str,
    int: int,
    float: float,
    bool: "yes".__eq__,
    int | None: lambda text: int(text) if text else None,
    float | None: lambda text: float(text) if text else None,
}


def _table(row: type[Row], name: str) -> tuple[Row, ...]:
    readers = {field: READERS[kind] for field, kind in get_type_hints(row).items()}
    with Path(__file__).with_name(f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(
            row(**{field: read(line[field]) for field, read in readers.items()})
            for line in csv.DictReader(lines)
        )


GROUPS = _table(Group, "groups")
OVERLAPS = _table(Pair, "overlaps")
HELD = _table(Held, "held")
CROWDS = _table(Crowd, "crowds")
PLANNED = _table(Planned, "planned")
PLEDGES = _table(Said, "pledges")
