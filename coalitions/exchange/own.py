"""Our own tables: organizations, actions, participation, pledges and counts (columns: docs/import.md)."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from coalitions.exchange.fields import Fields
from coalitions.models import ActionKind, ActionStatus, CountMethod, CountOf, OrganizationKind
from coalitions.services.imports.records import (
    ActionRecord,
    CountRecord,
    OrganizationRecord,
    ParticipationRecord,
    PledgeRecord,
    Records,
    fingerprint,
    name_ref,
)

# Ids that name no system of their own.
SYSTEM = "csv"
BONDS = ("agreement", "demands", "mandate", "decision_rule")

ORGANIZATION_COLUMNS = (
    "id",
    "external_ids",
    "name",
    "kind",
    "community",
    "place",
    "latitude",
    "longitude",
    "reach",
    "partner_since",
    "partner_until",
    *BONDS,
    "version",
)
ACTION_COLUMNS = (
    "id",
    "external_ids",
    "title",
    "kind",
    "place",
    "latitude",
    "longitude",
    "day",
    "starts_at",
    "status",
    "is_big",
    "version",
)
PARTICIPATION_COLUMNS = ("action_id", "organization_id", "organization", "position")
PLEDGE_COLUMNS = ("id", "action_id", "organization_id", "organization", "low", "likely", "high", "note")
COUNT_COLUMNS = (
    "id",
    "action_id",
    "organization_id",
    "organization",
    "of",
    "low",
    "best",
    "high",
    "method",
    "counted_by",
    "is_independent",
    "source",
)


class OwnTables:
    """Rows without an id get one from what they say, and from how often it was said before."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()

    def organization(self, row: Fields, records: Records, **_context: Any) -> None:
        name = row.text("name", most=200, needed=True)
        values: dict[str, Any] = {"name": name}
        joined, left = row.day("partner_since"), row.day("partner_until")
        if left and (joined is None or left < joined):
            row.bad("left_before_joined", column="partner_until")
        _keep(values, "kind", row.choice("kind", OrganizationKind.values))
        _keep(values, "community", row.text("community", most=80) or None)
        _keep(values, "place", row.text("place", most=120) or None)
        _keep(values, "reach", row.people("reach"))
        _keep(values, "partner_since", joined)
        _keep(values, "partner_until", left)
        for bond in BONDS:
            _keep(values, f"bond_{bond}", row.yes_no(bond))
        _keep_coordinates(values, row)
        ref = row.ref("id", system=SYSTEM) or name_ref(name)
        also, version = row.refs("external_ids"), row.people("version")
        if row.is_sound:
            records.organizations.append(OrganizationRecord(row.place, ref, values, also, version))

    def action(self, row: Fields, records: Records, *, today: date, **_context: Any) -> None:
        day = row.day("day", needed=True)
        values: dict[str, Any] = {"title": row.text("title", most=200, needed=True)}
        _keep(values, "kind", row.choice("kind", ActionKind.values))
        _keep(values, "place", row.text("place", most=200) or None)
        _keep(values, "starts_at", row.hour("starts_at"))
        _keep(values, "is_big", row.yes_no("is_big"))
        _keep_coordinates(values, row)
        status = row.choice("status", ActionStatus.values)
        ref = row.ref("id", system=SYSTEM)
        also, version = row.refs("external_ids"), row.people("version")
        if not row.is_sound or day is None:
            return
        values["day"] = day
        values["status"] = status or str(ActionStatus.HELD if day < today else ActionStatus.PLANNED)
        ref = ref or self._made_up(day, values["title"], values.get("place", ""))
        records.actions.append(ActionRecord(row.place, ref, values, also, version))

    def participation(self, row: Fields, records: Records, **_context: Any) -> None:
        action = row.ref("action_id", system=SYSTEM, needed=True)
        organization = _organization_ref(row, needed=True)
        position = min(max(row.people("position") or 1, 1), 32_767)
        if row.is_sound:
            records.participations.append(ParticipationRecord(row.place, action, organization, position))

    def pledge(self, row: Fields, records: Records, **_context: Any) -> None:
        action = row.ref("action_id", system=SYSTEM, needed=True)
        organization = _organization_ref(row, needed=True)
        figures = _figures(row, "likely")
        note = row.text("note", most=300)
        ref = row.ref("id", system=SYSTEM)
        if not row.is_sound or figures is None:
            return
        ref = ref or self._made_up(action, organization, *figures)
        records.pledges.append(PledgeRecord(row.place, ref, action, organization, *figures, note))

    def count(self, row: Fields, records: Records, **_context: Any) -> None:
        action = row.ref("action_id", system=SYSTEM, needed=True)
        organization = _organization_ref(row, needed=False)
        of = row.choice("of", CountOf.values) or str(CountOf.PLEDGED if organization else CountOf.CROWD)
        if (of == CountOf.PLEDGED) != bool(organization):
            row.bad("bad_choice", column="of")
        figures = _figures(row, "best")
        method = row.choice("method", CountMethod.values) or str(CountMethod.ESTIMATE)
        counted_by = row.text("counted_by", most=120, needed=True)
        is_independent = row.yes_no("is_independent") or False
        source = row.address("source")
        ref = row.ref("id", system=SYSTEM)
        if not row.is_sound or figures is None:
            return
        ref = ref or self._made_up(action, organization, of, method, counted_by)
        records.counts.append(
            CountRecord(
                row.place, ref, action, organization, of, *figures, method, counted_by, is_independent, source
            )
        )

    def _made_up(self, *parts: object) -> str:
        found = fingerprint(*parts)
        self.seen[found] += 1
        return f"{SYSTEM}:row-{found}-{self.seen[found]}"


def _keep(values: dict[str, Any], name: str, value: object) -> None:
    """An empty field says nothing, so it changes nothing."""
    if value is not None:
        values[name] = value


def _keep_coordinates(values: dict[str, Any], row: Fields) -> None:
    found = row.coordinates("latitude", "longitude")
    if found:
        values["latitude"], values["longitude"] = found


def _organization_ref(row: Fields, *, needed: bool) -> str:
    """By id, or by name where the directory has no ids."""
    if not row.has("organization_id") and row.has("organization"):
        return name_ref(row.text("organization", most=200))
    return row.ref("organization_id", system=SYSTEM, needed=needed)


def _figures(row: Fields, middle: str) -> tuple[int, int, int] | None:
    """All three, or the middle one alone, which then is known exactly."""
    low, best, high = (row.people(column) for column in ("low", middle, "high"))
    if best is None:
        if row.is_sound:
            row.bad("needed", column=middle)
        return None
    if (low is None) != (high is None):
        row.bad("half_of_figures", column="low" if low is None else "high")
        return None
    low, high = (best if low is None else low), (best if high is None else high)
    if not low <= best <= high:
        row.bad("out_of_order", column="low" if low > best else "high")
        return None
    return low, best, high
