from __future__ import annotations

import psycopg
import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404
from rest_framework import exceptions

from coalitions.api.errors import answer
from coalitions.models import Organization
from tests.coalitions.api.conftest import a_program
from tests.factories import a_coalition


@pytest.mark.django_db(transaction=True)
def test_while_the_database_is_away_programs_are_told_to_come_back(transactional_db):
    program = a_program(a_coalition())
    where = connection.settings_dict
    connection.close()
    connection.settings_dict = where | {"HOST": "/nowhere", "PORT": ""}
    try:
        answers = [program.get("organizations/"), program.post("organizations/", {"name": "A"})]
    finally:
        connection.close()
        connection.settings_dict = where

    for each in answers:
        assert (each.status_code, each["Retry-After"]) == (503, "5")
        assert each["Content-Type"] == "application/json"
        assert each.json()["error"]["code"] == "unavailable"
        assert b"nowhere" not in each.content
    assert program.get("organizations/").json()["items"] == []


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_died_since_the_last_request_is_replaced(transactional_db):
    """A restart of PostgreSQL ends every kept connection; the next request opens a new one."""
    program = a_program(a_coalition())
    assert program.get("organizations/").status_code == 200
    kept = connection.connection
    with psycopg.connect(kept.info.dsn, password=kept.info.password, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [kept.info.backend_pid])

    assert program.get("organizations/").status_code == 200
    assert connection.connection is not kept


def test_a_fault_of_ours_says_nothing_about_the_inside(lead, caplog):
    """C17: the table is gone for the length of this test."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE coalitions_organization RENAME TO elsewhere")

    broken = lead.get("organizations/")

    assert (broken.status_code, broken["Content-Type"]) == (500, "application/json")
    assert broken.json() == {
        "error": {
            "code": "broken",
            "message": "Something broke on our side, so nothing was changed. It has been noted.",
        }
    }
    assert "The API failed in Organizations" in caplog.text


def test_a_statement_that_takes_too_long_is_an_outage_too(lead):
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION pg_temp.slow() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN PERFORM pg_sleep(5); RETURN NEW; END'"
        )
        cursor.execute(
            "CREATE TRIGGER slow BEFORE INSERT ON coalitions_organization"
            " FOR EACH ROW EXECUTE FUNCTION pg_temp.slow()"
        )
        cursor.execute("SET LOCAL statement_timeout = 300")

    slow = lead.post("organizations/", {"name": "A"})

    assert (slow.status_code, slow["Retry-After"]) == (503, "5")


@pytest.mark.parametrize("path", ["organizations/?x=1", "organizations/x/", "nothing/"])
def test_every_error_has_one_shape(lead, path):
    error = lead.get(path).json()

    assert set(error) == {"error"}
    assert {"code", "message"} <= set(error["error"]) <= {"code", "message", "fields"}
    assert error["error"]["message"].endswith(".")


def test_a_refusal_in_the_middle_leaves_nothing_behind(lead):
    lead.post("organizations/", {"name": "A"})
    revision = lead.get("").json()["revision"]

    assert lead.post("organizations/", {"name": "A"}).status_code == 422

    assert lead.get("").json()["revision"] == revision
    assert Organization.objects.filter(coalition=lead.coalition).count() == 1


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (exceptions.NotFound(), 404, "not_found"),
        (Http404(), 404, "not_found"),
        (exceptions.PermissionDenied(), 403, "forbidden"),
        (PermissionDenied(), 403, "forbidden"),
        (exceptions.NotAuthenticated(), 401, "unauthenticated"),
        (RuntimeError("CANARY"), 500, "broken"),
    ],
)
def test_whoever_raises_it_an_error_looks_the_same(error, status, code):
    found = answer(error, {})

    assert (found.status_code, found.data["error"]["code"]) == (status, code)
    assert "CANARY" not in str(found.data)
