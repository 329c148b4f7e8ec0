"""Two versions of one row, side by side, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import models

from coalitions.models import Coalition
from coalitions.services.saying import label, said


def worded(
    model: type[models.Model], theirs: models.Model, yours: Mapping[str, Any]
) -> list[tuple[str, str, str, bool]]:
    """(label, theirs, yours, differs) for each field that was sent."""
    return [
        (
            label(model, name),
            said(model, name, getattr(theirs, name)),
            said(model, name, value),
            getattr(theirs, name) != value,
        )
        for name, value in yours.items()
    ]


def who_saved(coalition: Coalition, fragment: str) -> dict[str, Any]:
    """The last person who changed the row, and when."""
    last = coalition.changes.filter(fragment=fragment).select_related("by").order_by("-revision").first()
    return {"who": str(last.by) if last and last.by else "", "when": last.at if last else None}
