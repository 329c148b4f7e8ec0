from __future__ import annotations

import statistics
import time
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from coalitions.models import ApiToken, Coalition, Membership, Organization, Role
from tests.coalitions.api.conftest import Program, a_program, a_token
from tests.factories import a_coalition, a_member, an_organization

CANARY = "CANARY-7f3a"


def ask(coalition: Coalition, header: str | None):
    headers = {} if header is None else {"Authorization": header}
    return Client().get(f"/api/v1/c/{coalition.slug}/organizations/", headers=headers)


def test_a_valid_token_is_let_in(lead):
    assert ask(lead.coalition, f"Bearer {lead.token}").status_code == 200
    assert ask(lead.coalition, f"bearer  {lead.token}").status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer short",
        "Bearer {token} {token}",
        "Bearer {token}x",
        "Basic {token}",
        "Token {token}",
        "{token}",
        "Bearer é{token}",
        "Bearer " + "a" * 5000,
    ],
)
def test_whatever_is_not_a_valid_token_gets_the_same_401(lead, header):
    answer = ask(lead.coalition, header and header.format(token=lead.token))

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="Muster"'
    assert answer.content == ask(lead.coalition, None).content
    assert answer.json()["error"]["code"] == "unauthenticated"


def expired(program: Program) -> None:
    ApiToken.objects.filter(coalition=program.coalition).update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )


def revoked(program: Program) -> None:
    ApiToken.objects.filter(coalition=program.coalition).delete()


def removed(program: Program) -> None:
    Membership.objects.filter(coalition=program.coalition, user=program.user).delete()


def deactivated(program: Program) -> None:
    type(program.user).objects.filter(pk=program.user.pk).update(is_active=False)


@pytest.mark.parametrize("end", [expired, revoked, removed, deactivated])
def test_a_token_is_dead_at_once(lead, end):
    assert lead.get("organizations/").status_code == 200

    end(lead)

    answer = lead.get("organizations/")
    assert answer.status_code == 401
    assert answer.content == ask(lead.coalition, None).content
    assert lead.post("organizations/", {"name": "Too late"}).status_code == 401
    assert not Organization.objects.filter(coalition=lead.coalition).exists()


def test_a_demotion_holds_from_the_next_request(lead):
    Membership.objects.filter(coalition=lead.coalition, user=lead.user).update(role=Role.OBSERVER)

    assert lead.get("organizations/").status_code == 200
    assert lead.post("organizations/", {"name": "Too late"}).status_code == 403


def test_a_read_token_changes_nothing_whoever_owns_it(coalition):
    program = a_program(coalition, role=Role.LEAD, scope="read")
    organization = an_organization(coalition)
    address = f"organizations/{organization.public_id}/"

    answers = [
        program.post("organizations/", {"name": "New"}),
        program.patch(address, {"name": "Other"}),
        program.delete(address),
        program.patch("", {"name": "Other"}),
    ]

    assert [answer.status_code for answer in answers] == [403] * 4
    assert {answer.json()["error"]["code"] for answer in answers} == {"read_only_token"}
    assert program.get(address).json()["version"] == 1


def test_another_coalition_is_the_same_as_none_even_for_its_member(lead):
    """A02: the token is bound to one coalition, the person may be in several."""
    other = a_coalition(name=CANARY)
    Membership.objects.create(coalition=other, user=lead.user, role=Role.LEAD)
    row = an_organization(other, name=CANARY)

    for path in ("", "organizations/", f"organizations/{row.public_id}/", "score/", "changes/"):
        foreign = lead.get(f"/api/v1/c/{other.slug}/{path}")
        nothing = lead.get(f"/api/v1/c/nothing-of-that-name/{path}")
        assert (foreign.status_code, foreign.content) == (404, nothing.content)
        assert dict(foreign.headers) == dict(nothing.headers)


def test_a_foreign_row_is_the_same_as_none(lead):
    other = a_coalition()
    row = an_organization(other, name=CANARY)
    nothing = f"organizations/{a_coalition_id()}/"
    foreign = f"organizations/{row.public_id}/"

    for send in (lead.get, lead.delete, lambda path: lead.patch(path, {"name": "Mine"})):
        assert (send(foreign).status_code, send(foreign).content) == (404, send(nothing).content)
    row.refresh_from_db()
    assert (row.name, row.version, row.removed_at) == (CANARY, 1, None)


def test_a_foreign_row_takes_as_long_as_none(lead):
    """A02: nothing to be learnt from the clock over 200 tries."""
    foreign = f"organizations/{an_organization(a_coalition()).public_id}/"
    nothing = f"organizations/{a_coalition_id()}/"

    def taken(path: str) -> float:
        began = time.perf_counter()
        assert lead.get(path).status_code == 404
        return time.perf_counter() - began

    differences = [taken(foreign) - taken(nothing) for _ in range(200)]

    assert abs(statistics.median(differences)) < 0.005


def a_coalition_id() -> str:
    return "00000000-0000-4000-8000-000000000000"


def test_a_token_whose_coalition_is_not_that_of_its_membership_opens_nothing(lead):
    """Such a row cannot be made by a service; the query would not trust it either."""
    other = a_coalition()
    token = a_token(lead.coalition, lead.user)
    ApiToken.objects.across_coalitions().filter(coalition=lead.coalition).update(coalition=other)

    assert ask(other, f"Bearer {token}").status_code == 401
    assert ask(lead.coalition, f"Bearer {token}").status_code == 401


def test_a_session_opens_no_address_of_the_api(coalition):
    client = Client()
    client.force_login(a_member(coalition, role=Role.LEAD))

    answer = client.get(f"/api/v1/c/{coalition.slug}/organizations/")

    assert answer.status_code == 401


def test_addresses_that_do_not_exist_say_so_in_json_to_those_who_are_known(lead):
    assert Client().get("/api/v1/nothing/").status_code == 401
    answer = lead.get("/api/v1/nothing/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert lead.post("/api/v1/nothing/", {}).status_code == 404
    assert lead.get(f"/api/v1/c/{lead.coalition.slug}/organizations").status_code == 404


def test_nothing_is_cached_and_nothing_is_stored_about_the_use_of_a_token(lead):
    before = ApiToken.objects.filter(coalition=lead.coalition).values().get()

    answer = lead.get("organizations/")

    assert answer["Cache-Control"] == "no-store"
    assert not answer.cookies
    assert ApiToken.objects.filter(coalition=lead.coalition).values().get() == before
