"""The sentence that a lead could say aloud, and the one that follows it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from coalitions.models import Coalition
from coalitions.presenting.outlook import Outlook
from coalitions.templatetags.muster import in_hundred, whole, whole_interval


@dataclass(frozen=True, slots=True)
class Headline:
    sentence: str
    lead: str


def headline(coalition: Coalition, coming: Outlook | None, *, ever_measured: bool) -> Headline:
    """Derived from what is known; it never sounds surer than the numbers are."""
    if coming is None:
        return _nothing_planned() if ever_measured else _not_measured()
    if not coming.is_known:
        return _not_measured()
    if not coming.totals.partners:
        return _nobody_pledged(coming)
    if coming.chance is None:
        return _no_line(coming)
    return _against_the_line(coalition, coming, coming.chance)


def of_action(coming: Outlook) -> str:
    """The lead sentence of an action's own page, where its title stands above."""
    coalition = coming.action.coalition
    if not coming.is_known:
        return _("The forecast is on its way.")
    if not coming.totals.partners:
        return _("Nobody has pledged yet, so nobody can be counted on.")
    expected = _("%(people)s people are expected, %(range)s in 80 of 100 draws.") % {
        "people": whole(coming.median),
        "range": whole_interval(coming.low, coming.high),
    }
    if coming.chance is None:
        return expected
    line = _("The chance to reach the critical mass of %(mass)s is %(chance)s.") % {
        "mass": whole(coalition.critical_mass),
        "chance": in_hundred(coming.chance),
    }
    return f"{expected} {line}"


def _not_measured() -> Headline:
    return Headline(
        _("The first numbers are on their way"),
        _("As soon as the worker has measured, this page shows them by itself."),
    )


def _nothing_planned() -> Headline:
    return Headline(
        _("Nothing lies ahead"),
        _(
            "A coalition shows its strength in what it does together."
            " Plan the next action, then ask for pledges."
        ),
    )


def _nobody_pledged(coming: Outlook) -> Headline:
    return Headline(
        _("Nobody has pledged for %(action)s yet") % {"action": coming.action.title},
        _("A forecast needs promises. Ask each partner how many people it will bring, at least and at most."),
    )


def _no_line(coming: Outlook) -> Headline:
    return Headline(
        _("About %(people)s people are expected at %(action)s")
        % {"people": whole(coming.median), "action": coming.action.title},
        _("Nobody has settled the critical mass yet, so nobody can say whether that is enough."),
    )


def _against_the_line(coalition: Coalition, coming: Outlook, chance: float) -> Headline:
    title = {"action": coming.action.title}
    if coming.state == "met":
        sentence = _("%(action)s can count on its critical mass")
    elif chance >= coalition.wanted_chance:
        sentence = _("%(action)s reaches its critical mass, with little to spare")
    elif coming.state == "risk":
        sentence = _("%(action)s is close to its critical mass, not there yet")
    elif chance >= 0.5:
        sentence = _("%(action)s may reach its critical mass, do not count on it yet")
    else:
        sentence = _("%(action)s would fall short today")
    lead = _(
        "The chance that at least %(mass)s people come is %(chance)s. The coalition wants %(wanted)s in 100."
    )
    return Headline(
        sentence % title,
        lead
        % {
            "mass": whole(coalition.critical_mass),
            "chance": in_hundred(chance),
            "wanted": whole(100 * coalition.wanted_chance),
        },
    )
