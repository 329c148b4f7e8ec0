"""What tests of the ground floor share."""

from __future__ import annotations

import pytest


@pytest.fixture
def cheap_passwords(settings):
    """For tests that sign in often and are not about hashing: Argon2 is slow on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
