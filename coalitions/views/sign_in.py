"""The door: e-mail and password, the second step, leaving, and showing again who one is."""

from __future__ import annotations

import math
import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django_otp import login as trust_device
from django_otp.models import Device

from coalitions.forms.accounts import CodeForm, ConfirmForm, SignInForm
from coalitions.models import User
from coalitions.permissions import AUTHENTICATED_AT
from coalitions.services import accounts, limits, second_step
from coalitions.sessions import BEGAN
from coalitions.views import devices

BACKEND = "django.contrib.auth.backends.ModelBackend"
# The session between password and code: it is signed in nowhere, and forgotten after a few minutes.
HALF_WAY = "half_way"
HALF_WAY_LASTS = 5 * 60
PASSWORD_CHANGED = "password"  # noqa: S105  (a word in an address)


def own_address(request: HttpRequest, wanted: str, *, otherwise: str) -> str:
    """Where to go next: an address of ours, never anybody else's."""
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else otherwise


def enter(request: HttpRequest, user: User, *, device: Device | None = None) -> None:
    """Everybody who gets in comes by here: a new session key, and the time of the proof."""
    login(request, user, backend=BACKEND)
    for left_over in (HALF_WAY, BEGAN):  # the session of a signed-in person begins now
        request.session.pop(left_over, None)
    request.session[AUTHENTICATED_AT] = time.time()
    if device is not None:
        trust_device(request, device)
    accounts.forget_what_has_expired(now=timezone.now())


@login_not_required
@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    wanted = own_address(
        request, request.POST.get("next", request.GET.get("next", "")), otherwise=reverse("home")
    )
    if request.user.is_authenticated:
        return redirect(wanted)
    form = SignInForm(request.POST if request.method == "POST" else None)
    status, wait = 200, limits.NO_WAIT
    if request.method == "POST":
        user, wait = _whose(request, form) if form.is_valid() else (None, wait)
        if user is not None:
            return _past_the_password(request, user, wanted)
        status = 429 if wait else 422
    context = {"form": form, "next": wanted, "note": request.GET.get("note")}
    response = render(request, "account/sign_in.html", context, status=status)
    if wait:
        response["Retry-After"] = str(math.ceil(wait.total_seconds()))
    return response


def _whose(request: HttpRequest, form: SignInForm) -> tuple[User | None, timedelta]:
    """The person, or in the form why not, and how long to wait. The same for accounts that do not exist."""
    email, now = form.cleaned_data["email"], timezone.now()
    counter = devices.counter(request, email)
    wait = limits.count_try(counter, now=now)
    if wait:
        form.add_error(None, _please_wait(wait))
        return None, wait
    user = authenticate(request, username=email, password=form.cleaned_data["password"])
    if not isinstance(user, User):
        form.add_error(None, _("E-mail and password do not match. Check both, or choose a new password."))
        return None, wait
    limits.forget_tries(counter, now=now)
    return user, wait


def _past_the_password(request: HttpRequest, user: User, wanted: str) -> HttpResponse:
    if second_step.is_on(user):
        request.session.cycle_key()
        request.session[HALF_WAY] = {
            "user": user.pk,
            "hash": user.get_session_auth_hash(),
            "at": time.time(),
            "next": wanted,
        }
        return redirect("sign-in-code")
    enter(request, user)
    response = redirect(wanted)
    devices.remember(request, response, user.email)
    return response


def _please_wait(wait: timedelta) -> str:
    seconds = math.ceil(wait.total_seconds())
    if seconds < 120:
        message = ngettext(
            "That were many tries. Wait %(n)s second, then try again.",
            "That were many tries. Wait %(n)s seconds, then try again.",
            seconds,
        )
        return message % {"n": seconds}
    return _("That were many tries. Wait %(n)s minutes, then try again.") % {"n": math.ceil(seconds / 60)}


@login_not_required
@sensitive_post_parameters("code")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    user = _half_way(request)
    if user is None:
        request.session.pop(HALF_WAY, None)
        return redirect("sign-in")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        device = second_step.check(user, form.cleaned_data["code"])
        if device is not None:
            wanted = request.session[HALF_WAY]["next"]
            enter(request, user, device=device)
            response = redirect(own_address(request, wanted, otherwise=reverse("home")))
            devices.remember(request, response, user.email)
            return response
        form.add_error("code", wrong_code())
    return render(request, "account/sign_in_code.html", {"form": form}, status=422 if form.errors else 200)


def wrong_code() -> str:
    return _("This code does not work. Wait some seconds, then enter the newest one.")


def _half_way(request: HttpRequest) -> User | None:
    """Who gave the right password a moment ago, if that password is still the one."""
    state: dict[str, Any] = request.session.get(HALF_WAY) or {}
    if not 0 <= time.time() - state.get("at", 0) < HALF_WAY_LASTS:
        return None
    user = User.objects.filter(pk=state["user"], is_active=True).first()
    return user if user and constant_time_compare(state["hash"], user.get_session_auth_hash()) else None


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    response = redirect("sign-in")
    response["Clear-Site-Data"] = '"cache"'
    return response


@sensitive_post_parameters("password", "code")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Before something that cannot be taken lightly: is it still you at this desk?"""
    user = request.user
    assert isinstance(user, User)
    wanted = own_address(
        request, request.POST.get("next", request.GET.get("next", "")), otherwise=reverse("account")
    )
    with_code = second_step.is_on(user)
    form = ConfirmForm(request.POST if request.method == "POST" else None, with_code=with_code)
    if form.is_valid() and _is_the_same_person(user, form, with_code=with_code):
        request.session.cycle_key()
        request.session[AUTHENTICATED_AT] = time.time()
        return redirect(wanted)
    context = {"form": form, "next": wanted, "minutes": settings.REAUTHENTICATE_AFTER // 60}
    return render(request, "account/confirm.html", context, status=422 if form.errors else 200)


def _is_the_same_person(user: User, form: ConfirmForm, *, with_code: bool) -> bool:
    counter, now = limits.key("confirm", user.public_id), timezone.now()
    wait = limits.count_try(counter, now=now)
    if wait > limits.NO_WAIT:
        form.add_error(None, _please_wait(wait))
        return False
    if not user.check_password(form.cleaned_data["password"]):
        form.add_error("password", _("This is not your password."))
        return False
    if with_code and second_step.check(user, form.cleaned_data["code"]) is None:
        form.add_error("code", wrong_code())
        return False
    limits.forget_tries(counter, now=now)
    return True
