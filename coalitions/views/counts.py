"""Who was counted at an action: counts ranked, logged, and corrected by a newer row."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from coalitions.forms.actions import CorrectionForm, CountForm, OwnCountForm, new_key
from coalitions.models import Action, Coalition, Count, CountOf, Role
from coalitions.permissions import MemberRequest, coalition_view
from coalitions.presenting.conflicts import worded
from coalitions.presenting.counting import counts_of_all
from coalitions.services.editing import Refused, StaleEdit
from coalitions.services.ledgers import log_count
from coalitions.views.action_parts import PAGE, basics, one_partner


@require_safe
@coalition_view(at_least=Role.OBSERVER)
def counts(request: MemberRequest, coalition: Coalition, action_id: UUID) -> HttpResponse:
    action = get_object_or_404(coalition.actions.present(), public_id=action_id)
    if not request.htmx:
        return redirect("coalitions:action", slug=coalition.slug, action_id=action_id)
    return render(request, f"{PAGE}#counts", basics(request, action) | {"counts": counts_of_all(action)})


@require_http_methods(["GET", "HEAD", "POST"])
@coalition_view(at_least=Role.PARTNER)
def count_log(request: MemberRequest, coalition: Coalition, action_id: UUID) -> HttpResponse:
    """Organizers log any count, a partner how many of its own people came."""
    if request.membership.role == Role.OBSERVER:
        raise PermissionDenied
    action = get_object_or_404(coalition.actions.present(), public_id=action_id)
    if request.membership.role == Role.PARTNER:
        return _log_own(request, coalition, action)
    if request.method != "POST":
        return _count_form(request, action, _new_form(request, coalition))
    form = CountForm(request.POST, coalition=coalition, auto_id="id_count_%s")
    return _save(request, action, form)


@require_http_methods(["GET", "HEAD", "POST"])
@coalition_view(at_least=Role.ORGANIZER)
def count_correct(
    request: MemberRequest, coalition: Coalition, action_id: UUID, count_id: UUID
) -> HttpResponse:
    """A correction is a new row; the old one stays, with who and when."""
    action = get_object_or_404(coalition.actions.present(), public_id=action_id)
    count = get_object_or_404(action.counts.select_related("organization"), public_id=count_id)
    names = f"id_{count.fragment}_%s"
    if request.method != "POST":
        initial = CorrectionForm.initial_of(count)
        form = CorrectionForm(coalition=coalition, auto_id=names, initial=initial)
        return _count_form(request, action, form, corrects=count)
    return _save(
        request, action, CorrectionForm(request.POST, coalition=coalition, auto_id=names), corrects=count
    )


def _new_form(request: MemberRequest, coalition: Coalition) -> CountForm:
    """The link in a partner's line asks for that partner."""
    initial: dict[str, Any] = {"key": new_key(), "of": CountOf.CROWD}
    partner = request.GET.get("partner", "")
    if partner:
        initial |= {"of": CountOf.PLEDGED, "organization": partner}
    return CountForm(coalition=coalition, auto_id="id_count_%s", initial=initial)


def _save(
    request: MemberRequest, action: Action, form: CountForm, *, corrects: Count | None = None
) -> HttpResponse:
    if not form.is_valid():
        return _count_form(request, action, form, corrects=corrects, status=422)
    try:
        _refuse_too_early(action)
        log_count(
            action,
            by=request.user,
            idempotency_key=form.cleaned_data["key"],
            values=form.values,
            corrects=corrects,
        )
    except Refused as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        return _count_form(request, action, form, corrects=corrects, status=422)
    except StaleEdit as stale:
        return _conflict(request, action, form, stale)
    said = _("The count was corrected.") if corrects else _("The count was logged.")
    if not request.htmx:
        messages.success(request, said)
        return redirect("coalitions:action", slug=action.coalition.slug, action_id=action.public_id)
    context = basics(request, action) | {"counts": counts_of_all(action), "toast": {"text": said}}
    return render(request, f"{PAGE}#counts-and-toast", context)


def _conflict(request: MemberRequest, action: Action, form: CountForm, stale: StaleEdit) -> HttpResponse:
    """Somebody corrected the same count first: what was typed can still correct the newer one."""
    theirs = stale.theirs
    assert isinstance(theirs, Count)
    shown = {name: value for name, value in form.values.items() if name != "organization"}
    conflict = {"fields": worded(Count, theirs, shown), "who": str(theirs.by or ""), "when": theirs.at}
    return _count_form(request, action, form, corrects=theirs, conflict=conflict, status=409)


def _count_form(
    request: MemberRequest,
    action: Action,
    form: CountForm,
    *,
    corrects: Count | None = None,
    conflict: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = basics(request, action) | {
        "form": form,
        "corrects": corrects,
        "conflict": conflict,
        "is_count_page": not request.htmx,
    }
    if not request.htmx:
        return render(request, PAGE, context, status=status)
    if request.method != "POST":
        return render(request, f"{PAGE}#count-form", context)
    # What is sent asks for the whole section: after an error it comes back with the form in it.
    return render(request, f"{PAGE}#counts", context | {"counts": counts_of_all(action)}, status=status)


def _log_own(request: MemberRequest, coalition: Coalition, action: Action) -> HttpResponse:
    own = request.membership.organization
    assert own is not None
    if request.method != "POST":
        return redirect("coalitions:action", slug=coalition.slug, action_id=action.public_id)
    form = OwnCountForm(request.POST, coalition=coalition, auto_id="id_own_count_%s")
    try:
        if form.is_valid():
            _refuse_too_early(action)
            key = form.cleaned_data["key"]
            log_count(action, by=request.user, idempotency_key=key, values=form.values_for(own))
    except Refused as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
    said = _("Your count was logged.")
    if not request.htmx and not form.errors:
        messages.success(request, said)
        return redirect("coalitions:action", slug=coalition.slug, action_id=action.public_id)
    context = one_partner(request, action, own.public_id)
    if form.errors:
        shape = "#own" if request.htmx else ""
        return render(request, PAGE + shape, context | {"count_form": form}, status=422)
    return render(request, f"{PAGE}#own-and-toast", context | {"toast": {"text": said}})


def _refuse_too_early(action: Action) -> None:
    if action.day > action.coalition.local_day(timezone.now()):
        raise Refused(_("Nobody can be counted before the day of the action."))
