"""The one door every edit leaves by: audit trail, live notice, fresh score."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from coalitions import live
from coalitions.models import Change, Coalition, User
from coalitions.tasks import queue_rescore


def record(
    coalition: Coalition,
    *,
    by: User | None,
    verb: str,
    fragment: str,
    subject: str = "",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    undoes: Change | None = None,
) -> Change:
    """Call inside the transaction that made the edit, last, once per edit."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("record() belongs inside the transaction of the edit")
    # The update locks the coalition's row, so revisions are handed out one at a time.
    Coalition.objects.filter(pk=coalition.pk).update(revision=F("revision") + 1, changed_at=Now())
    coalition.refresh_from_db(fields=["revision", "changed_at"])
    revision = coalition.revision
    change = Change.objects.create(
        coalition=coalition,
        revision=revision,
        fragment=fragment,
        verb=verb,
        subject=subject[:200],
        before=before,
        after=after,
        by=by,
        undoes=undoes,
    )
    # robust: the edit is saved already, so nothing that fails from here on may turn it into an error.
    # Lambdas, not partials: Django 5.2 fails to log a robust callback without a __qualname__.
    transaction.on_commit(
        lambda: live.publish(coalition.pk, fragment=fragment, revision=revision), robust=True
    )
    transaction.on_commit(lambda: queue_rescore(coalition.pk), robust=True)
    return change
