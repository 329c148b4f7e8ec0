"""The people page: who belongs to the coalition, who is invited, and what leads may do about it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coalitions import mail
from coalitions.forms.people import InvitationForm, MemberForm
from coalitions.models import Coalition, Membership, Role
from coalitions.permissions import MemberRequest, coalition_view
from coalitions.services import people as services
from coalitions.services.editing import Refused, StaleEdit

PAGE = "coalitions/people.html"


@never_cache
@require_safe
@coalition_view(at_least=Role.OBSERVER)
def people(request: MemberRequest, coalition: Coalition) -> HttpResponse:
    return _show(request, coalition)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@coalition_view(at_least=Role.LEAD, fresh=True)
def invite(request: MemberRequest, coalition: Coalition) -> HttpResponse:
    form = InvitationForm(request.POST if request.method == "POST" else None, coalition=coalition)
    if not form.is_valid():
        return _show_invite(request, coalition, {"form": form}, status=422 if form.errors else 200)
    send = "send" in request.POST
    try:
        invitation, token = services.invite(
            coalition, by=request.user, send=send, now=timezone.now(), **form.cleaned_data
        )
    except Refused as refused:
        form.add_error(refused.field or None, refused.message)
        return _show_invite(request, coalition, {"form": form}, status=422)
    return _show_invite(
        request, coalition, {"invited": invitation, "link": mail.join_link(token) if token else ""}
    )


@require_POST
@coalition_view(at_least=Role.LEAD)
def invitation_revoke(request: MemberRequest, coalition: Coalition, invitation_id: UUID) -> HttpResponse:
    invitation = get_object_or_404(coalition.invitations, public_id=invitation_id)
    try:
        services.revoke_invitation(invitation, by=request.user, now=timezone.now())
        notice = _("The invitation is taken back. Its link does not work any more.")
    except Refused as refused:
        notice = refused.message
    return _done(request, coalition, notice)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@coalition_view(at_least=Role.LEAD, fresh=True)
def role(request: MemberRequest, coalition: Coalition, member_id: UUID) -> HttpResponse:
    member = _member(coalition, member_id)
    if request.method != "POST":
        return _show(request, coalition, member=member, form=MemberForm.of(member))
    form = MemberForm(request.POST, coalition=coalition, auto_id=f"id_{member.public_id.hex}_%s")
    if not form.is_valid():
        return _show(request, coalition, member=member, form=form, status=422)
    typed = form.cleaned_data
    try:
        services.change_role(
            member,
            by=request.user,
            seen_version=typed["version"],
            role=typed["role"],
            organization=typed["organization"],
            now=timezone.now(),
        )
    except StaleEdit:
        return _show_both(request, coalition, _member(coalition, member_id), form)
    except Refused as refused:
        form.add_error(refused.field or None, refused.message)
        return _show(request, coalition, member=member, form=form, status=422)
    return _done(request, coalition, _("The role of %(name)s is saved.") % {"name": member.user.name})


@require_POST
@coalition_view(at_least=Role.LEAD, fresh=True)
def remove(request: MemberRequest, coalition: Coalition, member_id: UUID) -> HttpResponse:
    member = _member(coalition, member_id)
    try:
        services.remove_person(member, by=request.user, now=timezone.now())
    except Refused as refused:
        form = MemberForm.of(member)
        return _show(request, coalition, member=member, form=form, refusal=refused.message, status=422)
    if member.user_id == request.user.pk:
        return _leave(request)
    return _done(request, coalition, _("%(name)s has no access any more.") % {"name": member.user.name})


def _member(coalition: Coalition, member_id: UUID) -> Membership:
    members = coalition.memberships.select_related("user", "organization", "coalition")
    return get_object_or_404(members, public_id=member_id)


def _show(
    request: MemberRequest, coalition: Coalition, *, status: int = 200, **open_form: Any
) -> HttpResponse:
    """The page, or its list alone; `open_form` names the member whose form is open in it."""
    page = f"{PAGE}#list" if _wants_fragment(request) else PAGE
    return render(request, page, _context(request, coalition) | open_form, status=status)


def _show_both(
    request: MemberRequest, coalition: Coalition, member: Membership, form: MemberForm
) -> HttpResponse:
    """Somebody saved this first: their version beside the one that was typed, ready to be saved again."""
    typed = form.cleaned_data
    nobody = _("none")
    theirs_of, yours_of = member.organization, typed["organization"]
    fields = [
        (_("Role"), member.get_role_display(), typed["role"].label, member.role != typed["role"]),
        (_("Organization"), theirs_of or nobody, yours_of or nobody, theirs_of != yours_of),
    ]
    data = request.POST.copy()
    data["version"] = str(member.version)
    again = MemberForm(data, coalition=coalition, auto_id=f"id_{member.public_id.hex}_%s")
    return _show(request, coalition, member=member, form=again, conflict=fields, status=409)


def _show_invite(
    request: MemberRequest, coalition: Coalition, found: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    page = f"{PAGE}#invite" if _wants_fragment(request) else PAGE
    context = _context(request, coalition) | found | {"is_inviting": True}
    return render(request, page, context, status=status)


def _done(request: MemberRequest, coalition: Coalition, notice: str) -> HttpResponse:
    if _wants_fragment(request):
        return render(request, f"{PAGE}#list", _context(request, coalition) | {"notice": notice})
    messages.success(request, notice)
    return redirect("coalitions:people", slug=coalition.slug)


def _leave(request: HttpRequest) -> HttpResponse:
    """Whoever has just removed themselves may not see this coalition any more."""
    response = redirect("home")
    if _wants_fragment(request):
        return HttpResponse(status=204, headers={"HX-Redirect": response["Location"]})
    return response


def _wants_fragment(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true" and "HX-Boosted" not in request.headers


def _context(request: MemberRequest, coalition: Coalition) -> dict[str, Any]:
    membership = request.membership
    is_lead = membership.role == Role.LEAD
    now = timezone.now()
    members = list(
        coalition.memberships.select_related("user", "organization").order_by("-role", "user__name", "pk")
    )
    invitations = coalition.invitations.filter(accepted_at=None, revoked_at=None, expires_at__gt=now)
    return {
        "coalition": coalition,
        "membership": membership,
        "nav": "people",
        "members": members,
        "is_lead": is_lead,
        "leads": sum(member.role == Role.LEAD for member in members),
        "invitations": list(invitations.select_related("organization", "invited_by").order_by("-pk"))
        if is_lead
        else [],
        "today": coalition.local_day(now),
    }
