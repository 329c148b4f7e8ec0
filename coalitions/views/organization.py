"""One organization: what is known of it, what it promised, and what came of that."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language_bidi
from django.views.decorators.http import require_safe

from coalitions import charts
from coalitions.models import Coalition, ExternalId, Organization, Overlap, Role
from coalitions.permissions import MemberRequest, coalition_view, sees_everything
from coalitions.presenting import directory
from coalitions.presenting import record as records
from coalitions.presenting.telling import Told, told

PAGE = "coalitions/organization.html"
MOST_CHANGES = 12
MOST_OVERLAPS = 50
NAME = Concat("system", Value(" "), "identifier")


@require_safe
@coalition_view(at_least=Role.PARTNER)
def organization(request: MemberRequest, coalition: Coalition, organization_id: UUID) -> HttpResponse:
    found = _found(request, coalition, organization_id)
    context = _context(request, coalition, found) | _record(coalition, found)
    if sees_everything(request.membership):
        context["overlaps"] = _overlaps(coalition, found)
        context["changes"] = _changes(request, coalition, found, context["lines"])
    return render(request, PAGE, context)


@require_safe
@coalition_view(at_least=Role.PARTNER)
def facts(request: MemberRequest, coalition: Coalition, organization_id: UUID) -> HttpResponse:
    """What is known of it, as it is now."""
    if not request.htmx:
        return redirect("coalitions:organization", slug=coalition.slug, organization_id=organization_id)
    found = _found(request, coalition, organization_id)
    return render(request, f"{PAGE}#facts", _context(request, coalition, found))


@require_safe
@coalition_view(at_least=Role.PARTNER)
def record(request: MemberRequest, coalition: Coalition, organization_id: UUID) -> HttpResponse:
    """What it promised and what came, as it is now."""
    if not request.htmx:
        return redirect("coalitions:organization", slug=coalition.slug, organization_id=organization_id)
    found = _found(request, coalition, organization_id)
    context = _context(request, coalition, found) | _record(coalition, found)
    return render(request, f"{PAGE}#record", context)


def _found(request: MemberRequest, coalition: Coalition, organization_id: UUID) -> Organization:
    """A partner finds its own organization and no other."""
    rows: QuerySet[Organization] = directory.listed(coalition)
    if not sees_everything(request.membership):
        if request.membership.organization_id is None:
            raise Http404
        rows = rows.filter(pk=request.membership.organization_id)
    known_as = ExternalId.objects.filter(coalition=coalition, organization=OuterRef("pk"))
    rows = rows.annotate(known_as=ArraySubquery(known_as.order_by("pk").values(name=NAME)))
    return get_object_or_404(rows, public_id=organization_id)


def _context(request: MemberRequest, coalition: Coalition, found: Any) -> dict[str, Any]:
    membership = request.membership
    return {
        "coalition": coalition,
        "membership": membership,
        "nav": "organizations" if sees_everything(membership) else "organization",
        "organization": found,
        "bonds": directory.bonds(found),
        "today": coalition.local_day(timezone.now()),
        "sees_everything": sees_everything(membership),
        "may_edit": membership.role >= Role.ORGANIZER,
    }


def _record(coalition: Coalition, found: Organization) -> dict[str, Any]:
    lines = records.lines(coalition, found)
    shares = [line.share for line in reversed(lines)]
    return {
        "lines": lines,
        "promise": records.next_promise(lines, today=coalition.local_day(timezone.now())),
        "spark": charts.spark(shares, rtl=get_language_bidi()),
    }


def _overlaps(coalition: Coalition, found: Organization) -> list[tuple[Organization, Overlap]]:
    """The other one of each pair, the largest share first."""
    pairs = coalition.overlaps.filter(
        Q(first=found, second__removed_at__isnull=True) | Q(second=found, first__removed_at__isnull=True)
    )
    rows = pairs.select_related("first", "second").order_by("-share", "pk")[:MOST_OVERLAPS]
    return [(row.second if row.first_id == found.pk else row.first, row) for row in rows]


def _changes(
    request: MemberRequest, coalition: Coalition, found: Organization, lines: list[records.Line]
) -> list[Told]:
    about = coalition.changes.filter(fragment__in=records.fragments(found, lines))
    newest = about.select_related("by", "undone_by").order_by("-revision")[:MOST_CHANGES]
    return told(newest, zone=coalition.time_zone, role=request.membership.role)
