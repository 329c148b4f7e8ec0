"""Numbers, dates and navigation as the pages say them: in words, by locale, unknown as "unknown"."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import get_language_bidi, gettext, gettext_lazy, ngettext

from coalitions.models.people import Role

register = template.Library()

Number = int | float | None
MINUS = "\N{MINUS SIGN}"
LEFT_TO_RIGHT = "\N{LEFT-TO-RIGHT MARK}"


def _written(value: float, digits: int) -> str:
    text = number_format(round(value, digits), decimal_pos=digits, use_l10n=True, force_grouping=True)
    return text.replace("-", MINUS)


def _known(value: Number) -> bool:
    return value is not None and math.isfinite(value)


def _unknown() -> str:
    return gettext("unknown")


@register.filter
def whole(value: Number) -> str:
    """1551.2 -> "1,551"."""
    return _written(value, 0) if value is not None and _known(value) else _unknown()


@register.filter
def decimal(value: Number, digits: int = 2) -> str:
    """0.6118 -> "0.61"."""
    return _written(value, digits) if value is not None and _known(value) else _unknown()


@register.filter
def signed(value: Number, digits: int = 1) -> str:
    """1.4 -> "+1.4", -0.6 -> the same with a true minus; what rounds to zero has no sign."""
    if value is None or not _known(value):
        return _unknown()
    rounded = round(value, digits)
    # Without the mark a right-to-left page would show the sign behind its number.
    mark = LEFT_TO_RIGHT if rounded and get_language_bidi() else ""
    return mark + ("+" if rounded > 0 else "") + _written(rounded or 0.0, digits)


@register.filter
def direction(value: Number) -> str:
    """The class of a change: "up", "down", or nothing."""
    if value is None or not _known(value) or value == 0:
        return ""
    return "up" if value > 0 else "down"


@register.filter(name="interval")
def whole_interval(low: Number, high: Number) -> str:
    """169 and 2047 -> "169 to 2,047"."""
    return interval(low, high, 0)


@register.simple_tag
def interval(low: Number, high: Number, digits: int = 0) -> str:
    if low is None or high is None or not (_known(low) and _known(high)):
        return _unknown()
    return gettext("%(low)s to %(high)s") % {"low": _written(low, digits), "high": _written(high, digits)}


@register.filter
def in_hundred(chance: Number) -> str:
    """0.684 -> "68 in 100". A simulated chance is never called certain or impossible."""
    if chance is None or not _known(chance):
        return _unknown()
    if chance < 0.005:
        return gettext("under 1 in 100")
    if chance > 0.995:
        return gettext("over 99 in 100")
    return gettext("%(count)s in 100") % {"count": _written(100 * chance, 0)}


@register.filter
def percent(share: Number, digits: int = 0) -> str:
    """0.784 -> "78%"."""
    if share is None or not _known(share):
        return _unknown()
    return gettext("%(number)s%%") % {"number": _written(100 * share, digits)}


def _day(moment: date | datetime | None) -> date | None:
    return moment.date() if isinstance(moment, datetime) else moment


@register.filter
def days_ago(moment: date | datetime | None, today: date) -> str:
    """A past day with its distance: "84 days ago (14 September 2026)"."""
    day = _day(moment)
    if day is None:
        return _unknown()
    days = (today - day).days
    if days < 0:
        return days_until(day, today)
    if days == 0:
        return gettext("today")
    if days == 1:
        return gettext("yesterday")
    ago = ngettext("%(days)s day ago", "%(days)s days ago", days) % {"days": _written(days, 0)}
    return gettext("%(distance)s (%(date)s)") % {"distance": ago, "date": date_format(day, "j F Y")}


@register.filter
def days_until(moment: date | datetime | None, today: date) -> str:
    """A coming day as a distance: "in 5 days"; a day that has passed says so."""
    day = _day(moment)
    if day is None:
        return _unknown()
    days = (day - today).days
    if days < 0:
        return days_ago(day, today)
    if days == 0:
        return gettext("today")
    if days == 1:
        return gettext("tomorrow")
    return ngettext("in %(days)s day", "in %(days)s days", days) % {"days": _written(days, 0)}


@register.filter
def initials(name: str) -> str:
    """ "Amara Mbeki" -> "AM"."""
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the navigation. `in_menu`: on phones it lives in the menu on the name, not in the bar."""

    key: str
    label: str | Promise
    url_name: str
    at_least: Role = Role.OBSERVER
    in_menu: bool = False
    url: str = ""


NAVIGATION = (
    Entry("overview", gettext_lazy("Overview"), "coalitions:overview"),
    Entry("organizations", gettext_lazy("Organizations"), "coalitions:organizations"),
    Entry("actions", gettext_lazy("Actions"), "coalitions:actions", at_least=Role.PARTNER),
    Entry("changes", gettext_lazy("Changes"), "coalitions:changes"),
    Entry("people", gettext_lazy("People"), "coalitions:people"),
    Entry("settings", gettext_lazy("Settings"), "coalitions:settings", in_menu=True),
)


@register.simple_tag
def coalition_navigation(coalition: Any, membership: Any) -> list[Entry]:
    """The entries that this member may open; a partner also gets its own organization.

    An entry whose page does not exist is left out: later apps can be listed above before they are installed.
    """
    role = membership.role if membership else Role.OBSERVER
    entries = [_with_url(entry, slug=coalition.slug) for entry in NAVIGATION if role >= entry.at_least]
    if role == Role.PARTNER:
        own = membership.organization
        entry = Entry("organization", own.name, "coalitions:organization")
        entries.append(_with_url(entry, slug=coalition.slug, organization_id=own.public_id))
    return [entry for entry in entries if entry.url]


def _with_url(entry: Entry, **where: str) -> Entry:
    try:
        return replace(entry, url=reverse(entry.url_name, kwargs=where))
    except NoReverseMatch:
        return entry
