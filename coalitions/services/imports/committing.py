"""Write a checked import: all rows or none, as one change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from django.db import connection

from coalitions import changes
from coalitions.models import (
    Action,
    Change,
    Coalition,
    Count,
    CurrentPledge,
    ExternalId,
    Import,
    ImportNote,
    ImportState,
    Organization,
    Participation,
    Pledge,
    Role,
)
from coalitions.services.editing import Refused, one_transaction
from coalitions.services.imports import notes
from coalitions.services.imports.choices import chosen
from coalitions.services.imports.copying import Step
from coalitions.services.imports.directory import load
from coalitions.services.imports.plan import compare
from coalitions.services.imports.planned import Plan
from coalitions.services.imports.records import KINDS, Records
from coalitions.services.imports.uploads import FRAGMENT, settle
from coalitions.services.imports.writing import Writer

# A worker may take longer than a page. Rows of others are locked only for as long as they are written.
PATIENCE = (
    "SET LOCAL statement_timeout = '120s'; SET LOCAL lock_timeout = '60s';"
    " SET LOCAL idle_in_transaction_session_timeout = '120s'"
)


class NotAllowed(Exception):
    """The person who pressed the button may not do this any more."""


@one_transaction
def commit_import(
    upload: Import, *, records: Records, begin: Callable[[int], None], step: Step
) -> Change | None:
    """`begin` is told how many rows will be written, `step` how many were.

    Returns None when there is nothing to write. Raises `MovedOn` to be tried again, `LookupError` when the
    file points at rows that are gone since the check.
    """
    coalition = upload.coalition
    _take_turns(coalition)
    plan = compare(
        records,
        load(coalition),
        same=chosen(upload.lookalikes, upload.choices),
        may_jump=_role(upload) >= Role.LEAD,
    )
    begin(plan.writes())
    change = _write(upload, plan, step=step) if plan.writes() else None
    row = Import.objects.select_for_update().get(coalition=coalition, pk=upload.pk)
    if row.state != ImportState.COMMITTING:
        raise Refused("cancelled")
    row.change, row.done, row.total = change, plan.writes(), plan.writes()
    row.summary |= {"tallies": plan.tallies, "kept": plan.kept}
    row.save(update_fields=["change", "done", "total", "summary"])
    settle(row, ImportState.DONE)
    return change


def _write(upload: Import, plan: Plan, *, step: Step) -> Change:
    coalition = upload.coalition
    writer = Writer(coalition, by=upload.by, name=upload.public_id.hex[:12], step=step)
    notes.keep(upload, ImportNote.Kind.UNDO, writer.write(plan))
    return changes.record(
        coalition,
        by=upload.by,
        verb="import.committed",
        subject=", ".join(upload.files.order_by("pk").values_list("name", flat=True)),
        fragment=FRAGMENT,
        after={"import": str(upload.public_id)} | _new_and_changed(plan.tallies),
    )


def count_rows_anew() -> None:
    """The planner's picture of the tables is from before: without this the next pages choose slow ways."""
    tables = (Organization, Action, Participation, ExternalId, Count, Pledge, CurrentPledge)
    with connection.cursor() as cursor:
        for model in tables:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")


def _take_turns(coalition: Coalition) -> None:
    with connection.cursor() as cursor:
        cursor.execute(PATIENCE)
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('imports of', %s))", [coalition.pk])


def _role(upload: Import) -> int:
    """Whoever lost the role, or the account, since pressing the button imports nothing."""
    found = upload.coalition.memberships.filter(
        user=upload.by, user__is_active=True, role__gte=Role.ORGANIZER
    ).first()
    if found is None:
        raise NotAllowed
    return found.role


def _new_and_changed(tallies: dict[str, Counter[str]]) -> dict[str, int]:
    """For the history: "organizations": 199 and so on, whatever was added or changed."""
    found = {kind: tallies.get(kind, Counter()) for kind in KINDS}
    return {kind: counted["new"] + counted["changed"] for kind, counted in found.items()}
