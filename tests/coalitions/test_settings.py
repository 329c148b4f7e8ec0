"""What the coalition has settled: read by members, changed by leads, each version kept and restorable."""

import pytest
from django.urls import reverse

from coalitions.forms.settings import time_zones
from coalitions.models import SETTING_FIELDS, Role
from coalitions.services.settings import change_settings
from tests.factories import a_coalition, a_member

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def coalition():
    return a_coalition(name="Riverside", critical_mass=1000, time_zone="America/Chicago")


@pytest.fixture
def lead(client, coalition):
    client.force_login(a_member(coalition, role=Role.LEAD, name="Amara Mbeki"))
    return client


def url(name, coalition, *arguments):
    return reverse(f"coalitions:{name}", args=[coalition.slug, *arguments])


def typed(**values):
    return {
        "name": "Riverside",
        "cause": "",
        "target": "",
        "time_zone": "America/Chicago",
        "critical_mass": "1,000",
        "communities_aimed_at": "6",
        "weight_people_power": "1",
        "weight_breadth": "1",
        "weight_cohesion": "1",
        "weight_leverage": "1",
        "wanted_chance": "80",
        "wanted_leverage": "25",
        "pledge_cap": "50,000",
        "version": "1",
    } | values


def test_what_is_typed_as_it_stands_changes_nothing(lead, coalition):
    assert set(typed()) == {*SETTING_FIELDS, "version"}
    page = lead.post(url("settings-edit", coalition), typed(), **HTMX).content.decode()
    assert "Nothing was changed." in page
    assert not coalition.changes.exists()


def test_settings_are_shown_with_their_version(lead, coalition, django_assert_num_queries):
    with django_assert_num_queries(4):
        page = " ".join(lead.get(url("settings", coalition)).content.decode().split())
    assert "80 in 100" in page
    assert "This is version 1" in page
    assert "Change settings" in page
    assert url("tokens", coalition) in page
    assert url("imports", coalition) in page


def test_a_lead_changes_settings_and_the_old_version_stays(lead, coalition):
    form = lead.get(url("settings-edit", coalition), **HTMX).content.decode()
    assert "<html" not in form
    assert 'value="80"' in form
    response = lead.post(
        url("settings-edit", coalition),
        typed(critical_mass="1,400", wanted_chance="75.5", weight_leverage="0.5", cause="Night buses."),
        **HTMX,
    )
    coalition.refresh_from_db()
    assert (coalition.critical_mass, coalition.wanted_chance, coalition.weight_leverage) == (1400, 0.755, 0.5)
    assert (coalition.version, coalition.cause) == (2, "Night buses.")
    page = " ".join(response.content.decode().split())
    assert "This is version 2" in page
    assert '<del><span class="vh">before: </span>1,000</del>' in page
    assert url("change-undo", coalition, coalition.changes.get().public_id) in page


def test_an_earlier_version_is_put_back(lead, coalition):
    lead.post(url("settings-edit", coalition), typed(critical_mass="1400"))
    lead.post(url("change-undo", coalition, coalition.changes.get().public_id))
    coalition.refresh_from_db()
    assert (coalition.critical_mass, coalition.version) == (1000, 3)
    assert "undone since" in lead.get(url("settings", coalition)).content.decode()


def test_a_critical_mass_may_be_unknown(lead, coalition):
    lead.post(url("settings-edit", coalition), typed(critical_mass=""))
    coalition.refresh_from_db()
    assert coalition.critical_mass is None
    assert "unknown" in lead.get(url("settings", coalition)).content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("time_zone", "Mars/Olympus"),
        ("critical_mass", "0"),
        ("communities_aimed_at", "0"),
        ("weight_breadth", "-1"),
        ("weight_breadth", "nan"),
        ("weight_breadth", ""),
        ("wanted_chance", "101"),
        ("wanted_leverage", "-1"),
        ("pledge_cap", "0"),
    ],
)
def test_what_makes_no_sense_is_said_at_its_place(lead, coalition, field, value):
    response = lead.post(url("settings-edit", coalition), typed(**{field: value}), **HTMX)
    assert response.status_code == 422
    assert field in response.context["form"].errors
    coalition.refresh_from_db()
    assert coalition.version == 1


def test_some_dimension_has_to_count(lead, coalition):
    nothing = {name: "0" for name in typed() if name.startswith("weight_")}
    response = lead.post(url("settings-edit", coalition), typed(**nothing))
    assert response.status_code == 422
    assert "At least one dimension" in response.content.decode()


def test_the_slower_of_two_leads_sees_both_versions(lead, coalition):
    other = a_member(coalition, role=Role.LEAD, name="Jonas Oduya")
    change_settings(coalition, by=other, seen_version=1, values={"critical_mass": 1200})
    response = lead.post(url("settings-edit", coalition), typed(critical_mass="1,400"), **HTMX)
    page = response.content.decode()
    assert response.status_code == 409
    assert "Jonas Oduya" in page
    assert "1,200" in page
    assert 'value="1,400"' in page
    assert 'name="version" value="2"' in page
    lead.post(url("settings-edit", coalition), typed(critical_mass="1,400", version="2"))
    coalition.refresh_from_db()
    assert coalition.critical_mass == 1400


def test_the_slug_and_the_revision_are_nobodys_to_type(lead, coalition):
    slug = coalition.slug
    lead.post(url("settings-edit", coalition), typed(slug="stolen", revision="99", name="Riverside East"))
    coalition.refresh_from_db()
    assert (coalition.slug, coalition.revision, coalition.name) == (slug, 1, "Riverside East")


def test_others_read_and_do_not_change(client, coalition):
    for role in (Role.OBSERVER, Role.ORGANIZER):
        client.force_login(a_member(coalition, role=role))
        assert "Change settings" not in client.get(url("settings", coalition)).content.decode()
        assert client.get(url("settings-edit", coalition)).status_code == 403
        assert client.post(url("settings-edit", coalition), typed(name="Mine")).status_code == 403
    coalition.refresh_from_db()
    assert coalition.name == "Riverside"


def test_only_places_are_offered_as_time_zones():
    names = [name for name, _label in time_zones()]
    assert names[0] == "UTC"
    assert "America/Chicago" in names
    assert not [name for name in names if name.startswith("Etc/")]
