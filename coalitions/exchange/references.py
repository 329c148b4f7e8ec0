"""Whatever a row points at must exist: in the files, or in this coalition already."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from itertools import chain

from coalitions.exchange.problems import Problem, Problems, TooManyProblems
from coalitions.models import ActionStatus
from coalitions.services.imports.directory import HERE, Directory, Table
from coalitions.services.imports.records import (
    ActionRecord,
    CountRecord,
    OrganizationRecord,
    ParticipationRecord,
    Place,
    PledgeRecord,
    Records,
)


def check(records: Records, directory: Directory, *, today: date) -> list[Problem]:
    problems = Problems()
    with suppress(TooManyProblems):
        _check(records, directory, problems, today=today)
    return problems.found


def _check(records: Records, directory: Directory, problems: Problems, *, today: date) -> None:
    _own_ids(records.organizations, directory.organizations, problems)
    _own_ids(records.actions, directory.actions, problems)
    actions = _refs(records.actions)
    organizations = _refs(records.organizations)
    statuses = {record.ref: (record.values["status"], record.values["day"]) for record in records.actions}
    everything: Iterable[ParticipationRecord | CountRecord | PledgeRecord] = chain(
        records.participations, records.counts, records.pledges
    )
    for record in everything:
        if record.action not in actions and directory.actions.target(record.action) is None:
            problems.add(record.place, "unknown_action", column="action_id", value=record.action)
        named = record.organization
        if named and named not in organizations and directory.organizations.target(named) is None:
            problems.add(record.place, "unknown_organization", column="organization_id", value=named)
    for pledge in records.pledges:
        if pledge.high > directory.pledge_cap:
            problems.add(pledge.place, "above_cap", column="high", value=str(pledge.high))
        if found := statuses.get(pledge.action) or _status_here(directory.actions, pledge.action):
            _refuse_impossible(pledge.place, found, problems)
    for count in records.counts:
        if found := statuses.get(count.action) or _status_here(directory.actions, count.action):
            _refuse_impossible(count.place, found, problems, counted_on=today)


def _refuse_impossible(
    place: Place, found: tuple[str, date], problems: Problems, *, counted_on: date | None = None
) -> None:
    status, day = found
    if status == ActionStatus.CANCELLED:
        problems.add(place, "cancelled_action", column="action_id")
    elif counted_on and status == ActionStatus.PLANNED and day > counted_on:
        problems.add(place, "count_ahead", column="action_id")


def _own_ids(
    records: list[OrganizationRecord] | list[ActionRecord], table: Table, problems: Problems
) -> None:
    for record in records:
        if record.ref.startswith(f"{HERE}:") and table.target(record.ref) is None:
            problems.add(record.place, "unknown_here", column="id", value=record.ref)


def _refs(records: list[OrganizationRecord] | list[ActionRecord]) -> set[str]:
    return {ref for record in records for ref in (record.ref, *record.also)}


def _status_here(table: Table, ref: str) -> tuple[str, date] | None:
    target = table.target(ref)
    if target is None:
        return None
    values = dict(zip(table.fields, table.rows[target].values, strict=True))
    return values["status"], values["day"]
