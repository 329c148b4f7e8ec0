"""Prove that the rollup of pledges says what its ledger says, and mend exactly what does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection

from coalitions import changes
from coalitions.models import Action, Coalition, CurrentPledge
from coalitions.services.editing import one_transaction
from coalitions.services.ledgers import pledge_fragment

FIELDS = ("low", "likely", "high", "latest_id", "counted_id")

# One statement sees one moment: a pledge logged meanwhile cannot look like a difference. A ledger replayed in
# order ends with its newest row as the latest, and with the newest one that was not held back as the counted.
REPLAY = """
    WITH newest AS (
        SELECT action_id, organization_id, max(id) AS latest_id,
               max(id) FILTER (WHERE NOT is_held_back) AS counted_id
        FROM coalitions_pledge WHERE coalition_id = %(coalition)s GROUP BY action_id, organization_id
    ), ledger AS (
        SELECT newest.*, coalesce(low, 0) AS low, coalesce(likely, 0) AS likely, coalesce(high, 0) AS high
        FROM newest LEFT JOIN coalitions_pledge AS counted ON counted.id = newest.counted_id
    ), rollup AS (
        SELECT * FROM coalitions_currentpledge WHERE coalition_id = %(coalition)s
    )
    SELECT action_id, organization_id, ledger.latest_id IS NOT NULL, rollup.id IS NOT NULL,
           ledger.low, ledger.likely, ledger.high, ledger.latest_id, ledger.counted_id,
           rollup.low, rollup.likely, rollup.high, rollup.latest_id, rollup.counted_id
    FROM ledger FULL JOIN rollup USING (action_id, organization_id)
    WHERE (ledger.low, ledger.likely, ledger.high, ledger.latest_id, ledger.counted_id)
          IS DISTINCT FROM (rollup.low, rollup.likely, rollup.high, rollup.latest_id, rollup.counted_id)
      AND (%(action)s::bigint IS NULL OR action_id = %(action)s)
      AND (%(organization)s::bigint IS NULL OR organization_id = %(organization)s)
    ORDER BY action_id, organization_id
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """One cell, a partner's pledge for an action; a side is None where it has no such cell."""

    action_id: int
    organization_id: int
    ledger: dict[str, Any] | None
    rollup: dict[str, Any] | None


def differences(
    coalition: Coalition, *, action_id: int | None = None, organization_id: int | None = None
) -> list[Difference]:
    with connection.cursor() as cursor:
        cursor.execute(
            REPLAY, {"coalition": coalition.pk, "action": action_id, "organization": organization_id}
        )
        rows = cursor.fetchall()
    return [
        Difference(
            action_id=action,
            organization_id=organization,
            ledger=dict(zip(FIELDS, values[:5], strict=True)) if in_ledger else None,
            rollup=dict(zip(FIELDS, values[5:], strict=True)) if in_rollup else None,
        )
        for action, organization, in_ledger, in_rollup, *values in rows
    ]


@one_transaction
def repair(coalition: Coalition, *, action_id: int, organization_id: int) -> bool:
    """Make one cell say what its ledger says; False when it does already. The history keeps both versions."""
    # The lock of log_pledge: nobody adds to this ledger while it is compared once more.
    action = Action.objects.select_for_update(no_key=True).get(coalition=coalition, pk=action_id)
    found = differences(coalition, action_id=action_id, organization_id=organization_id)
    if not found:
        return False
    cell = {"coalition": coalition, "action": action, "organization_id": organization_id}
    rows = CurrentPledge.objects.filter(**cell)
    row, truth = rows.first(), found[0].ledger
    if truth is None:
        rows.delete()
    else:
        row = row or CurrentPledge(**cell, version=0)
        for name, value in truth.items():
            setattr(row, name, value)
        row.version += 1
        row.save()
    organization = coalition.organizations.get(pk=organization_id)
    changes.record(
        coalition,
        by=None,
        verb="rollup.repaired",
        subject=f"{organization.name} · {action.title}",
        fragment=pledge_fragment(action, organization),
        before=found[0].rollup,
        after=truth,
    )
    return True
