"""The history: every change with who, when and what, and a way to put it back."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import replace_url

from coalitions.forms.history import GROUPS, VERBS, HistoryFilter
from coalitions.models import Change, Coalition, Role
from coalitions.permissions import MemberRequest, coalition_view
from coalitions.presenting.telling import by_day, told
from coalitions.services.editing import Refused, StaleEdit
from coalitions.services.history import may_undo, undo
from coalitions.views.undoing import undo_url

PAGE = "coalitions/changes.html"
PER_PAGE = 50


@require_safe
@coalition_view(at_least=Role.OBSERVER)
def changes(request: MemberRequest, coalition: Coalition) -> HttpResponse:
    wants_list = bool(request.htmx) and not request.htmx.history_restore_request
    context = _list(request, coalition)
    response = render(request, f"{PAGE}#list" if wants_list else PAGE, context)
    patch_vary_headers(response, ["HX-Request"])
    if wants_list and request.htmx.trigger != "changes":
        replace_url(response, f"{request.path}?{context['query']}" if context["query"] else request.path)
    return response


@require_POST
@coalition_view(at_least=Role.ORGANIZER)
def change_undo(request: MemberRequest, coalition: Coalition, change_id: UUID) -> HttpResponse:
    """Answers with a notice; the rows that changed are told to every browser, this one included."""
    change = get_object_or_404(coalition.changes, public_id=change_id)
    try:
        undo(change, by=request.user, role=Role(request.membership.role))
    except Refused as refused:
        return _said(request, coalition, refused.message, status=409)
    except StaleEdit:
        return _said(request, coalition, _("Somebody has just changed this. Look again."), status=409)
    return _said(request, coalition, _("Undone."), undo=undo_url(coalition))


def _said(
    request: MemberRequest, coalition: Coalition, text: str, *, undo: str = "", status: int = 200
) -> HttpResponse:
    if request.htmx:
        toast = {"text": text, "undo_url": undo}
        return render(request, f"{PAGE}#toast", {"toast": toast}, status=status)
    (messages.warning if status != 200 else messages.success)(request, text)
    return redirect("coalitions:changes", slug=coalition.slug)


def _list(request: MemberRequest, coalition: Coalition) -> dict[str, Any]:
    form = HistoryFilter(request.GET, coalition=coalition)
    before = form.cleaned_data.get("before")
    rows = _filtered(coalition, form.chosen)
    if before:
        rows = rows.filter(revision__lt=before)
    # One more than shown tells whether there is an older page; nobody needs the number of all of them.
    found = list(rows.select_related("by", "undone_by").order_by("-revision")[: PER_PAGE + 1])
    shown, has_older = found[:PER_PAGE], len(found) > PER_PAGE
    query = form.as_query
    return {
        "coalition": coalition,
        "membership": request.membership,
        "nav": "changes",
        "days": by_day(told(shown, zone=coalition.time_zone, role=request.membership.role)),
        "today": coalition.local_day(timezone.now()),
        "chosen": query,
        "query": urlencode(query),
        "older": urlencode(query | {"before": shown[-1].revision}) if has_older else "",
        "before": before,
        "people": form.people,
        "groups": GROUPS,
        "may_undo_anything": may_undo("organization.edited", role=request.membership.role),
    }


def _filtered(coalition: Coalition, chosen: dict[str, Any]) -> QuerySet[Change]:
    rows = coalition.changes.all()
    if "find" in chosen:
        rows = rows.filter(subject__icontains=chosen["find"])
    if "who" in chosen:
        rows = rows.filter(by=chosen["who"])
    if "about" in chosen:
        about = Q()
        for kind in VERBS.get(chosen["about"], (chosen["about"],)):
            about |= Q(verb__startswith=f"{kind}.")
        rows = rows.filter(about)
    if "since" in chosen:
        zone = ZoneInfo(coalition.time_zone)
        rows = rows.filter(at__gte=datetime.combine(chosen["since"], time.min, tzinfo=zone))
    return rows
