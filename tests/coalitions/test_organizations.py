"""The table of organizations and the page of one: found, edited, never lost, never shown to strangers."""

from datetime import date

import pytest
from django.urls import reverse

from coalitions.models import BOND_FIELDS, ExternalId, Organization, Role
from coalitions.services import directory as services
from tests.factories import (
    a_coalition,
    a_count,
    a_held_action,
    a_member,
    a_partner,
    a_pledge,
    an_action,
    an_organization,
    an_overlap,
)

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


def typed(**values):
    return {"name": "Night Nurses", "kind": "union", "community": "", "place": "", "reach": ""} | values


def names(response):
    return [organization.name for organization, _bonds in response.context["rows"]]


def table(client, coalition, query=""):
    return client.get(url("organizations", coalition) + query)


def test_the_table_shows_what_is_known_and_says_unknown_for_the_rest(organizer, coalition):
    a_partner(coalition, name="Harbor Dockworkers", reach=2400, bond_agreement=True, bond_mandate=False)
    an_organization(coalition, name="Chamber of Commerce", reach=None)
    page = table(organizer, coalition).content.decode()
    assert "2 organizations, 1 partner" in " ".join(page.split())
    assert "2,400" in page
    assert "not a partner" in page
    assert "Agreement: yes" in page
    assert "Mandate: no" in page
    assert "Decision rule: unknown" in page


@pytest.mark.parametrize("count", [1, 50])
def test_the_table_costs_the_same_for_one_row_and_for_fifty(
    organizer, coalition, count, django_assert_num_queries
):
    for _ in range(count):
        a_pledge(a_held_action(coalition), organization=a_partner(coalition, community="labor"))
    with django_assert_num_queries(6):
        response = table(organizer, coalition)
    assert len(names(response)) == count


@pytest.mark.parametrize("count", [1, 50])
def test_one_organization_costs_the_same_with_one_line_and_with_fifty(
    organizer, coalition, count, django_assert_num_queries
):
    organization = a_partner(coalition)
    ExternalId.objects.create(coalition=coalition, organization=organization, system="ccc", identifier="o1")
    for _ in range(count):
        action = a_held_action(coalition)
        a_pledge(action, organization=organization)
        a_count(action, of="pledged", organization=organization, best=40)
        an_overlap(organization, a_partner(coalition))
    with django_assert_num_queries(8):
        response = organizer.get(url("organization", coalition, organization.public_id))
    assert len(response.context["lines"]) == count


def test_filters_narrow_the_table_and_the_count(organizer, coalition):
    a_partner(coalition, name="Bus Drivers", kind="union", community="labor", bond_mandate=True)
    a_partner(coalition, name="Dockworkers", kind="union", community="labor", place="Harbor")
    an_organization(coalition, name="Bishop", kind="faith", community="faith")
    assert names(table(organizer, coalition, "?kind=union")) == ["Bus Drivers", "Dockworkers"]
    assert names(table(organizer, coalition, "?community=faith")) == ["Bishop"]
    assert names(table(organizer, coalition, "?find=harb")) == ["Dockworkers"]
    assert names(table(organizer, coalition, "?partners=on")) == ["Bus Drivers", "Dockworkers"]
    assert names(table(organizer, coalition, "?missing=bond_mandate")) == ["Dockworkers"]
    found = organizer.get(url("organizations-count", coalition) + "?kind=faith", **HTMX)
    assert "1 organization, 0 partners" in " ".join(found.content.decode().split())


SORTABLE = {
    "name": ["Alpha", "Beta"],
    "kind": ["Beta", "Alpha"],
    "community": ["Beta", "Alpha"],
    "place": ["Beta", "Alpha"],
    "partner": ["Beta", "Alpha"],
    "reach": ["Beta", "Alpha"],
    "bonds": ["Beta", "Alpha"],
}


@pytest.mark.parametrize(("key", "rising"), SORTABLE.items())
def test_every_column_sorts_both_ways_and_the_unknown_stands_last(organizer, coalition, key, rising):
    a_partner(
        coalition,
        name="Alpha",
        kind="union",
        community="students",
        place="Harbor",
        partner_since=date(2025, 5, 1),
        reach=20,
        bond_agreement=True,
    )
    a_partner(
        coalition,
        name="Beta",
        kind="faith",
        community="faith",
        place="Alder",
        partner_since=date(2024, 5, 1),
        reach=10,
    )
    assert names(table(organizer, coalition, f"?sort={key}")) == rising
    assert names(table(organizer, coalition, f"?sort=-{key}")) == rising[::-1]
    nobody = an_organization(coalition, name="Zero", kind="union")
    if key not in {"name", "kind", "bonds"}:
        for sign in ("", "-"):
            assert names(table(organizer, coalition, f"?sort={sign}{key}"))[-1] == nobody.name


@pytest.mark.parametrize(
    "query",
    [
        "?sort=coalition__revision",
        "?sort=-memberships__user__password",
        "?kind=secret",
        "?coalition__slug__startswith=a",
        "?memberships__user__email__startswith=p",
        "?missing=removed_at",
        "?page=nine",
        "?reach__gte=5",
    ],
)
def test_nothing_else_can_be_asked_for(organizer, coalition, query):
    for name in ("Beta", "Alpha", "Gamma"):
        a_partner(coalition, name=name, reach=4)
    assert (
        names(table(organizer, coalition, query))
        == names(table(organizer, coalition))
        == ["Alpha", "Beta", "Gamma"]
    )


def test_the_table_has_pages_of_a_hundred(organizer, coalition):
    Organization.objects.bulk_create(
        Organization(coalition=coalition, name=f"Group {number:03}") for number in range(101)
    )
    first, second = table(organizer, coalition), table(organizer, coalition, "?page=2")
    assert (len(names(first)), names(second)) == (100, ["Group 100"])
    assert "101 organizations" in first.content.decode()


def test_htmx_gets_the_list_alone_and_a_returning_reader_the_page(organizer, coalition):
    an_organization(coalition)
    alone = organizer.get(url("organizations", coalition), **HTMX)
    assert "<html" not in alone.content.decode()
    assert 'id="organizations"' in alone.content.decode()
    back = organizer.get(url("organizations", coalition), **HTMX, HTTP_HX_HISTORY_RESTORE_REQUEST="true")
    assert "<html" in back.content.decode()
    assert "HX-Request" in alone["Vary"]


def test_an_organization_is_added_without_a_script(organizer, coalition):
    response = organizer.post(
        url("organization-add", coalition),
        typed(reach="1,200", partner_since="2026-01-05", bond_agreement="yes", bond_demands="no"),
    )
    added = coalition.organizations.get()
    assert response.headers["Location"] == url("organization", coalition, added.public_id)
    assert (added.reach, added.partner_since) == (1200, date(2026, 1, 5))
    assert [getattr(added, name) for name in BOND_FIELDS] == [True, False, None, None]


def test_an_organization_is_added_beside_the_table_with_a_way_back(organizer, coalition):
    form = organizer.get(url("organization-add", coalition), **HTMX).content.decode()
    assert "<html" not in form
    response = organizer.post(url("organization-add", coalition), typed(), **HTMX)
    change = coalition.changes.get()
    assert url("change-undo", coalition, change.public_id) in response.content.decode()
    assert "#organizations" in response["HX-Trigger"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"kind": "gang"}, "kind"),
        ({"reach": "-5"}, "reach"),
        ({"partner_until": "2026-01-05"}, "partner_since"),
        ({"partner_since": "2026-02-05", "partner_until": "2026-01-05"}, "partner_until"),
        ({"latitude": "91", "longitude": "0"}, "latitude"),
        ({"latitude": "9"}, "longitude"),
        ({"bond_mandate": "perhaps"}, "bond_mandate"),
        ({"name": "with\x00nothing"}, "name"),
    ],
)
def test_what_is_wrong_is_said_at_its_place_and_nothing_is_saved(organizer, coalition, wrong, field):
    response = organizer.post(url("organization-add", coalition), typed(**wrong), **HTMX)
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not coalition.organizations.exists()


def test_a_name_that_is_taken_is_said_at_the_name(organizer, coalition):
    an_organization(coalition, name="night nurses")
    response = organizer.post(url("organization-add", coalition), typed(), **HTMX)
    assert response.status_code == 422
    assert "already has this name" in response.content.decode()


def test_keys_that_are_not_in_the_form_change_nothing(organizer, coalition):
    other = a_coalition()
    extra = {"coalition": other.pk, "removed_at": "2026-01-01", "public_id": str(coalition.pk), "id": "7"}
    organizer.post(url("organization-add", coalition), typed(**extra))
    added = coalition.organizations.get()
    assert (added.removed_at, added.version) == (None, 1)
    assert not other.organizations.exists()


def test_a_row_is_edited_in_its_place(organizer, coalition):
    organization = an_organization(coalition, name="Nurses", reach=5)
    address = url("organization-edit", coalition, organization.public_id)
    form = organizer.get(address, **HTMX).content.decode()
    assert f'id="{organization.fragment}"' in form
    assert "<html" not in form

    response = organizer.post(address, typed(version=1, reach=70), **HTMX)
    page = response.content.decode()
    assert response.status_code == 200
    assert f'id="{organization.fragment}"' in page
    assert "Night Nurses was saved." in page
    organization.refresh_from_db()
    assert (organization.name, organization.reach, organization.version) == ("Night Nurses", 70, 2)


def test_saving_what_was_there_says_so_and_leaves_no_trace(organizer, coalition):
    organization = an_organization(coalition, name="Night Nurses", kind="union")
    response = organizer.post(
        url("organization-edit", coalition, organization.public_id), typed(version=1), **HTMX
    )
    assert "Nothing was changed." in response.content.decode()
    assert not coalition.changes.exists()


def test_the_slower_of_two_editors_sees_both_versions_and_can_save_again(organizer, coalition):
    organization = an_organization(coalition, name="Nurses", kind="union")
    her = a_member(coalition, name="Amara Mbeki")
    services.edit_organization(organization, by=her, seen_version=1, values={"name": "Theirs"})
    address = url("organization-edit", coalition, organization.public_id)

    response = organizer.post(address, typed(name="Mine", version=1), **HTMX)
    page = response.content.decode()
    assert response.status_code == 409
    assert "Theirs" in page
    assert "Amara Mbeki" in page
    assert 'value="Mine"' in page
    assert 'name="version" value="2"' in page
    assert coalition.organizations.get().name == "Theirs"

    organizer.post(address, typed(name="Mine", version=2), **HTMX)
    assert coalition.organizations.get().name == "Mine"


def test_what_somebody_removed_meanwhile_is_told_and_not_saved(organizer, coalition):
    organization = an_organization(coalition, name="Nurses")
    address = url("organization-edit", coalition, organization.public_id)
    services.remove_organization(organization, by=None, seen_version=1)
    there = url("organizations", coalition)
    assert organizer.post(address, typed(version=1), **HTMX)["HX-Redirect"] == there
    assert organizer.post(address, typed(version=1)).headers["Location"] == there
    assert "Nurses was removed, so nothing was saved" in organizer.get(there).content.decode()
    assert coalition.organizations.get().name == "Nurses"


def test_without_a_script_everything_is_done_on_pages_of_its_own(organizer, coalition):
    organization = an_organization(coalition, name="Nurses")
    address = url("organization-edit", coalition, organization.public_id)
    page = url("organization", coalition, organization.public_id)
    assert "<html" in organizer.get(address).content.decode()
    assert organizer.post(address, typed(name="", version=1)).status_code == 422
    assert organizer.post(address, typed(name="Night Nurses", version=1)).headers["Location"] == page
    removal = url("organization-remove", coalition, organization.public_id)
    assert organizer.post(removal, {"version": 1}).headers["Location"] == page
    assert organizer.post(removal, {"version": 2}).headers["Location"] == url("organizations", coalition)
    assert not coalition.organizations.present().exists()


def test_a_name_that_another_one_has_is_refused_in_the_row(organizer, coalition):
    an_organization(coalition, name="Night Nurses")
    organization = an_organization(coalition, name="Day Nurses")
    response = organizer.post(
        url("organization-edit", coalition, organization.public_id), typed(version=1), **HTMX
    )
    assert response.status_code == 422
    assert "name" in response.context["form"].errors


def test_the_parts_of_one_page_are_fetched_by_themselves(organizer, coalition):
    organization = a_partner(coalition, name="Night Nurses")
    a_pledge(an_action(coalition, title="The march"), organization=organization)
    facts = organizer.get(
        url("organization-facts", coalition, organization.public_id), **HTMX
    ).content.decode()
    assert f'id="{organization.fragment}"' in facts
    assert "<html" not in facts
    record = organizer.get(
        url("organization-record", coalition, organization.public_id), **HTMX
    ).content.decode()
    assert 'id="organization-record"' in record
    assert "The march" in record


def test_a_removed_row_is_gone_and_one_undo_brings_it_back(organizer, coalition):
    organization = an_organization(coalition, name="Nurses")
    response = organizer.post(
        url("organization-remove", coalition, organization.public_id), {"version": 1}, **HTMX
    )
    undo = url("change-undo", coalition, coalition.changes.get().public_id)
    assert undo in response.content.decode()
    assert names(table(organizer, coalition)) == []
    row = url("organization-row", coalition, organization.public_id)
    assert organizer.get(row, **HTMX).status_code == 404

    assert "Undone." in organizer.post(undo, **HTMX).content.decode()
    assert names(table(organizer, coalition)) == ["Nurses"]
    assert organizer.get(row, **HTMX).status_code == 200


def test_nobody_removes_what_was_changed_under_their_eyes(organizer, coalition):
    organization = an_organization(coalition)
    services.edit_organization(organization, by=None, seen_version=1, values={"place": "Harbor"})
    response = organizer.post(
        url("organization-remove", coalition, organization.public_id), {"version": 1}, **HTMX
    )
    assert response.status_code == 409
    assert "was not removed" in response.content.decode()
    assert coalition.organizations.present().exists()
    without_version = organizer.post(url("organization-remove", coalition, organization.public_id), **HTMX)
    assert without_version.status_code == 422


def test_a_fragment_opened_as_a_page_leads_to_the_page(organizer, coalition):
    organization = an_organization(coalition)
    page = url("organization", coalition, organization.public_id)
    for name in ("organization-row", "organization-facts", "organization-record"):
        assert organizer.get(url(name, coalition, organization.public_id)).headers["Location"] == page


def test_the_page_of_one_organization_tells_its_whole_story(organizer, coalition):
    organization = a_partner(coalition, name="Night Nurses", community="health")
    other = a_partner(coalition, name="Hospital Cleaners")
    held, ahead = a_held_action(coalition, title="Gate picket"), an_action(coalition, title="The march")
    a_pledge(held, organization=organization, likely=80)
    a_count(held, of="pledged", organization=organization, best=60)
    a_pledge(ahead, organization=organization, likely=150)
    an_overlap(organization, other, share=0.125)
    ExternalId.objects.create(coalition=coalition, organization=organization, system="ccc", identifier="o17")

    page = organizer.get(url("organization", coalition, organization.public_id)).content.decode()
    text = " ".join(page.split())
    assert "Pledged 150 people (120 to 180) for The march" in text
    assert "75%" in text
    assert "Hospital Cleaners" in text
    assert "12.5 in 100" in text
    assert "ccc o17" in text
    assert "logged a pledge" in text


def test_a_partner_opens_its_own_page_and_no_other(client, coalition):
    own, other = a_partner(coalition, name="Own group"), a_partner(coalition, name="Other group")
    client.force_login(a_member(coalition, role=Role.PARTNER, organization=own, name="Ruth Halloran"))
    an_overlap(own, other)
    ExternalId.objects.create(coalition=coalition, organization=own, system="ccc", identifier="o-secret")
    services.edit_organization(
        own, by=a_member(coalition, name="Amara Mbeki"), seen_version=1, values={"reach": 9}
    )
    a_pledge(an_action(coalition, title="The march"), organization=own, likely=40)

    page = client.get(url("organization", coalition, own.public_id)).content.decode()
    assert "The march" in page
    for hidden in ("Other group", "o-secret", "Amara Mbeki"):
        assert hidden not in page
    for name in ("organization", "organization-facts", "organization-record"):
        assert client.get(url(name, coalition, other.public_id), **HTMX).status_code == 404
    for name in ("organizations", "organizations-count", "overlaps", "changes", "settings"):
        assert client.get(url(name, coalition)).status_code == 403
    assert client.get(url("organization-row", coalition, own.public_id), **HTMX).status_code == 403


def test_an_observer_sees_and_changes_nothing(client, coalition):
    organization = an_organization(coalition)
    client.force_login(a_member(coalition, role=Role.OBSERVER))
    page = table(client, coalition).content.decode()
    assert "Add an organization" not in page
    assert "/edit/" not in page
    for name, arguments in (
        ("organization-add", []),
        ("organization-edit", [organization.public_id]),
        ("organization-remove", [organization.public_id]),
    ):
        assert client.post(url(name, coalition, *arguments), typed(version=1)).status_code == 403
    assert not coalition.changes.exists()


def test_a_row_of_another_coalition_is_not_there(organizer, coalition):
    foreign = an_organization()
    for name in ("organization", "organization-row", "organization-facts", "organization-edit"):
        assert organizer.get(url(name, coalition, foreign.public_id), **HTMX).status_code == 404
    assert (
        organizer.post(url("organization-remove", coalition, foreign.public_id), {"version": 1}).status_code
        == 404
    )


def test_what_people_typed_is_shown_as_text(organizer, coalition):
    trap = "<img src=x onerror=alert(1)>{{7*7}}"
    organization = a_partner(coalition, name=trap, community=trap[:80], place=trap)
    services.edit_organization(organization, by=None, seen_version=1, values={"place": "Harbor"})
    for address in (
        url("organizations", coalition),
        url("organization", coalition, organization.public_id),
        url("organization-edit", coalition, organization.public_id),
        url("changes", coalition),
    ):
        page = organizer.get(address).content.decode()
        assert "<img" not in page
        assert "&lt;img" in page
