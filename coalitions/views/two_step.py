"""Turning the second step on and off, and its recovery codes."""

from __future__ import annotations

import segno
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp import login as trust_device
from django_otp.plugins.otp_totp.models import TOTPDevice

from coalitions.forms.accounts import FirstCodeForm
from coalitions.models import User
from coalitions.permissions import fresh_view
from coalitions.services import second_step
from coalitions.views.sign_in import wrong_code


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@fresh_view
def two_step(request: HttpRequest) -> HttpResponse:
    user = request.user
    assert isinstance(user, User)
    if request.method == "POST" and "begin" in request.POST:
        second_step.begin(user)
        return redirect("two-step")
    form = FirstCodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        turned_on = second_step.turn_on(
            user, code=form.cleaned_data["code"], keep=request.session.session_key
        )
        if turned_on is not None:
            device, codes = turned_on
            trust_device(request, device)
            return render(request, "account/recovery_codes.html", {"codes": codes, "just_on": True})
        form.add_error("code", wrong_code())
    context = {"form": form, **_state(user)}
    return render(request, "account/two_step.html", context, status=422 if form.errors else 200)


@require_POST
@fresh_view
def two_step_off(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    second_step.turn_off(request.user, keep=request.session.session_key)
    request.session.pop(DEVICE_ID_SESSION_KEY, None)
    return redirect("account")


@never_cache
@require_POST
@fresh_view
def recovery_codes(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    if not second_step.is_on(request.user):
        return redirect("two-step")
    codes = second_step.renew_recovery_codes(request.user, keep=request.session.session_key)
    return render(request, "account/recovery_codes.html", {"codes": codes})


def _state(user: User) -> dict[str, object]:
    if second_step.is_on(user):
        return {"is_on": True, "codes_left": second_step.codes_left(user)}
    device = second_step.begun(user)
    return {"device": device, **(_key_of(device) if device else {})}


def _key_of(device: TOTPDevice) -> dict[str, object]:
    """The secret as a picture for the phone's camera, and as text to type."""
    picture = segno.make(device.config_url, error="m").svg_inline(
        border=3, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None
    )
    key = second_step.written_key(device)
    return {"picture": mark_safe(picture), "key": key}  # noqa: S308  (drawn by segno, holds no text)
