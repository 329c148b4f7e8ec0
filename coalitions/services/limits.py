"""Counters that slow down guessing and flooding, in PostgreSQL so that they hold when Redis is away.

A row is found by a keyed digest: the table tells nobody which accounts exist or who tried to get in.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.crypto import salted_hmac

from coalitions.models import SignInDelay

FREE_TRIES = 5
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(days=1)
NO_WAIT = timedelta(0)


def key(purpose: str, *parts: object) -> str:
    told = "\0".join(str(part).strip().lower() for part in parts)
    return salted_hmac(f"coalitions.limits.{purpose}", told, algorithm="sha256").hexdigest()


def delay_after(failures: int) -> timedelta:
    """Nothing for the first tries, then 2, 4, 8 ... seconds. It never grows beyond a quarter of an hour."""
    if failures < FREE_TRIES:
        return NO_WAIT
    return min(LONGEST_WAIT, timedelta(seconds=2 ** min(failures - FREE_TRIES + 1, 20)))


@transaction.atomic
def count_try(of: str, *, now: datetime) -> timedelta:
    """How long to wait before a password may be tried; no wait means: go ahead, this try is counted.

    It is counted before the password is checked, so a hundred tries at once are not a hundred free tries.
    """
    row = _locked(of, now=now)
    # A wait longer than the longest was written under a wrong clock, and must not lock anybody out.
    if now < row.wait_until <= now + LONGEST_WAIT:
        return row.wait_until - now
    row.failures = 1 if now - row.wait_until > FORGOTTEN_AFTER else row.failures + 1
    row.wait_until = now + delay_after(row.failures)
    row.save(update_fields=["failures", "wait_until"])
    return NO_WAIT


def forget_tries(of: str, *, now: datetime) -> None:
    SignInDelay.objects.filter(account_digest=of).update(failures=0, wait_until=now)


@transaction.atomic
def allow(of: str, *, most: int, within: timedelta, now: datetime) -> bool:
    """Count one more, and tell whether it is still among the `most` that may happen `within` this time."""
    row = _locked(of, now=now)
    if not now < row.wait_until <= now + within:
        row.failures, row.wait_until = 0, now + within
    row.failures += 1
    row.save(update_fields=["failures", "wait_until"])
    return row.failures <= most


def forget_old(*, now: datetime) -> None:
    SignInDelay.objects.filter(wait_until__lt=now - FORGOTTEN_AFTER).delete()


def _locked(of: str, *, now: datetime) -> SignInDelay:
    SignInDelay.objects.bulk_create([SignInDelay(account_digest=of, wait_until=now)], ignore_conflicts=True)
    return SignInDelay.objects.select_for_update().get(account_digest=of)
