"""The processes come up and answer."""

import urllib.request

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_every_process_is_up(stack):
    assert {name for name, program in stack.programs.items() if program.healthy()} == {
        "web",
        "live",
        "beat",
        "jobs",
        "worker",
    }
    with urllib.request.urlopen(f"{stack.web}/healthz", timeout=5) as answer:
        assert answer.read() == b"ok"
