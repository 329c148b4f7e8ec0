"""Write a history into the database at once: every row and change as the services would have left them.

The services stamp the moment of an edit and know no past. A story that is told afterwards needs its own days,
so it is played in memory, in order, and stored in bulk. Tests hold the result against services and ledger.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import connection, models

from coalitions.facts import BOND_KINDS
from coalitions.method import Facts
from coalitions.method import facts as method
from coalitions.models import (
    BOND_FIELDS,
    WEIGHT_FIELDS,
    Action,
    ActionStatus,
    Change,
    Coalition,
    Count,
    CountOf,
    CurrentPledge,
    Organization,
    Overlap,
    Pledge,
    User,
)
from coalitions.services.actions import ACTION_FIELDS
from coalitions.services.directory import ORGANIZATION_FIELDS
from coalitions.services.editing import snapshot
from coalitions.services.ledgers import pledge_fragment

FIGURES = ("low", "likely", "high")
COUNTED = ("low", "best", "high", "of", "method", "counted_by", "is_independent", "is_withdrawn")


class Scribe:
    """The state of one coalition while its story is played; `store` writes it down."""

    def __init__(
        self, coalition: Coalition, organizations: dict[str, Organization], actions: dict[str, Action]
    ) -> None:
        self.coalition = coalition
        # Rows have their numbers from the start, since the record of a change names them.
        self.organizations = organizations
        self.actions = actions
        Organization.objects.bulk_create(organizations.values())
        Action.objects.bulk_create(actions.values())
        self.present: set[models.Model] = set()
        self.overlaps: dict[tuple[str, str], Overlap] = {}
        self.pledges: list[Pledge] = []
        self.current: dict[tuple[Action, Organization], CurrentPledge] = {}
        self.counts: list[Count] = []
        self.changes: list[Change] = []
        self.waiting: dict[type[models.Model], list[int]] = {}

    def record(
        self, at: datetime, by: User, verb: str, *, subject: str, fragment: str, **values: Any
    ) -> None:
        revision = self.coalition.revision = self.coalition.revision + 1
        self.changes.append(
            Change(
                coalition=self.coalition,
                revision=revision,
                at=at,
                by=by,
                verb=verb,
                subject=subject,
                fragment=fragment,
                **values,
            )
        )

    def add(self, at: datetime, by: User, row: Organization | Action) -> None:
        is_action = isinstance(row, Action)
        self.present.add(row)
        self.record(
            at,
            by,
            "action.planned" if is_action else "organization.added",
            subject=str(row),
            fragment="actions" if is_action else "organizations",
            after=snapshot(row, ACTION_FIELDS if is_action else ORGANIZATION_FIELDS) | {"id": row.pk},
        )

    def edit(self, at: datetime, by: User, row: Any, verb: str, **values: Any) -> None:
        before = snapshot(row, values)
        for name, value in values.items():
            setattr(row, name, value)
        row.version += 1
        self.record(
            at,
            by,
            verb,
            subject=_title(row),
            fragment=row.fragment,
            before=before,
            after=snapshot(row, values),
        )

    def declare(self, at: datetime, by: User, one: str, other: str, share: float) -> None:
        pair = sorted((self.organizations[one], self.organizations[other]), key=lambda row: row.pk)
        overlap = Overlap(
            pk=self._number(Overlap),
            coalition=self.coalition,
            first=pair[0],
            second=pair[1],
            share=share,
            by=by,
            at=at,
        )
        self.overlaps[one, other] = overlap
        self.record(
            at,
            by,
            "overlap.declared",
            subject=_title(overlap),
            fragment="overlaps",
            after={"share": share, "id": overlap.pk, "first": pair[0].pk, "second": pair[1].pk},
        )

    def declare_anew(self, at: datetime, by: User, one: str, other: str, share: float) -> None:
        self.edit(at, by, self.overlaps[one, other], "overlap.changed", share=share)

    def pledge(
        self,
        at: datetime,
        by: User,
        action: Action,
        organization: Organization,
        figures: tuple[int, int, int],
        *,
        note: str = "",
        is_held_back: bool = False,
    ) -> None:
        values = dict(zip(FIGURES, figures, strict=True))
        row = Pledge(
            pk=self._number(Pledge),
            coalition=self.coalition,
            action=action,
            organization=organization,
            by=by,
            at=at,
            note=note,
            is_held_back=is_held_back,
            idempotency_key=f"demo-{len(self.pledges)}",
            **values,
        )
        cell = self.current.get((action, organization))
        before = {name: getattr(cell.latest, name) for name in FIGURES} if cell else None
        self.pledges.append(row)
        self.current[action, organization] = self._rolled_up(cell, row, values)
        self.record(
            at,
            by,
            "pledge.held_back" if is_held_back else "pledge.logged",
            subject=f"{organization.name} · {action.title}",
            fragment=pledge_fragment(action, organization),
            before=before,
            after=values | {"action": action.pk, "organization": organization.pk},
        )

    def _rolled_up(self, cell: CurrentPledge | None, row: Pledge, values: dict[str, int]) -> CurrentPledge:
        if cell is None:
            cell = CurrentPledge(
                coalition=self.coalition,
                action=row.action,
                organization=row.organization,
                low=0,
                likely=0,
                high=0,
                version=0,
            )
        cell.latest = row
        cell.version += 1
        if not row.is_held_back:
            cell.counted = row
            for name, value in values.items():
                setattr(cell, name, value)
        return cell

    def count(self, at: datetime, by: User, action: Action, of: CountOf, **values: Any) -> None:
        row = Count(
            pk=self._number(Count),
            coalition=self.coalition,
            action=action,
            of=of,
            by=by,
            at=at,
            idempotency_key=f"demo-{len(self.counts)}",
            **values,
        )
        self.counts.append(row)
        self.record(
            at,
            by,
            "count.logged",
            subject=action.title,
            fragment=f"counts-{action.public_id}",
            after={name: getattr(row, name) for name in COUNTED} | {"id": row.pk},
        )

    def _number(self, model: type[models.Model]) -> int:
        """The next number of the table's own sequence, fetched a few hundred at a time."""
        waiting = self.waiting.setdefault(model, [])
        if not waiting:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, 300)",
                    [model._meta.db_table],
                )
                waiting.extend(number for (number,) in reversed(cursor.fetchall()))
        return waiting.pop()

    def facts(self, today: date) -> Facts:
        """What the coalition knew at this point of its story: `facts.ground_floor`, from memory."""
        partners = [row for row in self.organizations.values() if row in self.present and row.is_partner]
        matters = [row for row in self.actions.values() if row in self.present and _matters(row, today)]
        return Facts(
            coalition=method.Coalition(
                critical_mass=self.coalition.critical_mass,
                communities_aimed_at=self.coalition.communities_aimed_at,
                weights=method.Weights(*(getattr(self.coalition, name) for name in WEIGHT_FIELDS)),
            ),
            partners=[(row.pk, row.community or None) for row in partners],
            bonds=[
                (row.pk, kind, held)
                for row in partners
                for kind, name in zip(BOND_KINDS, BOND_FIELDS, strict=True)
                if (held := getattr(row, name)) is not None
            ],
            overlaps=[(row.first_id, row.second_id, row.share) for row in self.overlaps.values()],
            actions=[(row.pk, row.status, self._crowd(row), row.is_big) for row in matters],
            pledges=[
                (action.pk, partner.pk, cell.low, cell.likely, cell.high)
                for (action, partner), cell in self.current.items()
                if cell.counted is not None and action in matters
            ],
            came=[
                (row.action.pk, row.organization.pk, row.best)
                for row in self.counts
                if row.organization is not None and row.action.status == ActionStatus.HELD
            ],
        )

    def _crowd(self, action: Action) -> int | None:
        """The first count of each crowd is the best one by the order in which the world names them."""
        if action.status != ActionStatus.HELD:
            return None
        return next(
            (row.best for row in self.counts if row.action is action and row.of == CountOf.CROWD), None
        )

    def store(self) -> None:
        mine = {"coalition": self.coalition}
        Organization.objects.filter(**mine).bulk_update(
            self.organizations.values(), [*ORGANIZATION_FIELDS, "version"]
        )
        Action.objects.filter(**mine).bulk_update(self.actions.values(), [*ACTION_FIELDS, "version"])
        Overlap.objects.bulk_create(self.overlaps.values())
        Pledge.objects.bulk_create(self.pledges)
        CurrentPledge.objects.bulk_create(self.current.values())
        Count.objects.bulk_create(self.counts)
        Change.objects.bulk_create(self.changes)
        self.coalition.changed_at = self.changes[-1].at
        self.coalition.save()


def _matters(action: Action, today: date) -> bool:
    ahead = action.status == ActionStatus.PLANNED and action.day >= today
    return ahead or action.status == ActionStatus.HELD


def _title(row: Any) -> str:
    return f"{row.first.name} · {row.second.name}" if isinstance(row, Overlap) else str(row)
