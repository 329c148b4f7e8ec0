"""What a lead can settle about the coalition, and how a coalition comes to exist."""

from __future__ import annotations

from typing import Any

from coalitions import changes
from coalitions.models import Change, Coalition, Membership, Role, Score, User
from coalitions.services.editing import one_transaction, save_edit


@one_transaction
def create_coalition(*, name: str, slug: str, lead: User, **settings: Any) -> Coalition:
    coalition = Coalition.objects.create(name=name, slug=slug, **settings)
    Score.objects.create(coalition=coalition)
    Membership.objects.create(coalition=coalition, user=lead, role=Role.LEAD)
    changes.record(coalition, by=lead, verb="coalition.created", subject=name, fragment="settings")
    return coalition


@one_transaction
def change_settings(
    coalition: Coalition,
    *,
    by: User | None,
    seen_version: int,
    values: dict[str, Any],
    undoes: Change | None = None,
) -> Coalition:
    """Weights and thresholds carry a version: a score can say by which settings it was measured."""
    save_edit(
        coalition,
        coalition=coalition,
        by=by,
        seen_version=seen_version,
        values=values,
        verb="settings.changed",
        subject=coalition.name,
        undoes=undoes,
    )
    return coalition
