"""The browsers that have signed in to an account before: their tries are counted apart from everybody else's.

So whoever guesses at an account slows down only other guessers, never the person at their own desk.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from coalitions.services import limits

COOKIE = "__Host-device" if settings.SESSION_COOKIE_SECURE else "muster-device"
SALT = "coalitions.device"
LASTS = 400 * 24 * 3600  # as long as browsers keep a cookie
MOST_ACCOUNTS = 5


def counter(request: HttpRequest, email: str) -> str:
    """Which counter of tries this browser uses for this account."""
    known = _read(request)
    if _mark(email) in known.get("accounts", ()):
        return limits.key("sign-in", email, known["device"])
    return limits.key("sign-in", email)


def remember(request: HttpRequest, response: HttpResponse, email: str) -> None:
    known = _read(request)
    others = [mark for mark in known.get("accounts", ()) if mark != _mark(email)]
    value = {
        "device": known.get("device") or secrets.token_urlsafe(16),
        "accounts": [_mark(email), *others][:MOST_ACCOUNTS],
    }
    response.set_cookie(
        COOKIE,
        signing.dumps(value, salt=SALT),
        max_age=LASTS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _read(request: HttpRequest) -> dict[str, Any]:
    try:
        known = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=LASTS)
    except signing.BadSignature:
        return {}
    return known if isinstance(known, dict) else {}


def _mark(email: str) -> str:
    return limits.key("device", email)
