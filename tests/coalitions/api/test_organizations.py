from __future__ import annotations

from datetime import date

import pytest

from coalitions.models import Change, Organization, Role
from coalitions.services.directory import ORGANIZATION_FIELDS, remove_organization
from tests.coalitions.api.conftest import a_program, ids
from tests.factories import a_coalition, a_partner, an_organization


def test_a_program_adds_an_organization_and_reads_it_back(lead):
    added = lead.post("organizations/", {"name": "Harbor Union", "kind": "union", "reach": 400})

    assert added.status_code == 201
    assert added["ETag"] == '"1"'
    row = added.json()
    assert (row["name"], row["kind"], row["reach"], row["bond_mandate"]) == (
        "Harbor Union",
        "union",
        400,
        None,
    )
    assert set(row) == {"id", "version", *ORGANIZATION_FIELDS}
    again = lead.get(added["Location"])
    assert again.json() == row
    assert again["ETag"] == '"1"'
    change = Change.objects.get(coalition=lead.coalition)
    assert (change.verb, change.by) == ("organization.added", lead.user)


def test_a_change_moves_the_version_on(lead):
    organization = an_organization(lead.coalition)

    changed = lead.patch(f"organizations/{organization.public_id}/", {"place": "Old town"})

    assert changed.status_code == 200
    assert (changed.json()["place"], changed.json()["version"], changed["ETag"]) == ("Old town", 2, '"2"')


def test_an_empty_change_changes_nothing(lead):
    organization = an_organization(lead.coalition)

    changed = lead.patch(f"organizations/{organization.public_id}/", {})

    assert (changed.status_code, changed["ETag"]) == (200, '"1"')
    assert not Change.objects.filter(coalition=lead.coalition).exists()


def test_an_old_if_match_gets_412_with_the_current_row(lead):
    organization = an_organization(lead.coalition, name="Before")
    address = f"organizations/{organization.public_id}/"
    lead.patch(address, {"name": "Theirs"})

    late = lead.patch(address, {"name": "Mine"}, version=1)

    assert late.status_code == 412
    assert late["ETag"] == '"2"'
    assert late.json()["error"]["code"] == "changed_meanwhile"
    assert late.json()["theirs"] == lead.get(address).json()
    assert late.json()["theirs"]["name"] == "Theirs"


def test_an_old_version_in_the_body_gets_409_with_both(lead):
    organization = an_organization(lead.coalition)
    address = f"organizations/{organization.public_id}/"
    lead.patch(address, {"name": "Theirs"})

    late = lead.patch(address, {"name": "Mine", "version": 1}, version=2)

    assert late.status_code == 409
    assert late.json()["theirs"]["name"] == "Theirs"
    assert late.json()["yours"] == {"name": "Mine", "version": 1}
    assert lead.get(address).json()["name"] == "Theirs"


@pytest.mark.parametrize(
    ("if_match", "body", "status"),
    [
        ('"1"', {"place": "Harbor"}, 200),
        ('"7", "1"', {"place": "Harbor"}, 200),
        ("*", {"place": "Harbor", "version": 1}, 200),
        ("*", {"place": "Harbor", "version": 7}, 409),
        ("*", {"place": "Harbor"}, 428),
        ("", {"place": "Harbor"}, 428),
        ('W/"1"', {"place": "Harbor"}, 412),
        ('"7"', {"place": "Harbor"}, 412),
        ('"x"', {"place": "Harbor"}, 412),
        ("1", {"place": "Harbor"}, 400),
        ('"1', {"place": "Harbor"}, 400),
    ],
)
def test_if_match_is_read_like_this(lead, if_match, body, status):
    organization = an_organization(lead.coalition)

    answer = lead.send("PATCH", f"organizations/{organization.public_id}/", body, If_Match=if_match)

    assert answer.status_code == status
    organization.refresh_from_db()
    assert organization.place == ("Harbor" if status == 200 else "")


def test_removing_needs_the_current_version_too(lead):
    organization = an_organization(lead.coalition)
    address = f"organizations/{organization.public_id}/"

    assert lead.send("DELETE", address).status_code == 428
    assert lead.send("DELETE", address, If_Match="*").status_code == 428
    assert lead.delete(address, version=3).status_code == 412
    assert lead.get(address).status_code == 200

    gone = lead.delete(address)
    assert (gone.status_code, gone.content) == (204, b"")
    assert lead.get(address).status_code == 404
    assert ids(lead.get("organizations/")) == []
    assert lead.patch(address, {"place": "Nowhere"}, version=2).status_code == 404
    assert lead.delete(address, version=2).status_code == 404


def test_a_name_that_is_taken_is_refused_in_its_field(lead):
    an_organization(lead.coalition, name="Harbor Union")

    refused = lead.post("organizations/", {"name": "harbor union"})

    assert refused.status_code == 422
    assert list(refused.json()["error"]["fields"]) == ["name"]
    assert Organization.objects.filter(coalition=lead.coalition).count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "A", "latitude": 10}, "longitude"),
        ({"name": "A", "latitude": 91, "longitude": 0}, "latitude"),
        ({"name": "A", "partner_until": "2026-01-01"}, "partner_until"),
        ({"name": "A", "partner_since": "2026-01-02", "partner_until": "2026-01-01"}, "partner_until"),
        ({"name": "A", "kind": "empire"}, "kind"),
        ({"name": "A" * 201}, "name"),
        ({"name": "A", "reach": 2**31}, "reach"),
        ({"name": "A", "reach": -1}, "reach"),
    ],
)
def test_what_cannot_be_true_is_named(lead, body, field):
    refused = lead.post("organizations/", body)

    assert refused.status_code == 400
    assert list(refused.json()["error"]["fields"]) == [field]
    assert not Organization.objects.filter(coalition=lead.coalition).exists()


def test_half_a_change_is_judged_with_what_is_already_there(lead):
    organization = an_organization(
        lead.coalition, latitude=50.0, longitude=8.0, partner_since=date(2026, 1, 2)
    )
    address = f"organizations/{organization.public_id}/"

    assert lead.patch(address, {"latitude": None}).status_code == 400
    assert lead.patch(address, {"partner_until": "2026-01-01"}).status_code == 400
    assert lead.patch(address, {"latitude": 51, "partner_until": "2026-01-03"}).status_code == 200


def test_a_partner_sees_its_own_organization_and_no_other(coalition):
    other = a_partner(coalition, name="CANARY")
    program = a_program(coalition, role=Role.PARTNER)
    own = program.user.memberships.get(coalition=coalition).organization
    assert own is not None

    assert ids(program.get("organizations/")) == [str(own.public_id)]
    assert program.get(f"organizations/{own.public_id}/").json()["name"] == own.name
    assert program.get(f"organizations/{other.public_id}/").status_code == 404
    assert ids(program.get("organizations/?order=name&is_partner=true")) == [str(own.public_id)]


def test_filters_and_orders(lead):
    coalition = lead.coalition
    first = an_organization(coalition, name="B", kind="union")
    second = a_partner(coalition, name="A", kind="faith")
    third = a_partner(coalition, name="C", partner_until=date(2025, 1, 1))
    named = {str(row.public_id): row.name for row in (first, second, third)}

    def names(query: str) -> str:
        return "".join(named[each] for each in ids(lead.get(f"organizations/?{query}")))

    assert names("") == "BAC"
    assert names("order=created") == "BAC"
    assert names("order=name") == "ABC"
    assert names("order=-name") == "CBA"
    assert names("kind=union") == "B"
    assert names("is_partner=true") == "A"
    assert names("is_partner=false") == "BC"
    assert names("kind=faith&is_partner=false") == ""


@pytest.mark.parametrize("order", ["created", "name", "-name"])
def test_pages_follow_each_other_without_gap_or_repeat(lead, order):
    for place in range(7):
        an_organization(lead.coalition, name=f"Name {place % 7 * 3 % 7}")
    whole = ids(lead.get(f"organizations/?order={order}"))
    assert len(whole) == 7

    found, after = [], ""
    while after is not None:
        answer = lead.get(f"organizations/?order={order}&limit=3{after and f'&after={after}'}")
        found += ids(answer)
        after = answer.json()["next"]

    assert found == whole


def test_a_cursor_outlives_the_row_that_it_names(lead):
    rows = [an_organization(lead.coalition) for _ in range(3)]
    cursor = lead.get("organizations/?limit=2").json()["next"]
    remove_organization(rows[1], by=None, seen_version=1)

    assert ids(lead.get(f"organizations/?after={cursor}")) == [str(rows[2].public_id)]


def test_a_cursor_from_elsewhere_is_unknown(lead, coalition):
    foreign = an_organization(a_coalition())
    partner = a_program(coalition, role=Role.PARTNER)
    hidden = an_organization(coalition)

    cases = [
        (lead, foreign.public_id.hex),
        (lead, "x"),
        (lead, f"{hidden.public_id.hex}.{hidden.public_id.hex}"),
    ]
    answers = [
        program.get(f"organizations/?after={cursor}")
        for program, cursor in [*cases, (partner, hidden.public_id.hex)]
    ]

    assert [answer.status_code for answer in answers] == [400] * 4
    assert len({answer.content for answer in answers}) == 1


def test_a_list_costs_the_same_queries_for_one_row_and_for_many(lead, django_assert_num_queries):
    an_organization(lead.coalition)
    with django_assert_num_queries(2):
        lead.get("organizations/")
    last = [an_organization(lead.coalition) for _ in range(60)][30]
    with django_assert_num_queries(2):
        lead.get("organizations/")
    with django_assert_num_queries(2):
        lead.get(f"organizations/?after={last.public_id.hex}&order=name")
