from __future__ import annotations

import pytest

from coalitions import changes
from coalitions.models import Change, Role
from tests.coalitions.api.conftest import a_program, ids
from tests.factories import a_partner, a_pledge, an_action


@pytest.fixture
def edited(lead):
    address = lead.post("organizations/", {"name": "Harbor Union"})["Location"]
    lead.patch(address, {"place": "Pier 4"})
    a_pledge(an_action(lead.coalition), organization=a_partner(lead.coalition))
    return lead


def test_changes_are_told_in_order(edited):
    rows = edited.get("changes/").json()["items"]

    assert [(row["revision"], row["verb"]) for row in rows] == [
        (1, "organization.added"),
        (2, "organization.edited"),
        (3, "pledge.logged"),
    ]
    assert (rows[1]["before"], rows[1]["after"]) == ({"place": ""}, {"place": "Pier 4"})
    assert (rows[1]["by"], rows[2]["by"], rows[1]["undoes"]) == (edited.user.name, None, None)
    assert rows[0]["before"] is None
    assert rows[1]["subject"] == "Harbor Union"


def test_a_program_asks_for_what_came_since(edited):
    assert [row["revision"] for row in edited.get("changes/?since=1").json()["items"]] == [2, 3]
    assert edited.get("changes/?since=3").json() == {"items": [], "next": None}
    newest = edited.get("changes/?order=-revision&limit=1").json()
    assert [row["revision"] for row in newest["items"]] == [3]
    older = edited.get(f"changes/?order=-revision&limit=5&after={newest['next']}").json()
    assert [row["revision"] for row in older["items"]] == [2, 1]


def test_inner_ids_and_unknown_values_are_not_told(edited):
    """A restore may keep anything; what is told is listed."""
    with_more = {"name": "A", "id": 7, "organization": 7, "token_digest": "CANARY", "email": "CANARY"}
    from django.db import transaction

    with transaction.atomic():
        changes.record(edited.coalition, by=None, verb="x", fragment="x", before=with_more, after=with_more)

    answer = edited.get("changes/?since=2")

    (_pledge, row) = answer.json()["items"]
    assert (row["before"], row["after"]) == ({"name": "A"}, {"name": "A"})
    assert _pledge["after"] == {"low": 80, "likely": 100, "high": 120}
    assert b"CANARY" not in answer.content


def test_partners_do_not_read_the_history(coalition):
    assert a_program(coalition, role=Role.PARTNER).get("changes/").status_code == 403


def test_the_history_has_no_other_method(edited):
    change = Change.objects.filter(coalition=edited.coalition).first()
    assert change is not None

    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert edited.send(method, "changes/", {}).status_code == 405
        assert edited.send(method, f"changes/{change.public_id}/", {}).status_code == 404
    assert len(ids(edited.get("changes/"))) == 3


def test_a_list_costs_two_queries(edited, django_assert_num_queries):
    with django_assert_num_queries(2):
        edited.get("changes/")
