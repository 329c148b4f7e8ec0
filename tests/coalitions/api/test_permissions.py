"""Every address of the API, every method, every role. A new address fails here until its row is written."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from coalitions.api import urls
from coalitions.api.resources import Nowhere, Resource
from coalitions.models import Membership, Role
from tests.coalitions.api.conftest import a_program, view_of
from tests.factories import (
    a_coalition,
    a_count,
    a_partner,
    a_pledge,
    an_action,
    an_organization,
    an_overlap,
)

PARTNER, OBSERVER, ORGANIZER, LEAD = Role.PARTNER, Role.OBSERVER, Role.ORGANIZER, Role.LEAD

EXPECTED = {
    "coalition": {"GET": OBSERVER, "PATCH": LEAD},
    "organizations": {"GET": PARTNER, "POST": ORGANIZER},
    "organization": {"GET": PARTNER, "PATCH": ORGANIZER, "DELETE": ORGANIZER},
    "actions": {"GET": PARTNER, "POST": ORGANIZER},
    "action": {"GET": PARTNER, "PATCH": ORGANIZER, "DELETE": ORGANIZER},
    "pledges": {"GET": PARTNER, "POST": PARTNER},
    "ledger": {"GET": PARTNER},
    "counts": {"GET": PARTNER, "POST": ORGANIZER},
    "count": {"GET": PARTNER},
    "overlaps": {"GET": OBSERVER, "POST": ORGANIZER},
    "overlap": {"GET": OBSERVER, "PATCH": ORGANIZER, "DELETE": ORGANIZER},
    "score": {"GET": OBSERVER},
    "forecasts": {"GET": OBSERVER},
    "forecast": {"GET": OBSERVER},
    "changes": {"GET": OBSERVER},
}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD")
PATHS = {str(pattern.name): str(pattern.pattern) for pattern in urls.coalition}


def patterns(resolver: URLResolver) -> list[URLPattern]:
    found: list[URLPattern] = []
    for each in resolver.url_patterns:
        found += patterns(each) if isinstance(each, URLResolver) else [each]
    return found


def test_every_view_of_the_api_declares_its_roles():
    views = [
        view_of(pattern) for pattern in patterns(get_resolver()) if hasattr(pattern.callback, "view_class")
    ]
    api = [view for view in views if issubclass(view, Resource)]

    assert len(api) == len(EXPECTED) + 1
    for view in api:
        handlers = {name for name in METHODS if hasattr(view, name.lower())} - {"OPTIONS"}
        assert handlers == set(view.roles) or view is Nowhere
        assert set(view.summaries) == set(view.roles)


def test_the_matrix_is_the_declared_one():
    assert {str(each.name): view_of(each).roles for each in urls.coalition} == EXPECTED


@pytest.mark.parametrize("scope", ["read", "write"])
@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_do_what_is_listed_and_nothing_else(coalition, role, scope):
    program = a_program(coalition, role=role, scope=scope)
    tried = 0
    for name, path in PATHS.items():
        for method in METHODS:
            answer = program.send(method, path.replace("<uuid:id>", str(uuid4())), {"nothing": "known"})
            least = EXPECTED[name].get("GET" if method == "HEAD" else method)
            if least is None:
                assert answer.status_code == 405, (name, method)
            elif role < least or (method not in {"GET", "HEAD"} and scope == "read"):
                assert answer.status_code == 403, (name, method)
            else:
                assert answer.status_code in {200, 400, 404, 428}, (name, method, answer.content)
            tried += 1
    assert tried == len(EXPECTED) * len(METHODS)


def everything(coalition, mark: str) -> dict[str, Any]:
    """One row of each kind, marked where a text can be."""
    first, second = a_partner(coalition, name=f"{mark} one"), a_partner(coalition, name=f"{mark} two")
    action = an_action(coalition)
    held = an_action(coalition, status="held")
    a_pledge(action, organization=first, likely=77_001 % 40_000, note=f"{mark} note")
    a_count(held, best=31_337, counted_by=mark)
    a_count(held, of="pledged", organization=first, best=4_242, counted_by=mark)
    an_overlap(first, second, share=0.4242)
    return {"organization": first, "action": action}


def test_a_partner_meets_nothing_that_belongs_to_others(coalition):
    """A03, A11: the canary is in no answer, whichever address is asked, listed or guessed."""
    rows = everything(coalition, "CANARY")
    program = a_program(coalition, role=PARTNER)
    own = Membership.objects.get(coalition=coalition, user=program.user).organization
    a_pledge(rows["action"], organization=own, likely=50)
    ids = [rows["organization"].public_id, rows["action"].public_id]
    ids += [
        row.public_id
        for row in (*coalition.counts.all(), *coalition.overlaps.all(), *coalition.pledges.all())
    ]

    answers = [program.get(path.replace("<uuid:id>", str(each))) for path in PATHS.values() for each in ids]

    assert len(answers) == len(PATHS) * len(ids)
    told = b"".join(answer.content for answer in answers)
    for canary in (b"CANARY", b"0.4242", b"31337", b"4242", b"37001"):
        assert canary not in told
    assert [row["likely"] for row in program.get("pledges/").json()["items"]] == [50]
    assert [row["likely"] for row in program.get("pledges/ledger/").json()["items"]] == [50]
    assert program.get("counts/").json()["items"] == []
    assert len(program.get("actions/").json()["items"]) == 2


def test_an_observer_does_meet_them(coalition):
    """The control of the canary: the same rows, one role higher."""
    everything(coalition, "CANARY")
    program = a_program(coalition, role=OBSERVER)

    told = b"".join(
        program.get(path).content
        for path in ("organizations/", "pledges/", "pledges/ledger/", "counts/", "overlaps/")
    )

    for canary in (b"CANARY one", b"CANARY note", b"0.4242", b"31337", b"4242", b"37001"):
        assert canary in told


@pytest.mark.parametrize("role", list(Role))
def test_lists_hold_nothing_of_another_coalition(coalition, role):
    everything(a_coalition(), "FOREIGN")
    an_organization(coalition)
    program = a_program(coalition, role=role)

    told = b"".join(program.get(path).content for path in PATHS.values() if "<" not in path)

    assert b"FOREIGN" not in told
    assert b"0.4242" not in told


def test_no_answer_holds_an_inner_id(coalition):
    """Public ids only: the sequence numbers of our tables stay inside."""
    everything(coalition, "A")
    program = a_program(coalition, role=LEAD)
    paths = [path for path in PATHS.values() if "<" not in path]

    def keys(value: Any) -> set[str]:
        if isinstance(value, list):
            return set().union(*map(keys, value)) if value else set()
        if isinstance(value, dict):
            return set(value).union(*map(keys, value.values()))
        return set()

    for path in paths:
        found = program.get(path).json()
        assert not keys(found) & {"pk", "coalition_id", "organization_id", "action_id", "user_id", "by_id"}
        for row in found.get("items", []):
            assert all(not isinstance(row.get(key), int) for key in ("id", "action", "organization", "first"))
