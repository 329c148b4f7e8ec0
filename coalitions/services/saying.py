"""How a stored value is said to a person: its label and its words, for histories, conflicts and refusals."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.formats import date_format, number_format, time_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from coalitions.models import Action, Coalition, Count, Membership, Organization, Overlap, Pledge

# What a verb is about: the part before its dot.
SUBJECTS: dict[str, type[models.Model]] = {
    "organization": Organization,
    "overlap": Overlap,
    "action": Action,
    "pledge": Pledge,
    "rollup": Pledge,
    "count": Count,
    "settings": Coalition,
    "coalition": Coalition,
    "member": Membership,
    "person": Membership,
}
SHARES = {"share", "wanted_chance", "wanted_leverage"}
# Nothing in these fields is an answer, not a gap in what we know.
EMPTY_IS_NOTHING = {"partner_since", "partner_until", "removed_at", "starts_at", "organization"}


def subject_of(verb: str) -> type[models.Model] | None:
    return SUBJECTS.get(verb.partition(".")[0])


def label(model: type[models.Model], name: str) -> str:
    labels = {
        "removed_at": _("Removed"),
        "share": _("Share in common"),
        "low": _("Low"),
        "likely": _("Likely"),
        "high": _("High"),
        "best": _("Best"),
        "latitude": _("Latitude"),
        "longitude": _("Longitude"),
        "weight_people_power": _("Weight of people power"),
        "weight_breadth": _("Weight of breadth"),
        "weight_cohesion": _("Weight of cohesion"),
        "weight_leverage": _("Weight of leverage"),
        "wanted_chance": _("Wanted chance of critical mass"),
        "wanted_leverage": _("Wanted leverage"),
        "is_withdrawn": _("Taken back"),
    }
    return labels.get(name) or capfirst(str(model._meta.get_field(name).verbose_name))  # type: ignore[union-attr]


def said(model: type[models.Model], name: str, value: Any) -> str:
    """`value` as the field holds it, or as plain JSON in the history."""
    field = model._meta.get_field(name)
    if value is None:
        return "" if name in EMPTY_IS_NOTHING else _("unknown")
    if isinstance(field, models.Field) and field.flatchoices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(field, models.Field) and not isinstance(field, models.ForeignKey):
        value = field.to_python(value)
    return _words(name, value)


def _words(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name in SHARES:
        return _("%(count)s in 100") % {"count": number_format(round(100 * value, 1)).removesuffix(".0")}
    if isinstance(value, int | float):
        return number_format(value, force_grouping=True)
    if isinstance(value, datetime | date):
        return date_format(value, "j F Y")
    return time_format(value) if isinstance(value, time) else str(value)


def compared(
    model: type[models.Model], before: dict[str, Any] | None, after: dict[str, Any] | None
) -> list[tuple[str, str | None, str]]:
    """(label, before, after) of each field that a change touched; before is None where there was nothing."""
    rows: list[tuple[str, str | None, str]] = []
    for name in dict.fromkeys([*(after or {}), *(before or {})]):
        if not _is_shown(model, name):
            continue
        old = said(model, name, before[name]) if before is not None and name in before else None
        new = said(model, name, after[name]) if after is not None and name in after else ""
        if old != new and (old or new):
            rows.append((label(model, name), old, new))
    return rows


def _is_shown(model: type[models.Model], name: str) -> bool:
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return not isinstance(field, models.ForeignKey | models.AutoField)
