"""The table of organizations: found, filtered, ordered, and edited in its rows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import replace_url

from coalitions.forms.actions import VersionForm
from coalitions.forms.organizations import OrganizationFilter, OrganizationForm
from coalitions.models import Coalition, Organization, Role
from coalitions.permissions import MemberRequest, coalition_view
from coalitions.presenting import directory
from coalitions.presenting.conflicts import who_saved, worded
from coalitions.services import directory as services
from coalitions.services.editing import Refused, StaleEdit
from coalitions.views.undoing import undo_url

PAGE = "coalitions/organizations.html"
PER_PAGE = 100


@require_safe
@coalition_view(at_least=Role.OBSERVER)
def organizations(request: MemberRequest, coalition: Coalition) -> HttpResponse:
    wants_list = bool(request.htmx) and not request.htmx.history_restore_request
    context = _list(request, coalition) | {"is_aside": wants_list}
    response = render(request, f"{PAGE}#list-and-count" if wants_list else PAGE, context)
    patch_vary_headers(response, ["HX-Request"])
    if wants_list and request.htmx.trigger != "organizations":
        query = f"?{context['query']}" if context["query"] else ""
        replace_url(response, reverse("coalitions:organizations", args=[coalition.slug]) + query)
    return response


@require_safe
@coalition_view(at_least=Role.OBSERVER)
def organizations_count(request: MemberRequest, coalition: Coalition) -> HttpResponse:
    """How many there are under the same filters: any row may change it."""
    chosen = OrganizationFilter(request.GET).chosen()
    found = directory.counted(directory.filtered(directory.listed(coalition), chosen))
    context = {"coalition": coalition, "found": found, "query": _query(chosen)}
    return render(request, f"{PAGE}#count", context)


@require_safe
@coalition_view(at_least=Role.OBSERVER)
def organization_row(request: MemberRequest, coalition: Coalition, organization_id: UUID) -> HttpResponse:
    if not request.htmx:
        return redirect("coalitions:organization", slug=coalition.slug, organization_id=organization_id)
    return _row(request, coalition, organization_id)


@require_http_methods(["GET", "HEAD", "POST"])
@coalition_view(at_least=Role.ORGANIZER)
def organization_add(request: MemberRequest, coalition: Coalition) -> HttpResponse:
    if request.method != "POST":
        return _form(request, coalition, OrganizationForm(auto_id="id_new_%s"))
    form = OrganizationForm(request.POST, auto_id="id_new_%s")
    if not form.is_valid():
        return _form(request, coalition, form, status=422)
    try:
        organization = services.add_organization(coalition, by=request.user, values=form.values)
    except Refused as refused:
        form.add_error(refused.field or None, refused.message)
        return _form(request, coalition, form, status=422)
    text = _("%(name)s was added.") % {"name": organization.name}
    if not request.htmx:
        messages.success(request, text)
        return redirect("coalitions:organization", coalition.slug, organization.public_id)
    context = {"coalition": coalition, "toast": {"text": text, "undo_url": undo_url(coalition)}}
    # The list asks for itself again, with whatever filters the page has.
    headers = {"HX-Trigger": '{"stale": {"target": "#organizations"}}'}
    return _with_headers(render(request, f"{PAGE}#added", context), headers)


@require_http_methods(["GET", "HEAD", "POST"])
@coalition_view(at_least=Role.ORGANIZER)
def organization_edit(request: MemberRequest, coalition: Coalition, organization_id: UUID) -> HttpResponse:
    organization = get_object_or_404(coalition.organizations.all(), public_id=organization_id)
    if organization.removed_at is not None:
        return _gone(request, coalition, organization)
    names = f"id_{organization.fragment}_%s"
    if request.method != "POST":
        form = OrganizationForm(
            instance=organization, initial={"version": organization.version}, auto_id=names
        )
        return _form(request, coalition, form, organization=organization)
    # A fresh instance: the form writes what was typed into it, and the service needs the row as it is.
    form = OrganizationForm(request.POST, instance=Organization(coalition=coalition), auto_id=names)
    if not form.is_valid():
        return _form(request, coalition, form, organization=organization, status=422)
    return _save(request, coalition, organization, form)


@require_POST
@coalition_view(at_least=Role.ORGANIZER)
def organization_remove(request: MemberRequest, coalition: Coalition, organization_id: UUID) -> HttpResponse:
    organization = get_object_or_404(coalition.organizations.present(), public_id=organization_id)
    seen = VersionForm(request.POST)
    if not seen.is_valid():
        return HttpResponse(status=422)
    name = {"name": organization.name}
    try:
        services.remove_organization(organization, by=request.user, seen_version=seen.cleaned_data["version"])
    except StaleEdit:
        text = _("Somebody has just changed %(name)s, so it was not removed. Look again.") % name
        if request.htmx:
            return _row(request, coalition, organization_id, toast={"text": text}, status=409)
        messages.warning(request, text)
        return redirect("coalitions:organization", coalition.slug, organization.public_id)
    text = _("%(name)s was removed.") % name
    if not request.htmx:
        messages.success(request, text)
        return redirect("coalitions:organizations", slug=coalition.slug)
    return render(request, f"{PAGE}#toast", {"toast": {"text": text, "undo_url": undo_url(coalition)}})


def _save(
    request: MemberRequest, coalition: Coalition, organization: Organization, form: OrganizationForm
) -> HttpResponse:
    before = coalition.revision
    try:
        services.edit_organization(
            organization,
            by=request.user,
            seen_version=form.cleaned_data["version"] or 0,
            values=form.values,
        )
    except Refused as refused:
        form.add_error(refused.field or None, refused.message)
        return _form(request, coalition, form, organization=organization, status=422)
    except StaleEdit as stale:
        return _conflict(request, coalition, form, stale)
    is_changed = coalition.revision != before
    name = {"name": form.values["name"]}
    text = _("%(name)s was saved.") % name if is_changed else _("Nothing was changed.")
    if not request.htmx:
        messages.success(request, text)
        return redirect("coalitions:organization", coalition.slug, organization.public_id)
    toast = {"text": text, "undo_url": undo_url(coalition) if is_changed else ""}
    return _row(request, coalition, organization.public_id, toast=toast)


def _conflict(
    request: MemberRequest, coalition: Coalition, form: OrganizationForm, stale: StaleEdit
) -> HttpResponse:
    """Both versions side by side; the form keeps what was typed and carries the newer version."""
    theirs = stale.theirs
    assert isinstance(theirs, Organization)
    if theirs.removed_at is not None:
        return _gone(request, coalition, theirs)
    data: Any = form.data.copy()  # type: ignore[attr-defined]
    data["version"] = str(theirs.version)
    form.data = data
    fields = worded(Organization, theirs, form.values)
    # There are many fields: those in dispute are enough, all of them where nothing is.
    disputed = [field for field in fields if field[-1]] or fields
    conflict = {"fields": disputed, **who_saved(coalition, theirs.fragment)}
    return _form(request, coalition, form, organization=theirs, conflict=conflict, status=409)


def _gone(request: MemberRequest, coalition: Coalition, organization: Organization) -> HttpResponse:
    """Removed while somebody had its form open: say so, rather than that there is no such page."""
    text = _("%(name)s was removed, so nothing was saved. An undo in the history brings it back.")
    messages.warning(request, text % {"name": organization.name})
    there = redirect("coalitions:organizations", slug=coalition.slug)
    return HttpResponse(status=204, headers={"HX-Redirect": there.url}) if request.htmx else there


def _form(
    request: MemberRequest,
    coalition: Coalition,
    form: OrganizationForm,
    *,
    organization: Organization | None = None,
    conflict: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The form in its row or above the table; on a page of its own without a script."""
    context = _shared(request, coalition) | {
        "form": form,
        "organization": organization,
        "conflict": conflict,
        "communities": directory.communities(coalition),
        "is_page": not request.htmx,
    }
    fragment = "" if not request.htmx else "#edit" if organization else "#add"
    return render(request, PAGE + fragment, context, status=status)


def _row(
    request: MemberRequest,
    coalition: Coalition,
    organization_id: UUID,
    *,
    toast: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    organization = get_object_or_404(directory.listed(coalition), public_id=organization_id)
    context = _shared(request, coalition) | {
        "organization": organization,
        "bonds": directory.bonds(organization),
        "toast": toast,
    }
    return render(request, f"{PAGE}#row-and-toast", context, status=status)


def _list(request: MemberRequest, coalition: Coalition) -> dict[str, Any]:
    chosen = OrganizationFilter(request.GET).chosen()
    rows = directory.filtered(directory.listed(coalition), chosen)
    found = directory.counted(rows)
    paginator = Paginator(directory.ordered(rows, chosen.get("sort", "")), PER_PAGE)
    paginator.count = found["organizations"]  # counted already, together with the partners
    page = paginator.get_page(request.GET.get("page"))
    return _shared(request, coalition) | {
        "page": page,
        "rows": [(organization, directory.bonds(organization)) for organization in page.object_list],
        "found": found,
        "chosen": chosen,
        "query": _query(chosen),
        "columns": directory.columns(chosen),
        "kinds": OrganizationFilter.base_fields["kind"].choices,  # type: ignore[attr-defined]
        "bond_choices": OrganizationFilter.base_fields["missing"].choices,  # type: ignore[attr-defined]
        "communities": directory.communities(coalition),
    }


def _query(chosen: dict[str, str]) -> str:
    query = QueryDict(mutable=True)
    query.update(chosen)
    return query.urlencode()


def _shared(request: MemberRequest, coalition: Coalition) -> dict[str, Any]:
    return {
        "coalition": coalition,
        "membership": request.membership,
        "nav": "organizations",
        "may_edit": request.membership.role >= Role.ORGANIZER,
    }


def _with_headers(response: HttpResponse, headers: dict[str, str]) -> HttpResponse:
    for name, value in headers.items():
        response[name] = value
    return response
