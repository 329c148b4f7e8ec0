from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from coalitions.models import Overlap
from coalitions.services.directory import remove_organization
from tests.coalitions.api.conftest import ids
from tests.factories import a_coalition, a_partner, an_overlap


@pytest.fixture
def pair(coalition):
    return a_partner(coalition), a_partner(coalition)


def body(first, second, share: Any = 0.25):
    return {"first": str(first.public_id), "second": str(second.public_id), "share": share}


def test_an_overlap_is_declared_changed_and_taken_back(lead, pair):
    declared = lead.post("overlaps/", body(*reversed(pair)))
    assert declared.status_code == 201
    row = declared.json()
    assert {row["first"], row["second"]} == {str(each.public_id) for each in pair}
    assert (row["share"], row["version"], row["by"], declared["ETag"]) == (0.25, 1, lead.user.name, '"1"')

    address = declared["Location"]
    changed = lead.patch(address, {"share": 0.5})
    assert (changed.status_code, changed.json()["share"], changed["ETag"]) == (200, 0.5, '"2"')
    assert lead.patch(address, {"share": 0.1}).status_code == 412
    assert lead.patch(address, {"share": 0.1, "version": 1}, version=2).status_code == 409
    assert lead.patch(address, {}, version=2).json()["share"] == 0.5

    assert lead.delete(address).status_code == 412
    assert lead.delete(address, version=2).status_code == 204
    assert lead.get(address).status_code == 404
    assert not Overlap.objects.filter(coalition=lead.coalition).exists()


def test_a_pair_that_is_declared_already_gets_409_with_what_is_known(lead, pair):
    there = an_overlap(*pair, share=0.1)

    late = lead.post("overlaps/", body(*pair))

    assert late.status_code == 409
    assert (late.json()["theirs"]["id"], late.json()["theirs"]["share"]) == (str(there.public_id), 0.1)
    assert late.json()["yours"] == body(*pair)


@pytest.mark.parametrize("share", [-0.1, 1.1, "0.5", True, None, 10**40])
def test_a_share_is_a_number_from_0_to_1(lead, pair, share):
    refused = lead.post("overlaps/", body(pair[0], pair[1], share))

    assert (refused.status_code, list(refused.json()["error"]["fields"])) == (400, ["share"])


def test_one_organization_is_no_pair(lead, pair):
    refused = lead.post("overlaps/", body(pair[0], pair[0]))

    assert (refused.status_code, list(refused.json()["error"]["fields"])) == (422, ["second"])


def test_organizations_of_another_coalition_are_the_same_as_none(lead, pair):
    foreign = lead.post("overlaps/", body(pair[0], a_partner(a_coalition())))
    nobody = lead.post("overlaps/", body(*pair) | {"second": str(uuid4())})

    assert (foreign.status_code, foreign.content) == (400, nobody.content)
    assert not Overlap.objects.across_coalitions().exists()


def test_overlaps_of_removed_organizations_are_in_no_list(lead, pair):
    an_overlap(*pair)
    assert len(ids(lead.get("overlaps/"))) == 1

    remove_organization(pair[1], by=None, seen_version=1)

    assert ids(lead.get("overlaps/")) == []


def test_a_list_costs_two_queries(lead, pair, django_assert_num_queries):
    for _ in range(9):
        an_overlap(pair[0], a_partner(lead.coalition))
    with django_assert_num_queries(2):
        assert len(ids(lead.get("overlaps/"))) == 9
