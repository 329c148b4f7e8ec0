"""Upload files of public records, see what they would do, import them, and take that back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coalitions.exchange import csv_out
from coalitions.exchange.problems import explained
from coalitions.forms.imports import UploadForm, choices_in, page_of_pairs
from coalitions.models import Coalition, Import, ImportNote, ImportState, Role
from coalitions.permissions import MemberRequest, coalition_view
from coalitions.presenting import imports as presenting
from coalitions.services import history
from coalitions.services import imports as services
from coalitions.services.editing import Refused
from coalitions.services.imports import notes

LIST, PAGE = "coalitions/imports.html", "coalitions/import.html"
MOST_LISTED = 50


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@coalition_view(at_least=Role.ORGANIZER)
def imports(request: MemberRequest, coalition: Coalition) -> HttpResponse:
    if request.method != "POST":
        return _list(request, coalition, UploadForm())
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _list(request, coalition, form, status=422)
    try:
        upload = services.start_import(coalition, by=request.user, files=form.pieces())
    except Refused as refused:
        form.add_error(None, refused.message)
        return _list(request, coalition, form, status=422)
    return redirect("coalitions:import", slug=coalition.slug, import_id=upload.public_id)


@never_cache
@require_safe
@coalition_view(at_least=Role.ORGANIZER)
def import_detail(request: MemberRequest, coalition: Coalition, import_id: UUID) -> HttpResponse:
    return _show(request, coalition, _upload(coalition, import_id))


@require_POST
@coalition_view(at_least=Role.ORGANIZER)
def import_commit(request: MemberRequest, coalition: Coalition, import_id: UUID) -> HttpResponse:
    """Keep the choices of this page; then import, or turn the page."""
    upload = _upload(coalition, import_id)
    try:
        if choices := choices_in(request.POST):
            services.keep_choices(upload, choices=choices)
        if "page" not in request.POST:
            services.start_commit(upload, by=request.user)
    except Refused as refused:
        messages.warning(request, refused.message)
    address = redirect("coalitions:import", slug=coalition.slug, import_id=import_id)
    if request.POST.get("page", "").isdecimal():
        address["Location"] += f"?page={int(request.POST['page'])}#lookalikes"
    return address


@require_POST
@coalition_view(at_least=Role.ORGANIZER)
def import_cancel(request: MemberRequest, coalition: Coalition, import_id: UUID) -> HttpResponse:
    try:
        services.cancel(_upload(coalition, import_id))
    except Refused as refused:
        messages.warning(request, refused.message)
    return redirect("coalitions:import", slug=coalition.slug, import_id=import_id)


@require_POST
@coalition_view(at_least=Role.ORGANIZER)
def import_undo(request: MemberRequest, coalition: Coalition, import_id: UUID) -> HttpResponse:
    upload = _upload(coalition, import_id)
    try:
        if upload.change is None:
            raise Refused(_("This import changed nothing, so there is nothing to undo."))
        history.undo(upload.change, by=request.user, role=Role(request.membership.role))
    except Refused as refused:
        messages.warning(request, refused.message)
    return redirect("coalitions:import", slug=coalition.slug, import_id=import_id)


@never_cache
@require_safe
@coalition_view(at_least=Role.ORGANIZER)
def import_problems(request: MemberRequest, coalition: Coalition, import_id: UUID) -> StreamingHttpResponse:
    """Every problem of the files, as a table to work through."""
    upload = _upload(coalition, import_id)
    names = [file.name for file in upload.files.all()]
    found = notes.kept(upload, ImportNote.Kind.PROBLEMS) or []
    rows = (
        [names[file] if 0 <= file < len(names) else "", line or "", column, value, *explained(problem)]
        for problem in found
        for file, line, column, _word, value in [problem]
    )
    columns = ("file", "line", "column", "value", "what is wrong", "what to do")
    return csv_answer(f"problems-{coalition.slug}.csv", columns, rows)


def csv_answer(name: str, columns: Any, rows: Any) -> StreamingHttpResponse:
    """A file to keep, never a page to show. The name is made here."""
    disposition = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    return StreamingHttpResponse(
        csv_out.written(columns, rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": disposition},
    )


def _upload(coalition: Coalition, import_id: UUID) -> Import:
    rows = coalition.imports.select_related("coalition", "by", "change").prefetch_related("files")
    rows = rows.defer("lookalikes")  # many, and shown in one state only
    return get_object_or_404(rows, public_id=import_id)


def _list(
    request: MemberRequest, coalition: Coalition, form: UploadForm, *, status: int = 200
) -> HttpResponse:
    rows = coalition.imports.select_related("by").prefetch_related("files").defer("lookalikes", "choices")
    context = {
        "coalition": coalition,
        "membership": request.membership,
        "form": form,
        "imports": rows.order_by("-pk")[:MOST_LISTED],
        **presenting.known_words(),
    }
    is_fragment = request.htmx and not request.htmx.history_restore_request
    return render(request, f"{LIST}#list" if is_fragment else LIST, context, status=status)


def _show(request: MemberRequest, coalition: Coalition, upload: Import) -> HttpResponse:
    state = ImportState(upload.state)
    headline, lead = presenting.headline(upload)
    context: dict[str, Any] = {
        "coalition": coalition,
        "membership": request.membership,
        "import": upload,
        "state": state.value,
        "headline": headline,
        "lead": lead,
        "files": presenting.files(upload),
        "tallies": presenting.tallies(upload),
        "shown": presenting.shown(upload),
        "may_undo": upload.change is not None,
    }
    if state == ImportState.CHECKED:
        context["too_many_names"] = upload.summary.get("too_many_names")
        context["pairs"] = page_of_pairs(
            upload.lookalikes, upload.choices, request.GET.get("page"), says=presenting.reason
        )
    if state in {ImportState.CHECKED, ImportState.DONE}:
        context["differences"] = presenting.differences(upload)
    if state == ImportState.REFUSED:
        context["problems"] = [
            (presenting.where(upload, problem[0], problem[1]), problem[2], problem[4], *explained(problem))
            for problem in upload.summary.get("first_problems", [])
        ]
    is_fragment = request.htmx and not request.htmx.history_restore_request
    return render(request, f"{PAGE}#import" if is_fragment else PAGE, context)
