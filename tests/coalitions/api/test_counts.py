from __future__ import annotations

from uuid import uuid4

import pytest

from coalitions.models import ActionStatus, Count, Role
from coalitions.services.actions import remove_action
from tests.coalitions.api.conftest import a_program, ids
from tests.factories import a_coalition, a_count, a_held_action, a_partner, an_action


@pytest.fixture
def action(coalition):
    return a_held_action(coalition)


def figures(action, **more):
    return {
        "action": str(action.public_id),
        "of": "crowd",
        "low": 900,
        "best": 1000,
        "high": 1200,
        "method": "clicker",
        "counted_by": "Two students",
    } | more


def test_a_count_is_logged_and_read_back(lead, action):
    logged = lead.post("counts/", figures(action, is_independent=True, source="https://example.org/report"))

    assert logged.status_code == 201
    row = logged.json()
    assert (row["best"], row["is_independent"], row["corrects"], row["organization"]) == (
        1000,
        True,
        None,
        None,
    )
    assert lead.get(logged["Location"]).json() == row
    assert lead.get("counts/").json()["items"] == [row]


def test_the_people_of_one_partner_are_counted(lead, action):
    partner = a_partner(lead.coalition)

    logged = lead.post("counts/", figures(action, of="pledged", organization=str(partner.public_id)))

    assert (logged.status_code, logged.json()["organization"]) == (201, str(partner.public_id))


def test_a_correction_names_the_old_row_and_leaves_it_on_record(lead, action):
    first = lead.post("counts/", figures(action)).json()

    corrected = lead.post("counts/", figures(action, best=1100, corrects=first["id"]))

    assert (corrected.status_code, corrected.json()["corrects"]) == (201, first["id"])
    assert ids(lead.get("counts/")) == [first["id"], corrected.json()["id"]]


def test_the_second_correction_of_one_row_gets_409_with_the_first(lead, action):
    first = lead.post("counts/", figures(action)).json()
    theirs = lead.post("counts/", figures(action, best=1100, corrects=first["id"])).json()
    mine = figures(action, best=950, corrects=first["id"])

    late = lead.post("counts/", mine)

    assert late.status_code == 409
    assert (late.json()["theirs"], late.json()["yours"]) == (theirs, mine)


def test_a_count_is_taken_back_only_by_naming_it(lead, action):
    first = lead.post("counts/", figures(action)).json()

    assert lead.post("counts/", figures(action, is_withdrawn=True)).status_code == 400
    back = lead.post("counts/", figures(action, is_withdrawn=True, corrects=first["id"]))
    assert (back.status_code, back.json()["is_withdrawn"]) == (201, True)


def test_a_correction_of_nothing_or_of_another_coalition_is_the_same(lead, action):
    foreign = a_count(a_held_action(a_coalition()))

    answers = [
        lead.post("counts/", figures(action, corrects=str(each))) for each in (foreign.public_id, uuid4())
    ]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].content == answers[1].content
    assert lead.get(f"counts/{foreign.public_id}/").status_code == 404


def test_the_same_key_gives_the_same_answer_and_other_figures_are_refused(lead, action):
    answers = [lead.post("counts/", figures(action), key="noon") for _ in range(2)]
    other = [
        lead.post("counts/", figures(action) | change, key="noon") for change in ({"best": 1001}, {"low": 1})
    ]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert [answer.status_code for answer in other] == [422, 422]
    assert Count.objects.filter(coalition=lead.coalition).count() == 1
    assert lead.send("POST", "counts/", figures(action)).status_code == 400


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"low": 1001}, 422, "best"),
        ({"best": 10_000_001}, 400, "best"),
        ({"method": "guess"}, 400, "method"),
        ({"of": "everyone"}, 400, "of"),
        ({"of": 1}, 400, "of"),
        ({"of": "pledged"}, 422, "organization"),
        ({"organization": str(uuid4())}, 400, "organization"),
        ({"counted_by": ""}, 400, "counted_by"),
        ({"source": "javascript:alert(1)"}, 400, "source"),
        ({"source": 5}, 400, "source"),
        ({"is_independent": "yes"}, 400, "is_independent"),
        ({"verified": True}, 400, "verified"),
    ],
)
def test_what_cannot_be_is_refused(lead, action, change, status, field):
    refused = lead.post("counts/", figures(action) | change)

    assert (refused.status_code, list(refused.json()["error"]["fields"])) == (status, [field])
    assert not Count.objects.filter(coalition=lead.coalition).exists()


def test_nobody_is_counted_at_a_cancelled_action(lead):
    cancelled = an_action(lead.coalition, status=ActionStatus.CANCELLED)

    assert lead.post("counts/", figures(cancelled)).status_code == 422


def test_a_partner_sees_the_counts_of_its_own_people(coalition, action):
    program = a_program(coalition, role=Role.PARTNER)
    own = program.user.memberships.get(coalition=coalition).organization
    a_count(action)
    other = a_count(action, of="pledged", organization=a_partner(coalition))
    mine = a_count(action, of="pledged", organization=own)

    assert ids(program.get("counts/")) == [str(mine.public_id)]
    assert program.get(f"counts/{mine.public_id}/").status_code == 200
    assert program.get(f"counts/{other.public_id}/").status_code == 404


def test_lists_narrow_and_lose_what_was_removed(lead, action):
    other = a_held_action(lead.coalition)
    partner = a_partner(lead.coalition)
    crowd = a_count(action)
    pledged = a_count(action, of="pledged", organization=partner, method="sign_in")
    elsewhere = a_count(other, method="photo")

    def found(query: str) -> list[str]:
        return ids(lead.get(f"counts/?{query}"))

    assert found(f"action={action.public_id}") == [str(crowd.public_id), str(pledged.public_id)]
    assert found(f"organization={partner.public_id}") == [str(pledged.public_id)]
    assert found("of=crowd") == [str(crowd.public_id), str(elsewhere.public_id)]
    assert found("method=photo") == [str(elsewhere.public_id)]
    remove_action(other, by=None, seen_version=1)
    assert found("of=crowd") == [str(crowd.public_id)]
    assert lead.get(f"counts/{elsewhere.public_id}/").status_code == 404
