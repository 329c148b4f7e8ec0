"""The overview: what a lead would say aloud, and everything that it rests on."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from coalitions import wording
from coalitions.models import Coalition, Role, Score
from coalitions.permissions import MemberRequest, coalition_view
from coalitions.presenting.freshness import freshness
from coalitions.presenting.headline import headline
from coalitions.presenting.outlook import Outlook, outlook
from coalitions.presenting.reading import past_counts, score_of, totals_of, with_outlook
from coalitions.presenting.strength import ids_in, strength

LATEST = 5


@require_safe
@coalition_view(at_least=Role.PARTNER)
def overview(request: MemberRequest, coalition: Coalition) -> HttpResponse:
    """A partner has its own pages: what all bring together is for those who see everything."""
    if request.membership.role == Role.PARTNER:
        return redirect("coalitions:actions", slug=coalition.slug)
    return render(request, "coalitions/overview.html", _everything(request, coalition))


@require_safe
@coalition_view(at_least=Role.OBSERVER)
def score(request: MemberRequest, coalition: Coalition) -> HttpResponse:
    """The overview's matter, fetched again whenever a newer score is stored."""
    if not request.htmx:
        return redirect("coalitions:overview", slug=coalition.slug)
    return render(request, "coalitions/overview.html#score", _everything(request, coalition))


def _everything(request: MemberRequest, coalition: Coalition) -> dict[str, Any]:
    now = timezone.now()
    today = coalition.local_day(now)
    measured = score_of(coalition, today=today)
    coming = _next_big_action(coalition, measured, today=today)
    ids = ids_in(measured.result)
    names = dict(coalition.organizations.filter(pk__in=ids).values_list("pk", "name")) if ids else {}
    return {
        "coalition": coalition,
        "membership": request.membership,
        "nav": "overview",
        "today": today,
        "measured": measured,
        "freshness": freshness(coalition, measured, now=now),
        "may_edit": request.membership.role >= Role.ORGANIZER,
        "headline": headline(coalition, coming, ever_measured=measured.computed_at is not None),
        "coming": coming,
        "strength": strength(
            measured.result,
            measured.history,  # type: ignore[attr-defined]
            coalition=coalition,
            today=today,
            names=names,
        ),
        "changes": _latest_changes(coalition),
    }


def _next_big_action(coalition: Coalition, measured: Score, *, today: date) -> Outlook | None:
    """The action that the score was measured for."""
    upcoming: Any = with_outlook(coalition.actions.upcoming(today=today))
    forecast = measured.result.get("forecast") or {}
    action: Any = None
    if forecast.get("action") is not None:
        action = upcoming.filter(pk=forecast["action"]).first()
    # Before the first score, and until the next one when the action has just been held or cancelled.
    action = action or upcoming.order_by("-is_big", "day", "pk").first()
    if action is None:
        return None
    result = forecast if forecast.get("action") == action.pk else None
    return outlook(
        action,
        result,
        coalition=coalition,
        today=today,
        points=action.points,
        past=past_counts(measured),
        totals=totals_of(action),
    )


def _latest_changes(coalition: Coalition) -> list[dict[str, Any]]:
    latest = coalition.changes.select_related("by").order_by("-revision")[:LATEST]
    return [{"at": change.at, "sentence": wording.sentence(change)} for change in latest]
