"""Which partners share people: declared pair by pair, since totals are only honest with them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coalitions.forms.actions import VersionForm
from coalitions.forms.organizations import OverlapForm, ShareForm
from coalitions.models import Coalition, Overlap, Role
from coalitions.permissions import MemberRequest, coalition_view
from coalitions.presenting.conflicts import who_saved, worded
from coalitions.services import directory as services
from coalitions.services.editing import Refused, StaleEdit
from coalitions.views.undoing import undo_url

PAGE = "coalitions/overlaps.html"
PER_PAGE = 100


@require_safe
@coalition_view(at_least=Role.OBSERVER)
def overlaps(request: MemberRequest, coalition: Coalition) -> HttpResponse:
    wants_list = bool(request.htmx) and not request.htmx.history_restore_request
    return render(request, f"{PAGE}#list" if wants_list else PAGE, _list(request, coalition))


@require_safe
@coalition_view(at_least=Role.OBSERVER)
def overlap(request: MemberRequest, coalition: Coalition, overlap_id: UUID) -> HttpResponse:
    if not request.htmx:
        return redirect("coalitions:overlaps", slug=coalition.slug)
    return _row(request, coalition, overlap_id)


@require_http_methods(["GET", "HEAD", "POST"])
@coalition_view(at_least=Role.ORGANIZER)
def overlap_declare(request: MemberRequest, coalition: Coalition) -> HttpResponse:
    form = OverlapForm(
        request.POST if request.method == "POST" else None, coalition=coalition, auto_id="id_new_%s"
    )
    if not form.is_valid():
        return _declaring(request, coalition, form, status=422 if form.errors else 200)
    typed = form.cleaned_data
    try:
        services.declare_overlap(
            typed["first"],
            typed["second"],
            by=request.user,
            share=form.share_of_one,
            seen_version=typed["version"],
        )
    except Refused as refused:
        form.add_error(refused.field or None, refused.message)
        return _declaring(request, coalition, form, status=422)
    except StaleEdit as stale:
        return _declaring(request, coalition, form, conflict=_both(coalition, form, stale), status=409)
    coalition.refresh_from_db(fields=["revision"])
    pair = {"one": typed["first"].name, "other": typed["second"].name}
    text = _("The overlap of %(one)s and %(other)s was declared.") % pair
    if not request.htmx:
        messages.success(request, text)
        return redirect("coalitions:overlaps", slug=coalition.slug)
    context = {"coalition": coalition, "toast": {"text": text, "undo_url": undo_url(coalition)}}
    response = render(request, f"{PAGE}#declared", context)
    response["HX-Trigger"] = '{"stale": {"target": "#overlaps"}}'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@coalition_view(at_least=Role.ORGANIZER)
def overlap_edit(request: MemberRequest, coalition: Coalition, overlap_id: UUID) -> HttpResponse:
    row = get_object_or_404(_overlaps(coalition), public_id=overlap_id)
    names = f"id_{row.fragment}_%s"
    if request.method != "POST":
        form = ShareForm(initial=ShareForm.initial_of(row), auto_id=names)
        return _editing(request, coalition, row, form)
    form = ShareForm(request.POST, auto_id=names)
    if not form.is_valid():
        return _editing(request, coalition, row, form, status=422)
    before = coalition.revision
    try:
        services.declare_overlap(
            row.first,
            row.second,
            by=request.user,
            share=form.share_of_one,
            seen_version=form.cleaned_data["version"] or 0,
        )
    except StaleEdit as stale:
        conflict = _both(coalition, form, stale)
        return _editing(request, coalition, row, form, conflict=conflict, status=409)
    coalition.refresh_from_db(fields=["revision"])
    text = _("The overlap was saved.") if coalition.revision != before else _("Nothing was changed.")
    if not request.htmx:
        messages.success(request, text)
        return redirect("coalitions:overlaps", slug=coalition.slug)
    toast = {"text": text, "undo_url": undo_url(coalition) if coalition.revision != before else ""}
    return _row(request, coalition, overlap_id, toast=toast)


@require_POST
@coalition_view(at_least=Role.ORGANIZER)
def overlap_remove(request: MemberRequest, coalition: Coalition, overlap_id: UUID) -> HttpResponse:
    row = get_object_or_404(_overlaps(coalition), public_id=overlap_id)
    seen = VersionForm(request.POST)
    if not seen.is_valid():
        return HttpResponse(status=422)
    try:
        services.remove_overlap(row, by=request.user, seen_version=seen.cleaned_data["version"])
    except StaleEdit:
        text = _("Somebody has just changed this overlap, so it was not taken back. Look again.")
        if request.htmx:
            return _row(request, coalition, overlap_id, toast={"text": text}, status=409)
        messages.warning(request, text)
        return redirect("coalitions:overlaps", slug=coalition.slug)
    coalition.refresh_from_db(fields=["revision"])
    text = _("The overlap was taken back.")
    if not request.htmx:
        messages.success(request, text)
        return redirect("coalitions:overlaps", slug=coalition.slug)
    return render(request, f"{PAGE}#toast", {"toast": {"text": text, "undo_url": undo_url(coalition)}})


def _both(coalition: Coalition, form: ShareForm, stale: StaleEdit) -> dict[str, Any]:
    """Their share beside the typed one; the form keeps the typed one and carries the newer version."""
    theirs = stale.theirs
    assert isinstance(theirs, Overlap)
    data: Any = form.data.copy()  # type: ignore[attr-defined]
    data["version"] = str(theirs.version)
    form.data = data
    fields = worded(Overlap, theirs, {"share": form.share_of_one})
    return {"fields": fields, **who_saved(coalition, theirs.fragment)}


def _overlaps(coalition: Coalition) -> QuerySet[Overlap]:
    """Pairs of which neither was removed."""
    pairs = coalition.overlaps.filter(first__removed_at__isnull=True, second__removed_at__isnull=True)
    return pairs.select_related("first", "second", "by")


def _declaring(
    request: MemberRequest, coalition: Coalition, form: OverlapForm, *, status: int = 200, **more: Any
) -> HttpResponse:
    context = _shared(request, coalition) | {"form": form, "is_page": not request.htmx} | more
    return render(request, f"{PAGE}#declare" if request.htmx else PAGE, context, status=status)


def _editing(
    request: MemberRequest,
    coalition: Coalition,
    row: Overlap,
    form: ShareForm,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    context = _shared(request, coalition) | {"form": form, "overlap": row, "is_page": not request.htmx} | more
    return render(request, f"{PAGE}#edit" if request.htmx else PAGE, context, status=status)


def _row(
    request: MemberRequest,
    coalition: Coalition,
    overlap_id: UUID,
    *,
    toast: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    row = get_object_or_404(_overlaps(coalition), public_id=overlap_id)
    context = _shared(request, coalition) | {"overlap": row, "toast": toast}
    return render(request, f"{PAGE}#row-and-toast", context, status=status)


def _list(request: MemberRequest, coalition: Coalition) -> dict[str, Any]:
    rows = _overlaps(coalition).order_by("-share", "first__name", "second__name", "pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return _shared(request, coalition) | {"page": page}


def _shared(request: MemberRequest, coalition: Coalition) -> dict[str, Any]:
    return {
        "coalition": coalition,
        "membership": request.membership,
        "nav": "organizations",
        "may_edit": request.membership.role >= Role.ORGANIZER,
    }
