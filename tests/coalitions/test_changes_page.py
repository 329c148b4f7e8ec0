"""The page of the history: read by members, filtered, and the place where a change is put back."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from coalitions.models import Change, Role
from coalitions.services import actions, directory
from coalitions.services.settings import change_settings
from tests.factories import a_coalition, a_member, a_partner, a_pledge, an_action, an_organization

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def coalition():
    return a_coalition(time_zone="America/Chicago")


@pytest.fixture
def by(coalition):
    return a_member(coalition, role=Role.ORGANIZER, name="Jonas Oduya")


@pytest.fixture
def organizer(client, by):
    client.force_login(by)
    return client


def url(name, coalition, *arguments):
    return reverse(f"coalitions:{name}", args=[coalition.slug, *arguments])


def told(response):
    return [line.change.verb for _day, lines in response.context["days"] for line in lines]


def history(client, coalition, query=""):
    return client.get(url("changes", coalition) + query)


def test_a_change_says_who_when_and_what_was_before(organizer, coalition, by):
    organization = an_organization(coalition, name="Night Nurses", community="labor")
    directory.edit_organization(organization, by=by, seen_version=1, values={"community": "health"})
    page = " ".join(history(organizer, coalition).content.decode().split())
    assert "Jonas Oduya edited <strong>Night Nurses</strong>." in page
    assert "Community" in page
    assert "labor</del>" in page
    assert "health</ins>" in page


def test_times_are_those_of_the_coalition(organizer, coalition, by):
    directory.add_organization(coalition, by=by, values={"name": "Late"})
    when = coalition.changes.get().at
    line = history(organizer, coalition).context["days"][0][1][0]
    assert line.at == when
    assert line.at.utcoffset() in {timedelta(hours=-5), timedelta(hours=-6)}
    assert line.at.strftime("%H:%M") in history(organizer, coalition).content.decode()


@pytest.mark.parametrize("count", [1, 50])
def test_the_page_costs_the_same_for_one_change_and_for_fifty(
    organizer, coalition, by, count, django_assert_num_queries
):
    for number in range(count):
        directory.add_organization(coalition, by=by, values={"name": f"Group {number}"})
    with django_assert_num_queries(5):
        response = history(organizer, coalition)
    assert len(told(response)) == count


def test_it_is_filtered_by_person_subject_kind_and_day(organizer, coalition, by):
    other = a_member(coalition, name="Amara Mbeki")
    directory.add_organization(coalition, by=other, values={"name": "Night Nurses"})
    actions.plan_action(coalition, by=by, values={"title": "The march", "day": timezone.now().date()})
    change_settings(coalition, by=by, seen_version=1, values={"critical_mass": 7})
    assert told(history(organizer, coalition, f"?who={other.public_id}")) == ["organization.added"]
    assert told(history(organizer, coalition, "?find=march")) == ["action.planned"]
    assert told(history(organizer, coalition, "?about=settings")) == ["settings.changed"]
    today = coalition.local_day(timezone.now())
    assert len(told(history(organizer, coalition, f"?since={today}"))) == 3
    assert told(history(organizer, coalition, f"?since={today + timedelta(days=1)}")) == []


def test_what_cannot_be_asked_for_is_left_out(organizer, coalition, by):
    directory.add_organization(coalition, by=by, values={"name": "Night Nurses"})
    stranger = a_member(a_coalition())
    for query in (
        f"?who={stranger.public_id}",
        "?who=nobody",
        "?about=secrets",
        "?since=yesterday",
        "?before=x",
        "?by__email__startswith=a",
    ):
        assert told(history(organizer, coalition, query)) == ["organization.added"]


def test_older_changes_follow_on_pages_that_do_not_shift(organizer, coalition, by):
    for number in range(55):
        directory.add_organization(coalition, by=by, values={"name": f"Group {number}"})
    first = history(organizer, coalition)
    assert len(told(first)) == 50
    older = first.context["older"]
    directory.add_organization(coalition, by=by, values={"name": "One more"})
    second = history(organizer, coalition, f"?{older}")
    shown = [line.change.revision for _day, lines in second.context["days"] for line in lines]
    assert shown == [5, 4, 3, 2, 1]
    assert "data-live" not in second.content.decode()[second.content.decode().find('id="changes"') :][:200]


def test_new_changes_come_in_by_themselves(organizer, coalition, by):
    page = history(organizer, coalition).content.decode()
    assert 'id="changes" data-live data-hears="*"' in page
    fragment = organizer.get(url("changes", coalition), **HTMX).content.decode()
    assert "<html" not in fragment


def test_only_what_can_be_undone_has_a_button(organizer, client, coalition, by):
    change_settings(coalition, by=by, seen_version=1, values={"critical_mass": 7})
    page = history(organizer, coalition)
    assert "/undo/" not in page.content.decode()
    directory.add_organization(coalition, by=by, values={"name": "Night Nurses"})
    assert history(organizer, coalition).content.decode().count('action="/c/') >= 1
    client.force_login(a_member(coalition, role=Role.OBSERVER))
    assert "/undo/" not in history(client, coalition).content.decode()


def test_a_change_is_put_back_from_its_line(organizer, coalition, by):
    organization = an_organization(coalition, community="labor")
    directory.edit_organization(organization, by=by, seen_version=1, values={"community": "health"})
    change = coalition.changes.get()
    response = organizer.post(url("change-undo", coalition, change.public_id), **HTMX)
    page = response.content.decode()
    assert "Undone." in page
    undone = coalition.changes.get(undoes=change)
    assert url("change-undo", coalition, undone.public_id) in page
    listed = " ".join(history(organizer, coalition).content.decode().split())
    assert "undone since" in listed
    assert listed.count(url("change-undo", coalition, change.public_id)) == 0


def test_a_second_undo_says_that_it_was_done(organizer, coalition, by):
    directory.add_organization(coalition, by=by, values={"name": "Night Nurses"})
    address = url("change-undo", coalition, coalition.changes.get().public_id)
    organizer.post(address)
    response = organizer.post(address, **HTMX)
    assert response.status_code == 409
    assert "undone already" in response.content.decode()
    assert organizer.post(address).headers["Location"] == url("changes", coalition)


def test_who_may_not_undo_is_refused(client, organizer, coalition, by):
    change_settings(coalition, by=by, seen_version=1, values={"critical_mass": 7})
    address = url("change-undo", coalition, coalition.changes.get().public_id)
    refused = organizer.post(address, **HTMX)
    assert refused.status_code == 409
    assert "Only a lead" in refused.content.decode()
    client.force_login(a_member(coalition, role=Role.OBSERVER))
    assert client.post(address).status_code == 403
    client.force_login(a_member(a_coalition(), role=Role.LEAD))
    assert client.post(address).status_code == 404
    assert Change.objects.filter(coalition=coalition).count() == 1


def test_a_read_never_undoes(organizer, coalition, by):
    directory.add_organization(coalition, by=by, values={"name": "Night Nurses"})
    address = url("change-undo", coalition, coalition.changes.get().public_id)
    assert organizer.get(address).status_code == 405
    assert coalition.organizations.present().exists()


def test_a_pledge_is_put_back_too(organizer, coalition):
    action, partner = an_action(coalition), a_partner(coalition)
    a_pledge(action, organization=partner, likely=100)
    a_pledge(action, organization=partner, likely=500)
    change = coalition.changes.order_by("-revision").first()
    organizer.post(url("change-undo", coalition, change.public_id), **HTMX)
    assert action.current_pledges.get().likely == 100
