"""What happened, told in the reader's language: a change becomes a sentence and a list of differences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coalitions.models import (
    Action,
    ApiToken,
    Change,
    Coalition,
    Count,
    Invitation,
    Membership,
    Organization,
    Overlap,
    Pledge,
)
from coalitions.services.saying import label, said

SENTENCES: Mapping[str, str | Promise] = {
    "organization.added": gettext_lazy("{who} added {what}."),
    "organization.edited": gettext_lazy("{who} edited {what}."),
    "organization.removed": gettext_lazy("{who} removed {what}."),
    "organization.restored": gettext_lazy("{who} brought {what} back."),
    "overlap.declared": gettext_lazy("{who} declared how far {what} overlap."),
    "overlap.changed": gettext_lazy("{who} changed the overlap of {what}."),
    "overlap.removed": gettext_lazy("{who} took back the overlap of {what}."),
    "action.planned": gettext_lazy("{who} added the action {what}."),
    "action.edited": gettext_lazy("{who} edited {what}."),
    "action.removed": gettext_lazy("{who} removed {what}."),
    "action.restored": gettext_lazy("{who} brought {what} back."),
    "pledge.logged": gettext_lazy("{who} logged a pledge: {what}."),
    "pledge.held_back": gettext_lazy(
        "{who} logged a pledge that is held back until a lead counts on it: {what}."
    ),
    "count.logged": gettext_lazy("{who} logged a count: {what}."),
    "count.corrected": gettext_lazy("{who} corrected a count: {what}."),
    "settings.changed": gettext_lazy("{who} changed the settings of {what}."),
    "coalition.created": gettext_lazy("{who} founded {what}."),
    "person.invited": gettext_lazy("{who} invited {what}."),
    "person.joined": gettext_lazy("{what} joined the coalition."),
    "person.removed": gettext_lazy("{who} removed {what} from the coalition."),
    "role.changed": gettext_lazy("{who} changed the role of {what}."),
    "invitation.revoked": gettext_lazy("{who} took back the invitation of {what}."),
    "token.created": gettext_lazy("{who} made an API token: {what}."),
    "token.revoked": gettext_lazy("{who} took back the API token {what}."),
    "import.committed": gettext_lazy("{who} imported {what}."),
    "import.undone": gettext_lazy("{who} undid the import of {what}."),
    "change.undone": gettext_lazy("{who} undid a change: {what}."),
    "rollup.repaired": gettext_lazy("{who} repaired sums that did not match the ledger: {what}."),
}
ANYTHING = gettext_lazy("{who} changed {what}.")

# What the first half of a verb is about: where labels and choices of its fields are found.
SUBJECTS: Mapping[str, type[models.Model]] = {
    "organization": Organization,
    "overlap": Overlap,
    "action": Action,
    "pledge": Pledge,
    "count": Count,
    "settings": Coalition,
    "coalition": Coalition,
    "person": Membership,
    "role": Membership,
    "invitation": Invitation,
    "token": ApiToken,
}
# Row numbers that help an undo and say nothing to a reader.
HIDDEN = frozenset({"id", "import", "action", "organization", "coalition", "user", "first", "second"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One field before and after, as a reader would say it; "" where there was nothing."""

    label: str
    before: str
    after: str

    def __iter__(self) -> Any:
        return iter((self.label, self.before, self.after))


def sentence(change: Change) -> SafeString:
    """One sentence, with the thing it is about marked; everything that people typed is escaped."""
    return format_html(str(SENTENCES.get(change.verb, ANYTHING)), who=_who(change), what=_what(change))


def differences(change: Change) -> list[Difference]:
    """Field by field, only what differs, in the order of the table: JSON keeps none of its own."""
    before, after = change.before or {}, change.after or {}
    model = SUBJECTS.get(change.verb.partition(".")[0])
    return [
        _difference(model, name, before.get(name), after.get(name))
        for name in _in_order(model, {*before, *after})
        if name not in HIDDEN and before.get(name) != after.get(name)
    ]


def _in_order(model: type[models.Model] | None, names: set[str]) -> list[str]:
    places = {field.name: place for place, field in enumerate(model._meta.concrete_fields)} if model else {}
    return sorted(names, key=lambda name: (places.get(name, len(places)), name))


def _difference(model: type[models.Model] | None, name: str, before: Any, after: Any) -> Difference:
    if model is None or name not in {field.name for field in model._meta.concrete_fields}:
        return Difference(
            name.replace("_", " "), *("" if side is None else str(side) for side in (before, after))
        )
    return Difference(
        label(model, name), *("" if side is None else said(model, name, side) for side in (before, after))
    )


def _who(change: Change) -> str:
    return str(change.by) if change.by is not None else _("Muster")


def _what(change: Change) -> SafeString:
    subject = format_html("<strong>{}</strong>", change.subject)
    figures = _figures(change)
    return format_html("{}, {}", subject, figures) if figures else subject


def _figures(change: Change) -> str:
    """The figure that a ledger row is about: "600 people, 480 before"."""
    name = {"pledge": "likely", "count": "best"}.get(change.verb.partition(".")[0])
    now, before = (change.after or {}).get(name), (change.before or {}).get(name)
    if name is None or not isinstance(now, int):
        return ""
    if isinstance(before, int) and before != now:
        return _("%(now)s people, %(before)s before") % {"now": _number(now), "before": _number(before)}
    return _("%(now)s people") % {"now": _number(now)}


def _number(value: float) -> str:
    return number_format(value, use_l10n=True, force_grouping=True)
