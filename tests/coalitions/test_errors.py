"""What is said when something cannot be done, and that it says nothing about the inside."""

from __future__ import annotations

import pytest
from django.db import OperationalError
from django.test import Client

from coalitions.presenting import reading
from coalitions.views import errors
from tests.factories import a_coalition, a_member

pytestmark = pytest.mark.django_db

INSIDE = (b"Traceback", b"coalitions/", b"SELECT", b"CANARY", b"Django", b"Python", b"secret-host")


@pytest.fixture
def visitor():
    """A browser that is answered as in production: errors become pages."""
    coalition = a_coalition(name="CANARY coalition")
    client = Client(raise_request_exception=False)
    client.force_login(a_member(coalition))
    return client, f"/c/{coalition.slug}/"


def broken_by(error, monkeypatch):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(reading, "score_of", fail)
    monkeypatch.setattr("coalitions.views.overview.score_of", fail)


def test_a_fault_of_ours_says_nothing_about_the_inside(visitor, monkeypatch):
    client, address = visitor
    broken_by(RuntimeError("CANARY in the message"), monkeypatch)
    answer = client.get(address)
    assert answer.status_code == 500
    assert not [word for word in INSIDE if word in answer.content]


def test_while_the_database_is_away_the_page_says_when_to_come_back(visitor, monkeypatch):
    client, address = visitor
    broken_by(OperationalError("could not connect to secret-host"), monkeypatch)
    answer = client.get(address)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert not [word for word in INSIDE if word in answer.content]


@pytest.mark.parametrize(
    "address", ["/nowhere/", "/c/nothing-here/", "/c/%00/", "/join/%00/", "/c/a/actions/x/"]
)
def test_what_is_not_there_is_said_in_plain_words(visitor, address):
    client, _ = visitor
    answer = client.get(address)
    assert answer.status_code == 404
    assert not [word for word in INSIDE if word in answer.content]


def test_a_zero_byte_in_a_form_is_no_fault_of_ours(visitor):
    client, address = visitor
    answer = client.post(f"{address}organizations/add/", {"name": "Dock\x00ers"})
    assert answer.status_code == 422
    answer = client.get(f"{address}organizations/", {"q": "Dock\x00ers", "find": "a\x00"})
    assert answer.status_code < 500


def test_a_bad_request_and_a_foreign_host_are_told_apart_from_faults(visitor, rf):
    client, address = visitor
    assert client.get(address, headers={"Host": "evil.example"}).status_code == 400
    assert errors.bad_request(rf.get("/")).status_code == 400
