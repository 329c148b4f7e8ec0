"""What the coalition has settled about itself: read by its members, changed by leads, every version kept."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from coalitions.forms.settings import WEIGHTS, SettingsForm
from coalitions.models import SETTING_FIELDS, WEIGHT_FIELDS, Coalition, Role
from coalitions.permissions import MemberRequest, coalition_view
from coalitions.presenting.conflicts import who_saved, worded
from coalitions.presenting.telling import told
from coalitions.services.editing import StaleEdit
from coalitions.services.saying import label, said
from coalitions.services.settings import change_settings
from coalitions.views.undoing import undo_url

PAGE = "coalitions/settings.html"
MOST_VERSIONS = 20
NAMES = ("name", "cause", "target", "time_zone")
NUMBERS = ("critical_mass", "communities_aimed_at", "wanted_chance", "wanted_leverage", "pledge_cap")


@require_safe
@coalition_view(at_least=Role.OBSERVER)
def settings(request: MemberRequest, coalition: Coalition) -> HttpResponse:
    wants_fragment = bool(request.htmx) and not request.htmx.history_restore_request
    page = f"{PAGE}#shown" if wants_fragment else PAGE
    return render(request, page, _context(request, coalition))


@require_http_methods(["GET", "HEAD", "POST"])
@coalition_view(at_least=Role.LEAD)
def settings_edit(request: MemberRequest, coalition: Coalition) -> HttpResponse:
    if request.method != "POST":
        form = SettingsForm(instance=coalition, initial={"version": coalition.version})
        return _form(request, coalition, form)
    # A fresh instance: the form writes what was typed into it, and the service needs the row as it is.
    form = SettingsForm(request.POST, instance=Coalition(slug=coalition.slug))
    if not form.is_valid():
        return _form(request, coalition, form, status=422)
    before = coalition.revision
    try:
        change_settings(
            coalition,
            by=request.user,
            seen_version=form.cleaned_data["version"],
            values=form.values,
        )
    except StaleEdit as stale:
        return _conflict(request, coalition, form, stale)
    is_changed = coalition.revision != before
    text = _("The settings were saved.") if is_changed else _("Nothing was changed.")
    if not request.htmx:
        messages.success(request, text)
        return redirect("coalitions:settings", slug=coalition.slug)
    toast = {"text": text, "undo_url": undo_url(coalition) if is_changed else ""}
    return render(request, f"{PAGE}#shown-and-toast", _context(request, coalition) | {"toast": toast})


def _conflict(
    request: MemberRequest, coalition: Coalition, form: SettingsForm, stale: StaleEdit
) -> HttpResponse:
    """Both versions side by side, only where they differ: there are many settings."""
    theirs = stale.theirs
    assert isinstance(theirs, Coalition)
    data: Any = form.data.copy()  # type: ignore[attr-defined]
    data["version"] = str(theirs.version)
    form.data = data
    fields = [line for line in worded(Coalition, theirs, form.values) if line[-1]]
    conflict = {"fields": fields, **who_saved(coalition, theirs.fragment)}
    return _form(request, coalition, form, conflict=conflict, status=409)


def _form(
    request: MemberRequest, coalition: Coalition, form: SettingsForm, *, status: int = 200, **more: Any
) -> HttpResponse:
    context = {
        "coalition": coalition,
        "membership": request.membership,
        "nav": "settings",
        "form": form,
        "is_page": not request.htmx,
        **more,
    }
    return render(request, f"{PAGE}#edit" if request.htmx else PAGE, context, status=status)


def _context(request: MemberRequest, coalition: Coalition) -> dict[str, Any]:
    role = request.membership.role
    versions = coalition.changes.filter(fragment=coalition.fragment, verb="settings.changed")
    newest = versions.select_related("by", "undone_by").order_by("-revision")[:MOST_VERSIONS]
    weights = sum(getattr(coalition, name) for name in WEIGHT_FIELDS)
    return {
        "coalition": coalition,
        "membership": request.membership,
        "nav": "settings",
        "is_lead": role >= Role.LEAD,
        "may_import": role >= Role.ORGANIZER,
        "names": _facts(coalition, NAMES),
        "numbers": _facts(coalition, NUMBERS),
        "weights": [
            (*WEIGHTS[name], getattr(coalition, name), getattr(coalition, name) / weights)
            for name in WEIGHT_FIELDS
        ],
        "versions": told(newest, zone=coalition.time_zone, role=role),
        "api_docs": reverse("api:docs"),
    }


def _facts(coalition: Coalition, names: tuple[str, ...]) -> list[tuple[str, str]]:
    assert set(names) <= set(SETTING_FIELDS)
    return [
        (label(Coalition, name), said(Coalition, name, getattr(coalition, name)) or _("not said yet"))
        for name in names
    ]
