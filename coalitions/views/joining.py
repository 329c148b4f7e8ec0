"""Coming in by a link: an invitation, or a new password.

Opening such a link changes nothing, whoever opens it; only the button on the page does. The page is told to
send at most our own origin as the referrer, never the address with the token.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from coalitions.forms.accounts import ForgotForm, JoinForm, NewPasswordForm
from coalitions.models import Invitation, User
from coalitions.services import accounts, people
from coalitions.services.editing import Refused
from coalitions.views.account import first_page
from coalitions.views.sign_in import PASSWORD_CHANGED, enter

# An invitation whose link this browser has shown, while its person signs in.
INVITATION = "invitation"


def with_token(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For pages whose address is a secret.

    `strict-origin`, not `no-referrer`: with the latter browsers send forms with `Origin: null`, and the check
    against forged requests would refuse our own button.
    """

    @wraps(view)
    def discreet(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        response = view(request, **kwargs)
        response["Referrer-Policy"] = "strict-origin"
        return response

    return discreet


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forgot_password(request: HttpRequest) -> HttpResponse:
    """One answer for every address. Nothing here depends on whether it has an account."""
    form = ForgotForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        accounts.ask_for_reset(form.cleaned_data["email"], now=timezone.now())
        return render(request, "account/forgot_sent.html")
    return render(request, "account/forgot_password.html", {"form": form}, status=422 if form.errors else 200)


@login_not_required
@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@with_token
def reset_password(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    user = accounts.person_of_reset_link(uid, token)
    if user is None:
        return render(request, "account/link_closed.html", {"is_reset": True}, status=404)
    form = NewPasswordForm(request.POST if request.method == "POST" else None, user=user)
    if form.is_valid():
        try:
            accounts.reset_password(uid, token, password=form.cleaned_data["password"], now=timezone.now())
        except Refused:
            return render(request, "account/link_closed.html", {"is_reset": True}, status=404)
        return redirect(f"{reverse('sign-in')}?{urlencode({'note': PASSWORD_CHANGED})}")
    return render(request, "account/reset_password.html", {"form": form}, status=422 if form.errors else 200)


@login_not_required
@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@with_token
def join(request: HttpRequest, token: str) -> HttpResponse:
    invitation = people.find_open_invitation(token, now=timezone.now())
    if invitation is None:
        return _closed(request)
    if isinstance(request.user, User):
        return _join_signed_in(request, invitation, request.user)
    if "sign-in" in request.POST:
        request.session[INVITATION] = str(invitation.public_id)
        return redirect(f"{reverse('sign-in')}?{urlencode({'next': reverse('join-signed-in')})}")
    return _join_as_new_person(request, invitation)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join_signed_in(request: HttpRequest) -> HttpResponse:
    """Back from signing in, for the invitation whose link this browser has shown before."""
    seen = request.session.get(INVITATION, "")
    invitation = people.find_seen_invitation(seen, now=timezone.now())
    if invitation is None:
        return _closed(request)
    assert isinstance(request.user, User)
    return _join_signed_in(request, invitation, request.user)


def _join_signed_in(request: HttpRequest, invitation: Invitation, user: User) -> HttpResponse:
    is_mine = user.email == invitation.email.lower()
    if request.method == "POST" and is_mine:
        try:
            joined = people.join(invitation, user=user, now=timezone.now())
        except Refused:
            return _closed(request)
        request.session.pop(INVITATION, None)
        return _welcome(request, joined)
    context = {"invitation": invitation, "is_mine": is_mine}
    return render(request, "account/join.html", context, status=409 if request.method == "POST" else 200)


def _join_as_new_person(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    person = User(email=invitation.email)
    form = JoinForm(request.POST if request.method == "POST" else None, user=person)
    if form.is_valid():
        try:
            joined = people.join_as_new_person(
                invitation,
                name=form.cleaned_data["name"],
                password=form.cleaned_data["password"],
                now=timezone.now(),
            )
        except Refused as refused:
            form.add_error(None, refused.message)
        else:
            enter(request, joined.membership.user)
            return _welcome(request, joined)
    context = {"invitation": invitation, "form": form}
    return render(request, "account/join.html", context, status=422 if form.errors else 200)


def _welcome(request: HttpRequest, joined: people.Joined) -> HttpResponse:
    names = {"coalition": joined.membership.coalition.name, "role": joined.membership.get_role_display()}
    if joined.was_member:
        messages.info(request, _("You already belong to %(coalition)s. Your role is %(role)s.") % names)
    else:
        messages.success(request, _("You joined %(coalition)s. Your role is %(role)s.") % names)
    return redirect(first_page(joined.membership))


def _closed(request: HttpRequest) -> HttpResponse:
    """The same for a link that was used, taken back, too old, or never made."""
    return render(request, "account/link_closed.html", status=404)
