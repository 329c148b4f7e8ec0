"""No page opens to the wrong person, and no new page escapes this test."""

from __future__ import annotations

import re
import time
from statistics import median
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver

from coalitions import changes, permissions
from coalitions.models import (
    ApiToken,
    Change,
    Coalition,
    Count,
    CurrentPledge,
    Import,
    Invitation,
    Membership,
    Organization,
    Overlap,
    Pledge,
    Role,
    new_token,
    token_digest,
)
from coalitions.services.editing import one_transaction
from tests.factories import (
    a_coalition,
    a_count,
    a_held_action,
    a_member,
    a_partner,
    a_pledge,
    a_user,
    an_overlap,
)

pytestmark = pytest.mark.django_db

METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")
# Everything that answers somebody who has not signed in. Anything else must send them to sign in.
# The kit is there in development only.
OPEN_TO_ALL = {"kit", "healthz", "sign-in", "sign-in-code", "forgot-password", "reset-password", "join"}
# A person's own pages: any signed-in person, no coalition.
OWN_PAGES = {
    "home",
    "sign-out",
    "confirm",
    "join-signed-in",
    "account",
    "password",
    "session-end",
    "sessions-end-others",
    "two-step",
    "two-step-off",
    "recovery-codes",
}
CSRF = re.compile(rb"[A-Za-z0-9]{64}")
ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")


def routes(patterns=None, prefix="", spaces=()):
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = (*spaces, pattern.namespace) if pattern.namespace else spaces
            yield from routes(pattern.url_patterns, route, inner)
        elif isinstance(pattern, URLPattern):
            yield route, pattern, ":".join((*spaces, pattern.name or ""))


ROUTES = [(route, pattern.callback, name) for route, pattern, name in routes()]
COALITION_PAGES = [(route, view) for route, view, _ in ROUTES if route.startswith("c/<slug:slug>/")]
API = [(route, view) for route, view, _ in ROUTES if route.startswith("api/")]
OTHERS = [
    (route, view, name) for route, view, name in ROUTES if not route.startswith(("c/<slug:slug>/", "api/"))
]


@one_transaction
def a_change(coalition: Coalition) -> Change:
    return changes.record(
        coalition, by=None, verb="settings.changed", fragment="settings", before={}, after={}
    )


@pytest.fixture
def world():
    """A coalition with one row of everything that an address can name."""
    return a_world()


def a_world():
    coalition = a_coalition()
    organization, other = a_partner(coalition), a_partner(coalition)
    action = a_held_action(coalition)
    pledge = a_pledge(action, organization=organization)
    lead = a_member(coalition, role=Role.LEAD)
    membership = Membership.objects.get(user=lead, coalition=coalition)
    token = ApiToken.objects.create(
        coalition=coalition,
        membership=membership,
        name="test",
        token_digest=token_digest(new_token()),
        expires_at="2100-01-01T00:00Z",
    )
    ids = {
        "slug": coalition.slug,
        "organization_id": organization.public_id,
        "action_id": action.public_id,
        "pledge_id": pledge.public_id,
        "count_id": a_count(action).public_id,
        "change_id": a_change(coalition).public_id,
        "overlap_id": an_overlap(organization, other).public_id,
        "member_id": membership.public_id,
        "invitation_id": Invitation.objects.create(
            coalition=coalition, email="x@example.org", role=Role.OBSERVER, expires_at="2100-01-01T00:00Z"
        ).public_id,
        "token_id": token.public_id,
        "import_id": Import.objects.create(coalition=coalition).public_id,
        "id": organization.public_id,
        "anything": "whatever",
        "revision": 0,
        "kind": "organizations",
        "example": "organizations",
    }
    return {"coalition": coalition, "ids": ids, "lead": lead}


def fill(route: str, ids: dict) -> str:
    names = ARGUMENT.findall(route)
    missing = [name for name in names if name not in ids]
    assert not missing, f"teach this test about {missing} in {route}"
    return "/" + ARGUMENT.sub(lambda found: str(ids[found[1]]), route).replace("^", "").replace("$", "")


def ask(client, method: str, address: str):
    """A fragment asked for by hand leads to its page: follow, and see what is there (bar the CSRF token)."""
    answer = getattr(client, method)(address, follow=True)
    answer.content = CSRF.sub(b"", answer.content)
    return answer


def rows() -> dict[str, int]:
    """How many rows there are of everything that a request could change."""
    tables: list[Any] = [
        Organization,
        Overlap,
        Pledge,
        CurrentPledge,
        Count,
        Change,
        Membership,
        Invitation,
        ApiToken,
        Import,
    ]
    return {table.__name__: table.objects.across_coalitions().count() for table in tables}


def test_there_are_routes_of_every_kind():
    assert len(COALITION_PAGES) >= 30
    assert len(API) >= 10
    assert {name for *_, name in OTHERS} == OPEN_TO_ALL | OWN_PAGES


@pytest.mark.parametrize(("route", "view"), COALITION_PAGES)
def test_every_page_of_a_coalition_declares_a_role(route, view):
    assert isinstance(getattr(view, "required_role", None), Role), route


@pytest.mark.parametrize("method", METHODS)
def test_whoever_is_not_signed_in_is_sent_to_sign_in(client, world, method):
    before = rows()
    for route, _ in COALITION_PAGES:
        answer = getattr(client, method)(fill(route, world["ids"]))
        assert answer.status_code == 302, f"{method} {route}"
        assert answer.headers["Location"].startswith("/sign-in/?next="), route
    for route, _, name in OTHERS:
        answer = getattr(client, method)(fill(route, {"session_id": "x", "uid": "x", "token": "x"}))
        allowed = {200, 302, 400, 404, 405, 410, 422} if name in OPEN_TO_ALL else {302}
        assert answer.status_code in allowed, f"{method} {name}: {answer.status_code}"
    assert rows() == before


@pytest.mark.parametrize("method", METHODS)
def test_the_api_wants_a_token(client, world, method):
    for route, _ in API:
        answer = getattr(client, method)(fill(route, world["ids"]))
        assert answer.status_code in {302, 401, 405}, f"{method} {route}: {answer.status_code}"
        client.force_login(world["lead"])
        session_only = getattr(client, method)(fill(route, world["ids"]))
        if "docs" not in route and "schema" not in route:
            assert session_only.status_code in {401, 405}, f"a session opened {method} {route}"
        client.logout()


@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_a_stranger_finds_nothing_and_cannot_tell_that_there_is_something(client, world, method):
    client.force_login(a_member(a_coalition(), role=Role.LEAD))
    before = rows()
    for route, _ in COALITION_PAGES:
        answer = ask(client, method, fill(route, world["ids"]))
        nothing = ask(client, method, fill(route, world["ids"] | {"slug": "no-such-coalition"}))
        assert (answer.status_code, answer.content) == (nothing.status_code, nothing.content), route
        # 405 says that nobody may do this, whoever asks.
        assert answer.status_code in {404, 405}, f"{method} {route}"
    assert rows() == before


def test_a_role_too_low_is_refused_by_every_method(client, world):
    before = rows()
    refused = 0
    for role in Role:
        client.force_login(a_member(world["coalition"], role=role))
        before["Membership"] = rows()["Membership"]
        before["Organization"] = rows()["Organization"]
        for route, view in COALITION_PAGES:
            if role < view.required_role:
                for method in ("get", "post", "delete"):
                    answer = getattr(client, method)(fill(route, world["ids"]))
                    assert answer.status_code in {403, 405}, (
                        f"{role.name} {method} {route}: {answer.status_code}"
                    )
                    refused += answer.status_code == 403
    assert refused > 60
    assert rows() == before


def test_an_id_of_another_coalition_is_as_unknown_as_a_made_up_one(client, world):
    """A lead of one coalition puts ids of another one into the addresses of the own one."""
    foreign = a_world()["ids"] | {"slug": world["coalition"].slug}
    client.force_login(world["lead"])
    stamp_fresh(client)
    before, tried = rows(), 0
    for route, _ in COALITION_PAGES:
        named = [name for name in ARGUMENT.findall(route) if name.endswith("_id")]
        for name in named:
            for method in ("get", "post"):
                theirs = ask(client, method, fill(route, world["ids"] | {name: foreign[name]}))
                made_up = ask(client, method, fill(route, world["ids"] | {name: uuid4()}))
                assert (theirs.status_code, theirs.content) == (made_up.status_code, made_up.content), route
                shown = theirs.redirect_chain and theirs.status_code == 200
                assert shown or theirs.status_code in {404, 405}, f"{method} {route} with a foreign {name}"
                tried += 1
    assert tried >= 30
    assert rows() == before


def test_a_partner_cannot_name_another_partners_rows(client, world):
    coalition = world["coalition"]
    client.force_login(a_member(coalition, role=Role.PARTNER))
    before = rows()
    for route, view in COALITION_PAGES:
        if view.required_role == Role.PARTNER and "organization_id" in route:
            for method in ("get", "post"):
                theirs = ask(client, method, fill(route, world["ids"]))
                made_up = ask(client, method, fill(route, world["ids"] | {"organization_id": uuid4()}))
                assert (theirs.status_code, theirs.content) == (made_up.status_code, made_up.content), route
                assert theirs.status_code in {404, 405}
    assert rows() == before


def test_reading_changes_nothing_whatever_a_header_says(client, world):
    client.force_login(world["lead"])
    stamp_fresh(client)
    before = rows()
    revision = Coalition.objects.get(pk=world["coalition"].pk).revision
    for route, _ in COALITION_PAGES:
        address = fill(route, world["ids"])
        for method in ("get", "head", "options"):
            answer = getattr(client, method)(address, headers={"X-HTTP-Method-Override": "DELETE"})
            assert answer.status_code < 500, f"{method} {route}"
        assert client.trace(address).status_code == 405, route
    assert rows() == before
    assert Coalition.objects.get(pk=world["coalition"].pk).revision == revision


def test_sensitive_pages_ask_for_the_password_again(client, world):
    client.force_login(world["lead"])
    sensitive = [
        (route, view) for route, view in COALITION_PAGES if getattr(view, "needs_fresh_sign_in", False)
    ]
    names = {route.rsplit("/", 2)[-2] for route, _ in sensitive}
    assert {"role", "remove", "tokens"} <= names
    before, asked = rows(), 0
    for route, _ in sensitive:
        for method in ("get", "post"):
            answer = getattr(client, method)(fill(route, world["ids"]))
            if answer.status_code != 405:
                assert answer.status_code == 302, route
                assert answer.headers["Location"].startswith("/account/confirm/"), route
                asked += 1
    assert asked >= len(sensitive)
    assert rows() == before


def test_a_fragment_never_becomes_the_sign_in_page(client, world):
    """Whose session ended keeps what was typed: the page says so instead of swapping a stranger's form in."""
    for route, _ in COALITION_PAGES:
        answer = client.get(fill(route, world["ids"]), headers={"HX-Request": "true"})
        assert answer.status_code == 403, route


def test_a_demotion_counts_from_the_next_request(client, world):
    member = a_member(world["coalition"], role=Role.ORGANIZER)
    client.force_login(member)
    address = fill("c/<slug:slug>/organizations/add/", world["ids"])
    assert client.get(address).status_code == 200
    Membership.objects.filter(user=member).update(role=Role.OBSERVER)
    assert client.get(address).status_code == 403
    Membership.objects.filter(user=member).delete()
    assert client.get(address).status_code == 404
    member.is_active = False
    member.save()
    assert client.get(address).status_code == 302


def test_a_stranger_learns_nothing_from_the_clock(client, world):
    client.force_login(a_user())
    real, made_up = f"/c/{world['coalition'].slug}/", "/c/no-such-coalition/"
    times: dict[str, list[float]] = {real: [], made_up: []}
    for _ in range(200):
        for address, taken in times.items():
            began = time.perf_counter()
            client.get(address)
            taken.append(time.perf_counter() - began)
    assert abs(median(times[real]) - median(times[made_up])) < 0.005


def test_nothing_that_only_developers_need_is_served(client, world):
    client.force_login(world["lead"])
    for path in (
        "/admin/",
        "/metrics",
        "/metrics/",
        "/__debug__/",
        "/debug/",
        "/silk/",
        "/.git/config",
        "/static/../manage.py",
    ):
        assert client.get(path).status_code == 404, path
    assert client.get("/healthz").content == b"ok"


def test_health_says_only_ok_or_not(client, monkeypatch):
    monkeypatch.setattr(connection, "cursor", _no_database)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (503, b"not ok")


def _no_database():
    from django.db import OperationalError

    raise OperationalError("could not connect to secret-host")


def stamp_fresh(client):
    session = client.session
    session[permissions.AUTHENTICATED_AT] = time.time()
    session.save()
