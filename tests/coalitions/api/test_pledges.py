from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connection

from coalitions.models import ActionStatus, Change, CurrentPledge, Pledge, Role
from coalitions.services.directory import remove_organization
from tests.coalitions.api.conftest import Program, a_program
from tests.factories import a_coalition, a_partner, a_pledge, an_action


def figures(action, organization, likely: int = 100, **more):
    return {
        "action": str(action.public_id),
        "organization": str(organization.public_id),
        "low": likely // 2,
        "likely": likely,
        "high": likely * 2,
    } | more


@pytest.fixture
def action(coalition):
    return an_action(coalition)


@pytest.fixture
def partner(coalition):
    return a_partner(coalition)


def test_a_pledge_becomes_a_row_of_the_ledger_and_the_current_one(lead, action, partner):
    logged = lead.post("pledges/", figures(action, partner, note="Two buses"))

    assert logged.status_code == 201
    row = logged.json()
    assert (row["low"], row["likely"], row["high"], row["note"]) == (50, 100, 200, "Two buses")
    assert (row["by"], row["is_held_back"]) == (lead.user.name, False)
    assert lead.get("pledges/ledger/").json()["items"] == [row]
    (current,) = lead.get("pledges/").json()["items"]
    assert (current["counted"], current["latest"], current["likely"]) == (row["id"], row["id"], 100)
    assert (current["version"], current["at"]) == (1, row["at"])
    assert Change.objects.get(coalition=lead.coalition).verb == "pledge.logged"


def test_the_same_key_gives_the_same_answer_and_one_row(lead, action, partner):
    answers = [lead.post("pledges/", figures(action, partner), key="monday") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.content for answer in answers}) == 1
    assert Pledge.objects.filter(coalition=lead.coalition).count() == 1


def test_the_same_key_for_other_figures_is_refused(lead, action, partner):
    lead.post("pledges/", figures(action, partner, 100), key="monday")

    for body in (
        figures(action, partner, 101),
        figures(action, a_partner(lead.coalition)),
        figures(an_action(lead.coalition), partner),
    ):
        refused = lead.post("pledges/", body, key="monday")
        assert refused.status_code == 422
        assert list(refused.json()["error"]["fields"]) == ["idempotency_key"]
    assert Pledge.objects.filter(coalition=lead.coalition).count() == 1


def test_the_same_key_gives_the_first_answer_even_after_the_partner_was_removed(lead, action, partner):
    """D03: a client that lost the answer asks again, much later."""
    first = lead.post("pledges/", figures(action, partner), key="monday")
    remove_organization(partner, by=None, seen_version=1)

    assert lead.post("pledges/", figures(action, partner), key="monday").content == first.content
    assert lead.post("pledges/", figures(action, partner), key="tuesday").status_code == 422


@pytest.mark.parametrize("key", ["", " ", "k" * 65, "schlüssel", "a\tb"])
def test_a_key_is_needed_and_has_a_form(lead, action, partner, key):
    refused = lead.send("POST", "pledges/", figures(action, partner), Idempotency_Key=key)

    assert refused.status_code == 400
    assert list(refused.json()["error"]["fields"]) == ["Idempotency-Key"]
    assert not Pledge.objects.filter(coalition=lead.coalition).exists()


def test_without_the_header_nothing_is_added(lead, action, partner):
    assert lead.send("POST", "pledges/", figures(action, partner)).status_code == 400
    assert not Pledge.objects.filter(coalition=lead.coalition).exists()


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_with_one_key_add_one_row(transactional_db):
    """D01, over fifty requests in eight threads with connections of their own."""
    coalition = a_coalition()
    program, action, partner = a_program(coalition), an_action(coalition), a_partner(coalition)
    body, key = figures(action, partner), uuid4().hex

    def send(_turn: int) -> tuple[int, bytes]:
        try:
            sender = Program.__new__(Program)
            sender.__dict__ = program.__dict__ | {"client": type(program.client)()}
            answer = sender.post("pledges/", body, key=key)
            return answer.status_code, answer.content
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(send, range(50)))

    assert len(answers) == 50
    assert {status for status, _body in answers} == {201}
    assert len({content for _status, content in answers}) == 1
    assert Pledge.objects.filter(coalition=coalition).count() == 1
    assert CurrentPledge.objects.get(coalition=coalition).version == 1


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"low": 150}, 422, "likely"),
        ({"high": 60_000}, 422, "high"),
        ({"high": 10_000_001}, 400, "high"),
        ({"high": 10**9}, 400, "high"),
        ({"low": -1}, 400, "low"),
        ({"likely": None}, 400, "likely"),
        ({"likely": 99.5}, 400, "likely"),
        ({"likely": "100"}, 400, "likely"),
        ({"likely": True}, 400, "likely"),
        ({"note": "x" * 301}, 400, "note"),
        ({"action": str(uuid4())}, 400, "action"),
        ({"organization": str(uuid4())}, 400, "organization"),
        ({"organization": 7}, 400, "organization"),
        ({"is_held_back": False}, 400, "is_held_back"),
        ({"by": "me"}, 400, "by"),
        ({"at": "2020-01-01T00:00:00Z"}, 400, "at"),
        ({"coalition": 1}, 400, "coalition"),
        ({"idempotency_key": "x"}, 400, "idempotency_key"),
    ],
)
def test_figures_that_cannot_be_are_refused(lead, change, status, field):
    action, partner = an_action(lead.coalition), a_partner(lead.coalition)
    refused = lead.post("pledges/", figures(action, partner) | change)

    assert (refused.status_code, list(refused.json()["error"]["fields"])) == (status, [field])
    assert not Pledge.objects.filter(coalition=lead.coalition).exists()


def test_a_pledge_for_a_cancelled_action_is_refused(lead, partner):
    cancelled = an_action(lead.coalition, status=ActionStatus.CANCELLED)

    refused = lead.post("pledges/", figures(cancelled, partner))

    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "refused")
    assert "fields" not in refused.json()["error"]


def test_rows_of_another_coalition_are_the_same_as_none(lead, action, partner):
    """A04."""
    other = a_coalition()
    foreign_action = lead.post("pledges/", figures(an_action(other), partner))
    foreign_partner = lead.post("pledges/", figures(action, a_partner(other)))

    no_action = lead.post("pledges/", figures(action, partner) | {"action": str(uuid4())})
    no_partner = lead.post("pledges/", figures(action, partner) | {"organization": str(uuid4())})
    assert (foreign_action.status_code, foreign_action.content) == (400, no_action.content)
    assert (foreign_partner.status_code, foreign_partner.content) == (400, no_partner.content)
    assert not Pledge.objects.across_coalitions().exists()


def test_a_partner_pledges_for_itself_only(coalition, action, partner):
    program = a_program(coalition, role=Role.PARTNER)
    own = program.user.memberships.get(coalition=coalition).organization

    foreign = program.post("pledges/", figures(action, partner))
    nobody = program.post("pledges/", figures(action, partner) | {"organization": str(uuid4())})

    assert (foreign.status_code, foreign.content) == (400, nobody.content)
    assert program.post("pledges/", figures(action, own)).status_code == 201
    assert Pledge.objects.get(coalition=coalition).organization == own


def test_an_observer_pledges_for_nobody(coalition, action, partner):
    program = a_program(coalition, role=Role.OBSERVER)

    assert program.post("pledges/", figures(action, partner)).status_code == 403
    assert not Pledge.objects.filter(coalition=coalition).exists()


def test_a_jump_is_kept_but_not_counted_on(coalition, action, partner):
    a_pledge(action, organization=partner, likely=100)
    program = a_program(coalition, role=Role.ORGANIZER)

    jump = program.post("pledges/", figures(action, partner, 9_000))

    assert (jump.status_code, jump.json()["is_held_back"]) == (201, True)
    (current,) = program.get("pledges/").json()["items"]
    assert (current["likely"], current["latest"]) == (100, jump.json()["id"])
    assert current["counted"] != current["latest"]


def test_a_stale_version_gets_409_with_both(lead, action, partner):
    first = lead.post("pledges/", figures(action, partner, version=0))
    assert first.status_code == 201
    mine = figures(action, partner, 70, version=0)

    late = lead.post("pledges/", mine)

    assert late.status_code == 409
    assert (late.json()["theirs"]["likely"], late.json()["theirs"]["version"]) == (100, 1)
    assert late.json()["yours"] == mine
    assert lead.post("pledges/", mine | {"version": 1}).status_code == 201


def test_a_version_of_a_pledge_that_nobody_made_gets_409_with_nothing(lead, action, partner):
    late = lead.post("pledges/", figures(action, partner, version=3))

    assert (late.status_code, late.json()["theirs"]) == (409, None)


def test_lists_narrow_to_an_action_or_a_partner(lead, action, partner):
    other_action, other_partner = an_action(lead.coalition), a_partner(lead.coalition)
    a_pledge(action, organization=partner, likely=1)
    a_pledge(action, organization=other_partner, likely=2)
    a_pledge(other_action, organization=partner, likely=3)
    a_pledge(action, organization=partner, likely=4)

    def likely(path: str) -> list[int]:
        return [row["likely"] for row in lead.get(path).json()["items"]]

    assert likely("pledges/") == [4, 2, 3]
    assert likely(f"pledges/?action={action.public_id}") == [4, 2]
    assert likely(f"pledges/?organization={partner.public_id}") == [4, 3]
    assert likely(f"pledges/?action={uuid4()}") == []
    assert likely("pledges/ledger/") == [1, 2, 3, 4]
    assert likely(f"pledges/ledger/?organization={partner.public_id}&action={action.public_id}") == [1, 4]


def test_pages_of_current_pledges_follow_each_other(lead, action):
    for likely in range(5):
        a_pledge(action, likely=likely)

    first = lead.get("pledges/?limit=3").json()
    second = lead.get(f"pledges/?limit=3&after={first['next']}").json()

    assert [row["likely"] for row in first["items"] + second["items"]] == [0, 1, 2, 3, 4]
    assert second["next"] is None


def test_what_was_removed_is_in_no_list(lead, action, partner):
    a_pledge(action, organization=partner)
    remove_organization(partner, by=None, seen_version=1)

    assert lead.get("pledges/").json()["items"] == []
    assert lead.get("pledges/ledger/").json()["items"] == []


def test_a_list_costs_two_queries(lead, action, django_assert_num_queries):
    for _ in range(12):
        a_pledge(action)
    for path in ("pledges/", "pledges/ledger/"):
        with django_assert_num_queries(2):
            lead.get(path)
