"""What can be done to actions."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from coalitions import changes
from coalitions.models import Action, Coalition, User
from coalitions.services.editing import one_transaction, save_edit, snapshot

ACTION_FIELDS = ("title", "kind", "place", "latitude", "longitude", "day", "starts_at", "status", "is_big")


@one_transaction
def plan_action(coalition: Coalition, *, by: User | None, values: dict[str, Any]) -> Action:
    action = Action.objects.create(coalition=coalition, **values)
    changes.record(
        coalition,
        by=by,
        verb="action.planned",
        subject=action.title,
        fragment="actions",
        after=snapshot(action, ACTION_FIELDS) | {"id": action.pk},
    )
    return action


@one_transaction
def edit_action(action: Action, *, by: User | None, seen_version: int, values: dict[str, Any]) -> Action:
    save_edit(
        action,
        coalition=action.coalition,
        by=by,
        seen_version=seen_version,
        values=values,
        verb="action.edited",
        subject=values.get("title", action.title),
    )
    return action


@one_transaction
def remove_action(action: Action, *, by: User | None, seen_version: int) -> None:
    """Out of every list and number, and back with one undo."""
    save_edit(
        action,
        coalition=action.coalition,
        by=by,
        seen_version=seen_version,
        values={"removed_at": timezone.now()},
        verb="action.removed",
        subject=action.title,
    )
