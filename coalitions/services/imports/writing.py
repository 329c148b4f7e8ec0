"""Write a plan, and note what an undo will need."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from coalitions.models import (
    Action,
    Coalition,
    Count,
    CurrentPledge,
    ExternalId,
    Organization,
    Participation,
    Pledge,
    User,
)
from coalitions.services.imports.copying import Step, copy, execute_many, ranges, reserve
from coalitions.services.imports.directory import IMPORTED
from coalitions.services.imports.merging import plainly
from coalitions.services.imports.planned import NewCount, NewPledge, Plan, Rows
from coalitions.services.imports.records import split_ref

Undo = dict[str, Any]


class MovedOn(Exception):
    """Somebody edited a row between our look and our writing: look again."""


class Writer:
    """One import being written, inside the caller's transaction."""

    def __init__(self, coalition: Coalition, *, by: User | None, name: str, step: Step) -> None:
        self.coalition = coalition
        self.by = by
        self.name = name
        self.step = step
        self.organizations: list[int] = []
        self.actions: list[int] = []

    def write(self, plan: Plan) -> Undo:
        self.organizations = self._things(Organization, plan.organizations)
        self.actions = self._things(Action, plan.actions)
        return {
            "organizations": self._undo_of(plan.organizations, self.organizations),
            "actions": self._undo_of(plan.actions, self.actions),
            "links": [
                *self._links(plan.organizations, self.organizations, "organization"),
                *self._links(plan.actions, self.actions, "action"),
            ],
            "said": [
                [pk, before]
                for rows in (plan.organizations, plan.actions)
                for pk, (before, _after) in rows.said.items()
            ],
            "participations": self._participations(plan),
            "counts": self._counts(plan.counts),
            "pledges": self._pledges(plan.pledges),
        }

    def _things(self, model: type[Organization | Action], rows: Rows) -> list[int]:
        pks = reserve(model, len(rows.new))
        names = sorted({name for values in rows.new for name in values})
        defaults = {name: model._meta.get_field(name).get_default() for name in names}  # type: ignore[union-attr]
        copy(
            model,
            ["id", "coalition", *names],
            (
                (pk, self.coalition.pk, *(values.get(name, defaults[name]) for name in names))
                for pk, values in zip(pks, rows.new, strict=True)
            ),
            step=self.step,
        )
        for change in rows.changed:
            found = model.objects.filter(coalition=self.coalition, pk=change.pk, version=change.version)
            if not found.update(**change.taken, version=change.version + 1):
                raise MovedOn
            self.step(1)
        execute_many(
            f"UPDATE {ExternalId._meta.db_table} SET imported = %s WHERE id = %s",  # noqa: S608  (own table)
            ((json.dumps(after), pk) for pk, (_before, after) in rows.said.items()),
            step=lambda _number: None,
        )
        return pks

    def _undo_of(self, rows: Rows, pks: list[int]) -> dict[str, Any]:
        return {
            "created": ranges(pks),
            "changed": [[change.pk, change.before, plainly(change.taken)] for change in rows.changed],
        }

    def _links(self, rows: Rows, pks: list[int], column: str) -> list[list[int]]:
        found = reserve(ExternalId, len(rows.links))
        copy(
            ExternalId,
            ["id", "coalition", column, "system", "identifier", "imported"],
            (
                (
                    pk,
                    self.coalition.pk,
                    _resolved(link.target, pks),
                    *split_ref(link.ref),
                    json.dumps(link.imported),
                )
                for pk, link in zip(found, rows.links, strict=True)
            ),
            step=self.step,
        )
        return ranges(found)

    def _participations(self, plan: Plan) -> list[list[int]]:
        pks = reserve(Participation, len(plan.participations))
        copy(
            Participation,
            ["id", "coalition", "action", "organization", "position"],
            (
                (
                    pk,
                    self.coalition.pk,
                    _resolved(action, self.actions),
                    _resolved(organization, self.organizations),
                    position,
                )
                for pk, (action, organization, position) in zip(pks, plan.participations, strict=True)
            ),
            step=self.step,
        )
        return ranges(pks)

    def _counts(self, counts: list[NewCount]) -> list[list[int]]:
        pks = reserve(Count, len(counts))
        figures = ("of", "low", "best", "high", "method", "counted_by", "is_independent", "source")
        copy(
            Count,
            ["id", "coalition", "action", "organization", "by", "corrects", "idempotency_key", *figures],
            (
                (
                    pk,
                    self.coalition.pk,
                    _resolved(count.action, self.actions),
                    None if count.organization is None else _resolved(count.organization, self.organizations),
                    self.by and self.by.pk,
                    count.corrects,
                    self._key(count.name),
                    *(getattr(count.record, name) for name in figures),
                )
                for pk, count in zip(pks, counts, strict=True)
            ),
            step=self.step,
        )
        return ranges(pks)

    def _pledges(self, pledges: list[NewPledge]) -> list[list[int]]:
        if not pledges:
            return []
        rows = list(self._pledge_rows(pledges))
        lock_actions(self.coalition, {row["action_id"] for row in rows})
        names = ("action_id", "organization_id", "low", "likely", "high", "note", "is_held_back")
        fields = [name.removesuffix("_id") for name in names]
        copy(
            Pledge,
            ["id", "coalition", "by", "idempotency_key", *fields],
            (
                (
                    row["id"],
                    self.coalition.pk,
                    self.by and self.by.pk,
                    row["key"],
                    *(row[name] for name in names),
                )
                for row in rows
            ),
            step=self.step,
        )
        roll_up(self.coalition, rows)
        return ranges(row["id"] for row in rows)

    def _pledge_rows(self, pledges: list[NewPledge]) -> Iterator[dict[str, Any]]:
        pks = reserve(Pledge, len(pledges))
        for pk, pledge in zip(pks, pledges, strict=True):
            record = pledge.record
            yield {
                "id": pk,
                "key": self._key(pledge.name),
                "action_id": _resolved(pledge.action, self.actions),
                "organization_id": _resolved(pledge.organization, self.organizations),
                "low": record.low,
                "likely": record.likely,
                "high": record.high,
                "note": record.note,
                "is_held_back": pledge.is_held_back,
                "seen_version": pledge.seen_version,
            }

    def _key(self, name: str) -> str:
        return f"{IMPORTED}{name}:{self.name}"


def lock_actions(coalition: Coalition, pks: set[int]) -> None:
    """The same lock as for a pledge by hand: one writer at a time per action."""
    rows = coalition.actions.filter(pk__in=pks).order_by("pk").select_for_update(no_key=True)
    list(rows.values_list("pk", flat=True))


def roll_up(coalition: Coalition, rows: list[dict[str, Any]]) -> None:
    """Bring the current pledges up to the newest rows, in order. Raises `MovedOn` if one moved meanwhile."""
    actions = {row["action_id"] for row in rows}
    held = coalition.current_pledges.filter(action_id__in=actions)
    current = {(row.action_id, row.organization_id): row for row in held}
    touched: dict[tuple[int, int], CurrentPledge] = {}
    for row in rows:
        pair = (row["action_id"], row["organization_id"])
        rollup = current.setdefault(pair, _nothing_yet(coalition, *pair))
        if rollup.version != row["seen_version"]:
            raise MovedOn
        rollup.latest_id = row["id"]
        rollup.version += 1
        if not row["is_held_back"]:
            rollup.counted_id = row["id"]
            rollup.low, rollup.likely, rollup.high = row["low"], row["likely"], row["high"]
        touched[pair] = rollup
    known = [rollup for rollup in touched.values() if rollup.pk]
    fields = ["latest", "counted", "low", "likely", "high", "version"]
    coalition.current_pledges.bulk_update(known, fields, batch_size=500)
    CurrentPledge.objects.bulk_create([rollup for rollup in touched.values() if not rollup.pk])


def _nothing_yet(coalition: Coalition, action: int, organization: int) -> CurrentPledge:
    return CurrentPledge(
        coalition=coalition,
        action_id=action,
        organization_id=organization,
        low=0,
        likely=0,
        high=0,
        version=0,
    )


def _resolved(target: int, pks: list[int]) -> int:
    return target if target > 0 else pks[-target - 1]
