"""One action: forecast against critical mass, and who pledged what. A partner sees its own line only."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import replace_url

from coalitions.forms.actions import PledgeForm, new_key
from coalitions.models import Action, Coalition, CurrentPledge, Organization, Pledge, Role
from coalitions.permissions import MemberRequest, coalition_view, may_log_for, sees_everything
from coalitions.presenting.conflicts import who_saved, worded
from coalitions.presenting.counting import counts_of_all
from coalitions.presenting.pledges import Row, ledger_of
from coalitions.services.editing import Refused, StaleEdit
from coalitions.services.ledgers import log_pledge, pledge_fragment
from coalitions.views.action_parts import (
    PAGE,
    basics,
    measured_action,
    one_partner,
    pledge_row,
    pledge_table,
    whole,
)


@require_safe
@coalition_view(at_least=Role.PARTNER)
def action(request: MemberRequest, coalition: Coalition, action_id: UUID) -> HttpResponse:
    if request.membership.role == Role.PARTNER:
        action = get_object_or_404(coalition.actions.present(), public_id=action_id)
        own = request.membership.organization
        assert own is not None
        return render(request, PAGE, one_partner(request, action, own.public_id))
    action, score = measured_action(coalition, action_id)
    context = whole(request, action, score) | pledge_table(request, action, score)
    return render(request, PAGE, context | {"counts": counts_of_all(action)})


@require_safe
@coalition_view(at_least=Role.OBSERVER)
def head(request: MemberRequest, coalition: Coalition, action_id: UUID) -> HttpResponse:
    """Title, day and the sentence to say aloud."""
    if not request.htmx:
        return redirect("coalitions:action", slug=coalition.slug, action_id=action_id)
    action, score = measured_action(coalition, action_id)
    context = whole(request, action, score) | {"counts": counts_of_all(action)}
    return render(request, f"{PAGE}#head", context)


@require_safe
@coalition_view(at_least=Role.OBSERVER)
def forecast(request: MemberRequest, coalition: Coalition, action_id: UUID) -> HttpResponse:
    """The picture and the sums, fetched again whenever a newer score is stored."""
    if not request.htmx:
        return redirect("coalitions:action", slug=coalition.slug, action_id=action_id)
    action, score = measured_action(coalition, action_id)
    context = whole(request, action, score) | {"counts": counts_of_all(action)}
    return render(request, f"{PAGE}#forecast-and-totals", context)


@require_safe
@coalition_view(at_least=Role.OBSERVER)
def pledges(request: MemberRequest, coalition: Coalition, action_id: UUID) -> HttpResponse:
    """The table of pledges alone: filtered, another page of it, or after something changed."""
    if not request.htmx:
        return redirect("coalitions:action", slug=coalition.slug, action_id=action_id)
    action, score = measured_action(coalition, action_id)
    context = whole(request, action, score) | pledge_table(request, action, score)
    response = render(request, f"{PAGE}#pledges", context)
    if request.htmx.trigger != "pledges":
        address = reverse("coalitions:action", kwargs={"slug": coalition.slug, "action_id": action_id})
        replace_url(response, f"{address}?{request.GET.urlencode()}" if request.GET else address)
    return response


@require_safe
@coalition_view(at_least=Role.PARTNER)
def pledge(
    request: MemberRequest, coalition: Coalition, action_id: UUID, organization_id: UUID
) -> HttpResponse:
    """One partner's line, or on a page of its own everything that it ever said about this action."""
    _refuse_others(request, organization_id)
    action = get_object_or_404(coalition.actions.present(), public_id=action_id)
    if _wants_row(request):
        context = basics(request, action)
        return render(
            request, f"{PAGE}#pledge-row", context | {"row": pledge_row(request, action, organization_id)}
        )
    context = one_partner(request, action, organization_id)
    return render(request, f"{PAGE}#own" if request.htmx else PAGE, context)


@require_http_methods(["GET", "HEAD", "POST"])
@coalition_view(at_least=Role.PARTNER)
def pledge_log(
    request: MemberRequest, coalition: Coalition, action_id: UUID, organization_id: UUID
) -> HttpResponse:
    _refuse_others(request, organization_id)
    action = get_object_or_404(coalition.actions.present(), public_id=action_id)
    organization = get_object_or_404(coalition.organizations.present(), public_id=organization_id)
    if not may_log_for(request.membership, organization):
        raise PermissionDenied
    if request.method != "POST":
        return _pledge_form(request, action, organization)
    form = PledgeForm(request.POST, auto_id=_names(action, organization))
    if not form.is_valid():
        return _pledge_form(request, action, organization, form, status=422)
    try:
        logged = log_pledge(
            action,
            organization=organization,
            by=request.user,
            role=Role(request.membership.role),
            figures=form.figures,
            note=form.cleaned_data["note"],
            idempotency_key=form.cleaned_data["key"],
            seen_version=form.cleaned_data["version"],
        )
    except Refused as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        return _pledge_form(request, action, organization, form, status=422)
    except StaleEdit as stale:
        return _pledge_conflict(request, action, organization, form, stale)
    return _logged(request, action, organization, logged)


def _logged(
    request: MemberRequest, action: Action, organization: Organization, pledge: Pledge
) -> HttpResponse:
    said = _("The pledge of %(organization)s was saved.")
    if pledge.is_held_back:
        said = _(
            "The pledge of %(organization)s was saved, but waits: a jump like this counts once a lead agrees."
        )
    toast = {"text": said % {"organization": organization.name}}
    if not request.htmx:
        messages.success(request, toast["text"])
        return redirect(_back(request, action, organization))
    if _wants_row(request):
        measured, score = measured_action(action.coalition, action.public_id)
        row = pledge_row(request, measured, organization.public_id)
        context = whole(request, measured, score) | {"row": row, "toast": toast}
        return render(request, f"{PAGE}#pledge-row-and-totals", context)
    context = one_partner(request, action, organization.public_id) | {"toast": toast}
    return render(request, f"{PAGE}#own-and-toast", context)


def _pledge_conflict(
    request: MemberRequest, action: Action, organization: Organization, form: PledgeForm, stale: StaleEdit
) -> HttpResponse:
    """Both versions side by side; the form keeps what was typed and carries the newer version."""
    theirs = stale.theirs
    assert isinstance(theirs, CurrentPledge)
    shown: Any = theirs.latest if theirs.pk else theirs
    data: Any = form.data
    form.data = data.copy()
    form.data["version"] = theirs.version  # type: ignore[index]
    yours = {name: form.cleaned_data[name] for name in ("low", "likely", "high")}
    conflict = {
        "fields": worded(CurrentPledge, shown, yours),
        **who_saved(action.coalition, pledge_fragment(action, organization)),
    }
    return _pledge_form(request, action, organization, form, conflict=conflict, status=409)


def _pledge_form(
    request: MemberRequest,
    action: Action,
    organization: Organization,
    form: PledgeForm | None = None,
    *,
    conflict: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The form in the partner's line, or on the partner's own page."""
    if _wants_row(request):
        row = pledge_row(request, action, organization.public_id)
        context = basics(request, action) | {"ledger": ledger_of(action, organization.public_id, most=5)}
        shape = "#pledge-edit"
    else:
        context = one_partner(request, action, organization.public_id)
        row = context["row"]
        shape = "#own" if request.htmx else ""
    form = form or PledgeForm(initial=_initial(row), auto_id=_names(action, organization))
    context |= {"row": row, "form": form, "conflict": conflict}
    return render(request, PAGE + shape, context, status=status)


def _initial(row: Row) -> dict[str, Any]:
    said = row.latest
    figures = {} if said is None else {"low": said.low, "likely": said.likely, "high": said.high}
    return {**figures, "version": row.version, "key": new_key()}


def _names(action: Action, organization: Organization) -> str:
    return f"id_{pledge_fragment(action, organization)}_%s"


def _refuse_others(request: MemberRequest, organization_id: UUID) -> None:
    """What another partner pledged does not exist for a partner."""
    own = request.membership.organization
    if not sees_everything(request.membership) and (own is None or own.public_id != organization_id):
        raise Http404


def _wants_row(request: MemberRequest) -> bool:
    return bool(request.htmx) and sees_everything(request.membership) and request.GET.get("as") != "page"


def _back(request: MemberRequest, action: Action, organization: Organization) -> str:
    """Without a script: a partner returns to the action, everybody else to the partner's page."""
    where = {"slug": action.coalition.slug, "action_id": action.public_id}
    if request.membership.role == Role.PARTNER:
        return reverse("coalitions:action", kwargs=where)
    return reverse("coalitions:pledge", kwargs=where | {"organization_id": organization.public_id})
