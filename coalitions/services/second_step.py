"""The second step at the door: a code from a phone, or one of the recovery codes kept on paper."""

from __future__ import annotations

import base64
import secrets

from django.db import transaction
from django.utils.crypto import salted_hmac
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from coalitions.models import User
from coalitions.services.accounts import end_other_sessions

RECOVERY_CODES = 10
RECOVERY_BYTES = 10  # 80 bits, written as 16 letters and digits
DIGITS_OF_A_CODE = 6


def is_on(user: User) -> bool:
    return bool(TOTPDevice.objects.filter(user=user, confirmed=True).exists())


def begun(user: User) -> TOTPDevice | None:
    """The phone that the person is setting up: its code has not been seen yet, so it guards nothing."""
    return TOTPDevice.objects.filter(user=user, confirmed=False).order_by("pk").first()


@transaction.atomic
def begin(user: User) -> None:
    TOTPDevice.objects.filter(user=user, confirmed=False).delete()
    TOTPDevice.objects.create(user=user, name="phone", confirmed=False)


@transaction.atomic
def turn_on(user: User, *, code: str, keep: str | None) -> tuple[Device, list[str]] | None:
    """The device and its recovery codes, or None when the code does not match."""
    User.objects.select_for_update().get(pk=user.pk)
    device = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=False).first()
    if device is None or is_on(user) or not device.verify_token(_plain(code)):
        return None
    device.confirmed = True
    device.save(update_fields=["confirmed"])
    end_other_sessions(user, keep=keep)
    return device, _renew_codes(user)


@transaction.atomic
def turn_off(user: User, *, keep: str | None) -> None:
    TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()
    end_other_sessions(user, keep=keep)


@transaction.atomic
def renew_recovery_codes(user: User, *, keep: str | None) -> list[str]:
    """New codes make the old ones worthless."""
    User.objects.select_for_update().get(pk=user.pk)
    end_other_sessions(user, keep=keep)
    return _renew_codes(user)


@transaction.atomic
def check(user: User, code: str) -> Device | None:
    """The device that accepts this code now. A code works once, and wrong ones cost a growing pause."""
    plain = _plain(code)
    if len(plain) == DIGITS_OF_A_CODE and plain.isdigit():
        phones = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=True)
        return next((phone for phone in phones.order_by("pk") if phone.verify_token(plain)), None)
    papers = StaticDevice.objects.select_for_update().filter(user=user, confirmed=True)
    return next((paper for paper in papers.order_by("pk") if paper.verify_token(_stored(plain))), None)


def written_key(device: TOTPDevice) -> str:
    """The secret in groups of four, for apps without a camera."""
    key = _base32(device.bin_key)
    return " ".join(key[start : start + 4] for start in range(0, len(key), 4))


def codes_left(user: User) -> int:
    return int(StaticToken.objects.filter(device__user=user).count())


def _renew_codes(user: User) -> list[str]:
    StaticDevice.objects.filter(user=user).delete()
    paper = StaticDevice.objects.create(user=user, name="paper", confirmed=True)
    codes = [_base32(secrets.token_bytes(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create([StaticToken(device=paper, token=_stored(code)) for code in codes])
    return ["-".join(code[start : start + 4] for start in range(0, len(code), 4)) for code in codes]


def _plain(code: str) -> str:
    return "".join(character for character in code.lower() if character.isalnum())


def _stored(code: str) -> str:
    """A keyed digest, as long as django-otp's column: the codes themselves are never kept."""
    return _base32(salted_hmac("coalitions.recovery", code, algorithm="sha256").digest()[:RECOVERY_BYTES])


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().lower()
