"""The list of actions: what lies ahead, what was held, what came of it; rows are edited in place."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import replace_url

from coalitions.forms.actions import ActionFilter, ActionForm, StatusForm, VersionForm
from coalitions.models import Action, ActionStatus, Coalition, Role
from coalitions.permissions import MemberRequest, coalition_view, sees_everything
from coalitions.presenting import listing
from coalitions.presenting.conflicts import who_saved, worded
from coalitions.services.actions import edit_action, plan_action, remove_action
from coalitions.services.editing import StaleEdit

PAGE = "coalitions/actions.html"
PER_PAGE = 100


@require_safe
@coalition_view(at_least=Role.PARTNER)
def actions(request: MemberRequest, coalition: Coalition) -> HttpResponse:
    context = _list(request, coalition, request.GET)
    wants_list = bool(request.htmx) and not request.htmx.history_restore_request
    response = render(request, f"{PAGE}#list" if wants_list else PAGE, context)
    patch_vary_headers(response, ["HX-Request"])
    if wants_list and request.htmx.trigger != "actions":
        replace_url(response, _address(coalition, context["query"]))
    return response


@require_safe
@coalition_view(at_least=Role.PARTNER)
def action_row(request: MemberRequest, coalition: Coalition, action_id: UUID) -> HttpResponse:
    """One line of the list, as it is now."""
    if not request.htmx:
        return redirect("coalitions:actions", slug=coalition.slug)
    return _row(request, coalition, action_id)


@require_http_methods(["GET", "HEAD", "POST"])
@coalition_view(at_least=Role.ORGANIZER)
def action_add(request: MemberRequest, coalition: Coalition) -> HttpResponse:
    if request.method != "POST":
        return _form_page(request, coalition, ActionForm(auto_id="id_new_%s"))
    form = ActionForm(request.POST, auto_id="id_new_%s")
    if not form.is_valid():
        return _form_page(request, coalition, form, status=422)
    action = plan_action(coalition, by=request.user, values=form.values)
    said = _("%(action)s was added.") % {"action": action.title}
    if not request.htmx:
        messages.success(request, said)
        return redirect("coalitions:action", slug=coalition.slug, action_id=action.public_id)
    context = _list(request, coalition, _filters_of_the_page(request))
    context["toast"] = {"text": said, "undo_url": _undo_url(coalition)}
    return render(request, f"{PAGE}#added", context)


@require_http_methods(["GET", "HEAD", "POST"])
@coalition_view(at_least=Role.ORGANIZER)
def action_edit(request: MemberRequest, coalition: Coalition, action_id: UUID) -> HttpResponse:
    action = get_object_or_404(coalition.actions.present(), public_id=action_id)
    names = f"id_{action.fragment}_%s"
    if request.method != "POST":
        form = ActionForm(instance=action, initial={"version": action.version}, auto_id=names)
        return _form_page(request, coalition, form, action=action)
    # A fresh instance: the form writes what was typed into it, and the service needs the row as it is.
    form = ActionForm(request.POST, instance=Action(coalition=coalition), auto_id=names)
    if not form.is_valid():
        return _form_page(request, coalition, form, action=action, status=422)
    return _save(request, coalition, action, form)


@require_POST
@coalition_view(at_least=Role.ORGANIZER)
def action_status(request: MemberRequest, coalition: Coalition, action_id: UUID) -> HttpResponse:
    """Held, cancelled, planned again: nothing else is asked for."""
    action = get_object_or_404(coalition.actions.present(), public_id=action_id)
    asked = StatusForm(request.POST)
    if not asked.is_valid():
        return HttpResponse(status=422)
    wanted = {"status": asked.cleaned_data["status"]}
    try:
        edit_action(action, by=request.user, seen_version=asked.cleaned_data["version"], values=wanted)
    except StaleEdit as stale:
        theirs = _their_action(stale)
        initial = {**wanted, "version": theirs.version}
        form = ActionForm(instance=theirs, initial=initial, auto_id=f"id_{action.fragment}_%s")
        return _conflict(request, coalition, form, theirs, yours=wanted)
    messages.success(request, _("%(action)s was saved.") % {"action": action.title})
    return redirect("coalitions:action", slug=coalition.slug, action_id=action.public_id)


@require_POST
@coalition_view(at_least=Role.ORGANIZER)
def action_remove(request: MemberRequest, coalition: Coalition, action_id: UUID) -> HttpResponse:
    action = get_object_or_404(coalition.actions.present(), public_id=action_id)
    seen = VersionForm(request.POST)
    if not seen.is_valid():
        return HttpResponse(status=422)
    try:
        remove_action(action, by=request.user, seen_version=seen.cleaned_data["version"])
    except StaleEdit:
        said = _("Somebody has just changed %(action)s, so it was not removed. Look again.")
        toast = {"text": said % {"action": action.title}}
        if request.htmx:
            return _row(request, coalition, action_id, toast=toast, status=409)
        messages.warning(request, toast["text"])
        return redirect("coalitions:action", slug=coalition.slug, action_id=action.public_id)
    said = _("%(action)s was removed.") % {"action": action.title}
    if request.htmx:
        toast = {"text": said, "undo_url": _undo_url(coalition)}
        return render(request, f"{PAGE}#toast", {"toast": toast})
    messages.success(request, said)
    return redirect("coalitions:actions", slug=coalition.slug)


def _save(request: MemberRequest, coalition: Coalition, action: Action, form: ActionForm) -> HttpResponse:
    before = coalition.revision
    seen = form.cleaned_data["version"] or 0
    try:
        edit_action(action, by=request.user, seen_version=seen, values=form.values)
    except StaleEdit as stale:
        theirs = _their_action(stale)
        data: Any = form.data
        form.data = data.copy()
        form.data["version"] = theirs.version  # type: ignore[index]
        return _conflict(request, coalition, form, theirs, yours=form.values)
    is_changed = coalition.revision != before
    said = _("%(action)s was saved.") % {"action": action.title} if is_changed else _("Nothing was changed.")
    if request.htmx:
        toast = {"text": said, "undo_url": _undo_url(coalition) if is_changed else ""}
        return _row(request, coalition, action.public_id, toast=toast)
    messages.success(request, said)
    return redirect("coalitions:action", slug=coalition.slug, action_id=action.public_id)


def _their_action(stale: StaleEdit) -> Action:
    assert isinstance(stale.theirs, Action)
    return stale.theirs


def _conflict(
    request: MemberRequest, coalition: Coalition, form: ActionForm, theirs: Action, *, yours: dict[str, Any]
) -> HttpResponse:
    """Both versions side by side; the form keeps what was wanted and carries the newer version."""
    conflict = {"fields": worded(Action, theirs, yours), **who_saved(coalition, theirs.fragment)}
    return _form_page(request, coalition, form, action=theirs, conflict=conflict, status=409)


def _form_page(
    request: MemberRequest,
    coalition: Coalition,
    form: ActionForm,
    *,
    action: Action | None = None,
    conflict: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The form in its row or above the list; on a page of its own without a script."""
    context = {
        "coalition": coalition,
        "membership": request.membership,
        "nav": "actions",
        "form": form,
        "action": action,
        "conflict": conflict,
        "is_page": not request.htmx,
    }
    fragment = "" if not request.htmx else "#edit" if action else "#add"
    return render(request, PAGE + fragment, context, status=status)


def _row(
    request: MemberRequest,
    coalition: Coalition,
    action_id: UUID,
    *,
    toast: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    rows = listing.listed(coalition, membership=request.membership)
    action = get_object_or_404(rows, public_id=action_id)
    context = _shared(request, coalition) | {"action": action, "toast": toast}
    return render(request, f"{PAGE}#row-and-toast", context, status=status)


def _list(request: MemberRequest, coalition: Coalition, asked: QueryDict) -> dict[str, Any]:
    chosen = ActionFilter(asked).chosen()
    rows = listing.listed(coalition, membership=request.membership)
    rows = listing.ordered(
        listing.filtered(rows, chosen), chosen.get("sort", ""), membership=request.membership
    )
    page = Paginator(rows, PER_PAGE).get_page(asked.get("page"))
    query = QueryDict(mutable=True)
    query.update(chosen)
    return _shared(request, coalition) | {
        "page": page,
        "chosen": chosen,
        "query": query.urlencode(),
        "columns": listing.columns(chosen, membership=request.membership),
        "calibration": listing.calibration(coalition) if sees_everything(request.membership) else None,
        "statuses": ActionFilter.base_fields["status"].choices,  # type: ignore[attr-defined]
        "kinds": ActionFilter.base_fields["kind"].choices,  # type: ignore[attr-defined]
    }


def _shared(request: MemberRequest, coalition: Coalition) -> dict[str, Any]:
    return {
        "coalition": coalition,
        "membership": request.membership,
        "nav": "actions",
        "today": _today(coalition),
        "sees_everything": sees_everything(request.membership),
        "may_edit": request.membership.role >= Role.ORGANIZER,
        "Status": ActionStatus,
    }


def _today(coalition: Coalition) -> date:
    return coalition.local_day(timezone.now())


def _filters_of_the_page(request: MemberRequest) -> QueryDict:
    """What the page around a form shows, so that it shows the same with the new row in it."""
    query = QueryDict(mutable=True)
    for name, values in parse_qs(urlsplit(request.htmx.current_url or "").query).items():
        query[name] = values[-1]
    return query


def _address(coalition: Coalition, query: str) -> str:
    address = reverse("coalitions:actions", kwargs={"slug": coalition.slug})
    return f"{address}?{query}" if query else address


def _undo_url(coalition: Coalition) -> str:
    """Undoes the edit that was just made: its revision is the one this request has seen."""
    change = coalition.changes.only("public_id").get(revision=coalition.revision)
    return reverse("coalitions:change-undo", kwargs={"slug": coalition.slug, "change_id": change.public_id})
