"""Whatever opens a door is drawn from the system's randomness and is long enough (B17)."""

import ast
import base64
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django_otp.plugins.otp_totp.models import default_key

from coalitions.models import Session, new_token
from coalitions.models.people import new_session_name
from coalitions.services import second_step
from tests.factories import a_user

# Where guessable numbers are harmless: the jitter between two tries of a transaction, demo data, the crowd.
MAY_BE_GUESSABLE = (
    "coalitions/services/editing.py",
    "coalitions/management/commands/demo",
    "coalitions/demo",
    "coalitions/method/",
)


def imported_modules(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_no_module_that_guards_a_door_draws_guessable_numbers():
    guilty, seen = [], 0
    for folder in ("config", "coalitions", "allies", "negotiations"):
        for path in sorted((Path(settings.BASE_DIR) / folder).rglob("*.py")):
            name = path.relative_to(settings.BASE_DIR).as_posix()
            seen += 1
            guessable = {"random", "numpy.random"} & set(imported_modules(path.read_text()))
            if guessable and not name.startswith(MAY_BE_GUESSABLE):
                guilty.append(name)
    assert seen > 50
    assert guilty == []


@pytest.mark.parametrize("make", [new_token, new_session_name])
def test_tokens_carry_at_least_128_bits_and_never_repeat(make):
    drawn = {make() for _ in range(1000)}
    assert len(drawn) == 1000
    assert min(len(base64.urlsafe_b64decode(token + "==")) for token in drawn) >= 16


@pytest.mark.django_db
def test_reset_links_session_keys_and_the_phones_key_carry_at_least_128_bits():
    user = a_user()
    assert len(default_token_generator.make_token(user).split("-")[1]) * 4 >= 128
    assert len(VALID_KEY_CHARS) ** 32 >= 2**128
    assert Session._meta.get_field("session_key").max_length == 40
    assert len(bytes.fromhex(default_key())) * 8 >= 160


@pytest.mark.django_db
def test_recovery_codes_are_long_and_never_repeat():
    user = a_user()
    codes = [code for _ in range(5) for code in second_step.renew_recovery_codes(user, keep=None)]
    assert len(set(codes)) == 50
    assert {len(code.replace("-", "")) * 5 for code in codes} == {80}
