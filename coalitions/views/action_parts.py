"""What the pages about one action show, whole or in parts."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from coalitions.forms.actions import OwnCountForm, new_key
from coalitions.models import Action, ActionStatus, Coalition, Role, Score
from coalitions.permissions import MemberRequest, sees_everything
from coalitions.presenting.counting import counts_of_partner
from coalitions.presenting.freshness import freshness
from coalitions.presenting.headline import of_action
from coalitions.presenting.outlook import outlook
from coalitions.presenting.pledges import PER_PAGE, Row, a_row, ledger_of, rows_of
from coalitions.presenting.reading import past_counts, score_of, totals_of, with_outlook, with_pairs

PAGE = "coalitions/action.html"
LEDGER_ROWS = 50


def measured_action(coalition: Coalition, action_id: UUID) -> tuple[Any, Score]:
    found = with_pairs(with_outlook(coalition.actions.present().select_related("forecast")))
    action = get_object_or_404(found, public_id=action_id)
    return action, score_of(coalition, today=coalition.local_day(timezone.now()))


def basics(request: MemberRequest, action: Action) -> dict[str, Any]:
    coalition, membership = action.coalition, request.membership
    today = coalition.local_day(timezone.now())
    return {
        "coalition": coalition,
        "membership": membership,
        "nav": "actions",
        "action": action,
        "today": today,
        "age": (today - action.day).days,
        "sees_everything": sees_everything(membership),
        "may_edit": membership.role >= Role.ORGANIZER,
        "may_count_on": membership.role >= Role.LEAD,
        "is_held": action.status == ActionStatus.HELD,
        "is_planned": action.status == ActionStatus.PLANNED,
        "is_due": action.day <= today,
        "new_key": new_key,
        "labels": _labels(),
    }


def _labels() -> dict[str, str]:
    """Words that every line of the table repeats, translated once."""
    return {
        "change": _("Change the pledge"),
        "log": _("Log a pledge"),
        "none": _("none yet"),
        "unknown": _("unknown"),
        "everybodys": _("all partners’"),  # noqa: RUF001  (a real apostrophe)
        "pledged": _("Pledged"),
        "record": _("Record"),
        "rate": _("Rate"),
        "came": _("Came"),
        "expected": _("Expected"),
        "logged": _("Logged"),
    }


def whole(request: MemberRequest, action: Any, score: Score) -> dict[str, Any]:
    context = basics(request, action)
    stored = getattr(action, "forecast", None) if context["is_planned"] else None
    found = outlook(
        action,
        stored.result if stored else None,
        coalition=action.coalition,
        today=context["today"],
        points=action.points,
        past=past_counts(score),
        totals=totals_of(action),
    )
    return context | {
        "coming": found,
        "lead": of_action(found),
        "freshness": freshness(action.coalition, score, now=timezone.now()),
        "last_forecast": action.points[0] if action.points else None,
    }


def pledge_table(request: MemberRequest, action: Action, score: Score) -> dict[str, Any]:
    """A page of partners; the number of all that match comes with the rows themselves."""
    find = request.GET.get("find", "")[:200].strip()
    wanted = request.GET.get("page", "1")
    number = max(1, int(wanted)) if wanted.isascii() and wanted.isdigit() and 0 < len(wanted) < 6 else 1
    partners = action.coalition.organizations.partners()
    matching = partners.filter(name__icontains=find) if find else partners
    found = rows_of(action, own_rate=_own_rate(score), organizations=matching)
    rows = list(found[(number - 1) * PER_PAGE : number * PER_PAGE])
    if not rows and number > 1:
        number, rows = 1, list(found[:PER_PAGE])
    address = _pledges_address(action)
    pages = Paginator(range(rows[0]["matching"] if rows else 0), PER_PAGE)
    return {
        "rows": [a_row(action, row, address=address) for row in rows],
        "page": Page([], number, pages),
        "find": find,
        "query": urlencode({"find": find}) if find else "",
    }


def _pledges_address(action: Action) -> str:
    where = {"slug": action.coalition.slug, "action_id": action.public_id}
    return reverse("coalitions:pledges", kwargs=where)


def _own_rate(score: Score) -> float | None:
    """The coalition's own rate: what a partner without a record starts from."""
    rate: float | None = (score.result.get("record") or {}).get("rate")
    return rate


def pledge_row(request: MemberRequest, action: Action, organization_id: UUID) -> Row:
    """One partner's line; a partner's own comes without what others' records say about it."""
    organizations = action.coalition.organizations
    rate = None
    if sees_everything(request.membership):
        known = Score.objects.filter(coalition=action.coalition).values_list(
            "result__record__rate", flat=True
        )
        rate = known.first()
        mine = organizations.partners()
    else:
        mine = organizations.present()
    found = rows_of(action, own_rate=rate, organizations=mine.filter(public_id=organization_id)).first()
    if found is None:
        raise Http404
    return a_row(action, found, address=_pledges_address(action))


def one_partner(request: MemberRequest, action: Action, organization_id: UUID) -> dict[str, Any]:
    context = basics(request, action)
    row = pledge_row(request, action, organization_id)
    may_log = request.membership.role != Role.OBSERVER
    is_over = context["is_held"] or context["is_due"]
    is_open = context["is_planned"] or context["may_edit"]
    return context | {
        "is_one_partner": True,
        "row": row,
        "ledger": ledger_of(action, organization_id, most=LEDGER_ROWS),
        "own_counts": counts_of_partner(action, organization_id),
        "may_pledge": may_log and is_open and action.status != ActionStatus.CANCELLED,
        "may_count": may_log and is_over and action.status != ActionStatus.CANCELLED,
        "count_form": OwnCountForm(
            coalition=action.coalition, auto_id="id_own_count_%s", initial={"key": new_key()}
        ),
    }
