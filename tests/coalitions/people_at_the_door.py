"""What tests about people share: signing in for real, or being signed in a moment ago."""

from __future__ import annotations

import time

from django.test import Client
from django.urls import reverse
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from coalitions.models import User
from coalitions.permissions import AUTHENTICATED_AT
from tests.factories import PASSWORD


def sign_in(client: Client, email: str, password: str = PASSWORD, **more):
    return client.post(reverse("sign-in"), {"email": email, "password": password, **more})


def signed_in(user: User, client: Client | None = None) -> Client:
    """A browser in which this person gave the password a moment ago."""
    client = client or Client()
    client.force_login(user)
    session = client.session
    session[AUTHENTICATED_AT] = time.time()
    session.save()
    return client


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("account")).status_code == 200


def a_second_step(user: User) -> TOTPDevice:
    return TOTPDevice.objects.create(user=user, name="phone", confirmed=True)


def code_of(device: TOTPDevice) -> str:
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    totp.time = time.time()
    return f"{totp.token():06d}"
