"""Undo instead of asking whether somebody is sure: where the change that was just made is undone."""

from __future__ import annotations

from django.urls import reverse

from coalitions.models import Coalition


def undo_url(coalition: Coalition) -> str:
    """The revision that this request made is the change to undo."""
    change = coalition.changes.only("public_id").get(revision=coalition.revision)
    return reverse("coalitions:change-undo", kwargs={"slug": coalition.slug, "change_id": change.public_id})
