"""How a field and its value are said to a person, where two versions of a row meet."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django.db import models
from django.utils.formats import date_format, number_format, time_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

SHARES = {"share", "wanted_chance", "wanted_leverage"}
# Nothing in these fields is an answer, not a gap in what we know.
EMPTY_IS_NOTHING = {"partner_since", "partner_until", "removed_at", "starts_at", "organization"}


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
