"""What a request says about the state it starts from: If-Match for edits, Idempotency-Key for ledgers."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from coalitions.api.errors import VersionRequired

TAG = re.compile(r'(W/)?"([\x21\x23-\x7e]*)"')
KEY = re.compile(r"[\x20-\x7e]{1,64}")

ANY_VERSION = None
Versions = frozenset[str] | None


def etag(version: int) -> str:
    return f'"{version}"'


def versions_seen(request: Request) -> Versions:
    """The versions in If-Match. `*` matches any: then the body has to name the version."""
    header = request.headers.get("If-Match", "").strip()
    if not header:
        raise VersionRequired
    if header == "*":
        return ANY_VERSION
    tags = [TAG.fullmatch(part.strip()) for part in header.split(",")]
    if not all(tags):
        raise ValidationError({"If-Match": [_('Send the ETag as it came, like "7".')]})
    # Weak tags never match here: an edit needs the very version.
    return frozenset(tag[2] for tag in tags if tag and not tag[1])


def idempotency_key(request: Request) -> str:
    """What makes a repeated request the same request."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if not KEY.fullmatch(key):
        said = _("Send a key of 1 to 64 printable ASCII characters, a new one for each new row.")
        raise ValidationError({"Idempotency-Key": [said]})
    return key
