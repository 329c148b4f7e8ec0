"""The Crowd Counting Consortium's records: three tables with ids, or its single public file without."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from coalitions.exchange.fields import Fields, tidy
from coalitions.models import ActionKind, ActionStatus, CountMethod, CountOf, OrganizationKind
from coalitions.services.imports.records import (
    ActionRecord,
    CountRecord,
    OrganizationRecord,
    ParticipationRecord,
    Records,
    fingerprint,
    name_ref,
)

SYSTEM = "ccc"
COUNTED_BY = "Crowd Counting Consortium"

# The table of organizations guesses their kind by keywords; a guess that is not listed stays "other".
ORGANIZATION_KINDS = {
    "union": OrganizationKind.UNION,
    "religious": OrganizationKind.FAITH,
    "student": OrganizationKind.STUDENTS,
    "party": OrganizationKind.PARTY,
    "coalition": OrganizationKind.COALITION,
    "government": OrganizationKind.PUBLIC_BODY,
}
# The vocabulary of types is free. The first word found wins, so the narrower words come first.
ACTION_KINDS = (
    ("sit-in", ActionKind.SIT_IN),
    ("die-in", ActionKind.SIT_IN),
    ("occupation", ActionKind.SIT_IN),
    ("hunger strike", ActionKind.OTHER),
    ("strike", ActionKind.STRIKE),
    ("walkout", ActionKind.STRIKE),
    ("walk-out", ActionKind.STRIKE),
    ("sickout", ActionKind.STRIKE),
    ("work stoppage", ActionKind.STRIKE),
    ("picket", ActionKind.PICKET),
    ("boycott", ActionKind.BOYCOTT),
    ("vigil", ActionKind.VIGIL),
    ("memorial", ActionKind.VIGIL),
    ("march", ActionKind.MARCH),
    ("parade", ActionKind.MARCH),
    ("rally", ActionKind.RALLY),
    ("protest", ActionKind.DEMONSTRATION),
    ("demonstration", ActionKind.DEMONSTRATION),
    ("conference", ActionKind.MEETING),
    ("teach-in", ActionKind.MEETING),
    ("meeting", ActionKind.MEETING),
)


def organization(row: Fields, records: Records, **_context: Any) -> None:
    ref = row.ref("org_id", system=SYSTEM, needed=True)
    values: dict[str, Any] = {"name": row.text("name", most=200, needed=True)}
    kind = ORGANIZATION_KINDS.get(row.raw("type_guess").casefold())
    if kind:
        values["kind"] = str(kind)
    place = row.text("main_locality", most=120)
    if place:
        values["place"] = place
    if row.is_sound:
        records.organizations.append(OrganizationRecord(row.place, ref, values))


def action(row: Fields, records: Records, *, today: date, **_context: Any) -> None:
    ref = row.ref("action_id", system=SYSTEM, needed=True)
    _action_with_size(row, records, ref=ref, types="event_types", today=today)


def participation(row: Fields, records: Records, **_context: Any) -> None:
    action_ref = row.ref("action_id", system=SYSTEM, needed=True)
    organization_ref = row.ref("org_id", system=SYSTEM, needed=True)
    position = min(row.people("position") or 1, 32_767)
    if row.is_sound:
        records.participations.append(
            ParticipationRecord(row.place, action_ref, organization_ref, max(position, 1))
        )


IDENTIFYING = ("date", "locality", "state", "location_detail", "title", "type", "organizations", "claims")


class SingleFile:
    """One line per action, its organizations in one field. Names and places have to serve as ids."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.names: set[str] = set()

    def row(self, row: Fields, records: Records, *, today: date, **_context: Any) -> None:
        print_of_row = fingerprint(*(row.raw(column) for column in IDENTIFYING))
        self.seen[print_of_row] += 1
        # The records do hold the same line twice: two actions of one group on one day in one town.
        ref = f"{SYSTEM}:row-{print_of_row}-{self.seen[print_of_row]}"
        _action_with_size(row, records, ref=ref, types="type", today=today)
        names = [tidy(name) for name in row.raw("organizations").split(";")]
        if any(len(name) > 200 for name in names):
            row.bad("too_long", column="organizations")
        if row.is_sound:
            self._organizations(row, records, ref=ref, names=[name for name in names if name])

    def _organizations(self, row: Fields, records: Records, *, ref: str, names: list[str]) -> None:
        for position, name in enumerate(names, start=1):
            organization_ref = name_ref(name)
            if organization_ref not in self.names:
                self.names.add(organization_ref)
                records.organizations.append(OrganizationRecord(row.place, organization_ref, {"name": name}))
            records.participations.append(
                ParticipationRecord(row.place, ref, organization_ref, min(position, 32_767))
            )


def _action_with_size(row: Fields, records: Records, *, ref: str, types: str, today: date) -> None:
    day = row.day("date", needed=True)
    kind, type_word = _kind(row.raw(types))
    locality, state = row.text("locality", most=150), row.text("state", most=40)
    place = ", ".join(part for part in (locality, state) if part)
    if not place and row.raw("online") == "1":
        place = "Online"
    title = row.text("title", most=200) or ", ".join(part for part in (type_word, locality or place) if part)
    values: dict[str, Any] = {"title": title[:200], "kind": str(kind)}
    if place:
        values["place"] = place
    coordinates = row.coordinates("lat", "lon")
    if coordinates:
        values["latitude"], values["longitude"] = coordinates
    size = _size(row)
    if size and day and day >= today:
        row.bad("count_ahead", column="size_mean" if row.has("size_mean") else "size_low")
    if not row.is_sound or day is None:
        return
    values["day"] = day
    values["status"] = str(ActionStatus.HELD if day < today else ActionStatus.PLANNED)
    records.actions.append(ActionRecord(row.place, ref, values))
    if size:
        records.counts.append(_crowd(row, ref, size))


def _crowd(row: Fields, ref: str, size: tuple[int, int, int]) -> CountRecord:
    low, best, high = size
    return CountRecord(
        place=row.place,
        ref=ref,
        action=ref,
        organization="",
        of=str(CountOf.CROWD),
        low=low,
        best=best,
        high=high,
        method=str(CountMethod.ESTIMATE),
        counted_by=COUNTED_BY,
        is_independent=True,
    )


def _size(row: Fields) -> tuple[int, int, int] | None:
    """Reported counts, lowest to highest. Nothing reported is unknown, not zero."""
    low, high, mean = (row.people(column, rounded=True) for column in ("size_low", "size_high", "size_mean"))
    known = [figure for figure in (low, mean, high) if figure is not None]
    if not known:
        return None
    low = known[0] if low is None else low
    high = known[-1] if high is None else high
    best = (low + high + 1) // 2 if mean is None else mean
    if not low <= best <= high:
        row.bad("out_of_order", column="size_low" if row.has("size_low") else "size_high")
        return None
    return low, best, high


def _kind(types: str) -> tuple[ActionKind, str]:
    """The kind, and the word for a title where the record has none."""
    words = [tidy(word) for word in types.replace(",", ";").split(";") if word.strip()]
    for word in words:
        for part, kind in ACTION_KINDS:
            if part in word.casefold():
                return kind, _capital(word)
    return ActionKind.OTHER, _capital(words[0]) if words else "Action"


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:80]
