"""Pairs of partners that share people: declared, edited, taken back, never silently overwritten."""

import pytest
from django.urls import reverse

from coalitions.models import Role
from coalitions.services import directory as services
from tests.factories import a_coalition, a_member, a_partner, an_organization, an_overlap

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def coalition():
    return a_coalition()


@pytest.fixture
def organizer(client, coalition):
    client.force_login(a_member(coalition, role=Role.ORGANIZER))
    return client


def url(name, coalition, *arguments):
    return reverse(f"coalitions:{name}", args=[coalition.slug, *arguments])


def pair(one, other, share="20", **more):
    return {"first": str(one.public_id), "second": str(other.public_id), "share": share} | more


def test_a_declared_pair_is_said_in_plain_words(organizer, coalition):
    an_overlap(a_partner(coalition, name="Students"), a_partner(coalition, name="Cyclists"), share=0.22)
    page = " ".join(organizer.get(url("overlaps", coalition)).content.decode().split())
    assert "<strong>22 in 100</strong> of the smaller group" in page
    assert "1 pair declared" in page


@pytest.mark.parametrize("count", [1, 50])
def test_the_list_costs_the_same_for_one_pair_and_for_fifty(
    organizer, coalition, count, django_assert_num_queries
):
    one = a_partner(coalition)
    for _ in range(count):
        an_overlap(one, a_partner(coalition))
    with django_assert_num_queries(5):
        response = organizer.get(url("overlaps", coalition))
    assert len(response.context["page"].object_list) == count


def test_an_empty_list_says_what_is_lost_without_it(organizer, coalition):
    assert "People are not additive" in organizer.get(url("overlaps", coalition)).content.decode()


def test_an_overlap_is_declared_in_either_order(organizer, coalition):
    one, other = a_partner(coalition), a_partner(coalition)
    form = organizer.get(url("overlap-declare", coalition), **HTMX).content.decode()
    assert str(one.public_id) in form
    response = organizer.post(url("overlap-declare", coalition), pair(other, one, "12.5"), **HTMX)
    declared = coalition.overlaps.get()
    assert (declared.first, declared.second, declared.share) == (one, other, 0.125)
    assert url("change-undo", coalition, coalition.changes.get().public_id) in response.content.decode()
    assert "#overlaps" in response["HX-Trigger"]


def test_an_overlap_is_declared_without_a_script(organizer, coalition):
    one, other = a_partner(coalition), a_partner(coalition)
    page = organizer.get(url("overlap-declare", coalition)).content.decode()
    assert "<select" in page
    response = organizer.post(url("overlap-declare", coalition), pair(one, other))
    assert response.headers["Location"] == url("overlaps", coalition)
    assert coalition.overlaps.get().share == 0.2


@pytest.mark.parametrize("share", ["-1", "101", "much", "", "nan"])
def test_a_share_lies_between_nobody_and_everybody(organizer, coalition, share):
    one, other = a_partner(coalition), a_partner(coalition)
    response = organizer.post(url("overlap-declare", coalition), pair(one, other, share), **HTMX)
    assert response.status_code == 422
    assert "share" in response.context["form"].errors
    assert not coalition.overlaps.exists()


def test_nobody_overlaps_with_itself_a_stranger_or_somebody_outside(organizer, coalition):
    one = a_partner(coalition)
    for other in (one, a_partner(), an_organization(coalition)):
        response = organizer.post(url("overlap-declare", coalition), pair(one, other), **HTMX)
        assert response.status_code == 422
        assert "second" in response.context["form"].errors
    assert not coalition.overlaps.exists()


def test_a_pair_that_somebody_has_declared_shows_both_shares(organizer, coalition):
    one, other = a_partner(coalition), a_partner(coalition)
    an_overlap(one, other, share=0.4)
    response = organizer.post(url("overlap-declare", coalition), pair(one, other, "20"), **HTMX)
    page = response.content.decode()
    assert response.status_code == 409
    assert "40 in 100" in page
    assert "20 in 100" in page
    assert coalition.overlaps.get().share == 0.4

    organizer.post(url("overlap-declare", coalition), pair(one, other, "20", version="1"), **HTMX)
    assert coalition.overlaps.get().share == 0.2


def test_a_share_is_edited_in_its_row(organizer, coalition):
    overlap = an_overlap(a_partner(coalition), a_partner(coalition), share=0.2)
    address = url("overlap-edit", coalition, overlap.public_id)
    assert 'value="20"' in organizer.get(address, **HTMX).content.decode()
    response = organizer.post(address, {"share": "30", "version": "1"}, **HTMX)
    assert f'id="{overlap.fragment}"' in response.content.decode()
    assert "30 in 100" in response.content.decode()
    assert coalition.overlaps.get().share == 0.3


def test_saving_the_same_share_says_that_nothing_changed(organizer, coalition):
    overlap = an_overlap(a_partner(coalition), a_partner(coalition), share=0.2)
    address = url("overlap-edit", coalition, overlap.public_id)
    assert (
        "Nothing was changed"
        in organizer.post(address, {"share": "20", "version": "1"}, **HTMX).content.decode()
    )
    assert organizer.post(address, {"share": "25", "version": "1"}).status_code == 302
    assert organizer.post(address, {"share": "x", "version": "2"}, **HTMX).status_code == 422
    assert coalition.changes.count() == 1


def test_the_slower_of_two_editors_sees_both_shares(organizer, coalition):
    overlap = an_overlap(a_partner(coalition), a_partner(coalition), share=0.2)
    services.declare_overlap(
        overlap.first, overlap.second, by=a_member(coalition, name="Amara"), share=0.5, seen_version=1
    )
    address = url("overlap-edit", coalition, overlap.public_id)
    response = organizer.post(address, {"share": "30", "version": "1"}, **HTMX)
    page = response.content.decode()
    assert response.status_code == 409
    assert "50 in 100" in page
    assert "Amara" in page
    assert 'name="version" value="2"' in page
    assert coalition.overlaps.get().share == 0.5


def test_an_overlap_is_taken_back_and_brought_back(organizer, coalition):
    overlap = an_overlap(a_partner(coalition), a_partner(coalition), share=0.2)
    address = url("overlap-remove", coalition, overlap.public_id)
    assert organizer.post(address, {"version": "7"}, **HTMX).status_code == 409
    assert organizer.post(address, {}, **HTMX).status_code == 422
    response = organizer.post(address, {"version": "1"}, **HTMX)
    assert not coalition.overlaps.exists()
    undo = url("change-undo", coalition, coalition.changes.get().public_id)
    assert undo in response.content.decode()
    organizer.post(undo, **HTMX)
    assert coalition.overlaps.get().share == 0.2


def test_without_a_script_taking_back_leads_to_the_list(organizer, coalition):
    overlap = an_overlap(a_partner(coalition), a_partner(coalition))
    address = url("overlap-remove", coalition, overlap.public_id)
    assert organizer.post(address, {"version": "7"}).headers["Location"] == url("overlaps", coalition)
    assert coalition.overlaps.exists()
    assert organizer.post(address, {"version": "1"}).headers["Location"] == url("overlaps", coalition)
    assert not coalition.overlaps.exists()
    assert organizer.get(url("overlap", coalition, overlap.public_id)).headers["Location"] == url(
        "overlaps", coalition
    )


def test_pairs_of_removed_organizations_are_not_listed(organizer, coalition):
    overlap = an_overlap(a_partner(coalition), a_partner(coalition))
    services.remove_organization(overlap.first, by=None, seen_version=1)
    assert not organizer.get(url("overlaps", coalition)).context["page"].object_list
    assert organizer.get(url("overlap", coalition, overlap.public_id), **HTMX).status_code == 404


def test_an_observer_reads_and_a_stranger_finds_nothing(client, coalition):
    overlap = an_overlap(a_partner(coalition), a_partner(coalition))
    client.force_login(a_member(coalition, role=Role.OBSERVER))
    assert "/edit/" not in client.get(url("overlaps", coalition)).content.decode()
    for name, arguments in (
        ("overlap-declare", []),
        ("overlap-edit", [overlap.public_id]),
        ("overlap-remove", [overlap.public_id]),
    ):
        assert client.post(url(name, coalition, *arguments), {"version": "1"}).status_code == 403
    client.force_login(a_member(a_coalition(), role=Role.LEAD))
    assert client.get(url("overlaps", coalition)).status_code == 404
