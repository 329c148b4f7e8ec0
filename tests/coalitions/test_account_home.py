"""The first page after signing in: which coalitions, in which role, and what comes next there."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.urls import reverse

from coalitions.models import ActionStatus, Role
from tests.coalitions.people_at_the_door import signed_in
from tests.factories import a_coalition, a_member, a_user, an_action

pytestmark = pytest.mark.django_db


def test_somebody_without_a_coalition_learns_how_to_get_into_one():
    page = signed_in(a_user()).get(reverse("home")).content.decode()
    assert "You belong to no coalition yet" in page
    assert "A lead of the coalition invites you" in page


def test_home_shows_role_next_action_and_where_to_go():
    coalition = a_coalition(name="Riverside Transit Coalition", time_zone="America/Chicago")
    a_coalition(name="Canary Coalition")
    an_action(coalition, day=date(2026, 11, 20))
    an_action(coalition, day=date(2026, 11, 22), status=ActionStatus.CANCELLED)
    an_action(coalition, day=date(2026, 11, 27))
    an_action(coalition, day=date(2026, 12, 5))
    with time_machine.travel(datetime(2026, 11, 22, 12, tzinfo=UTC)):
        page = signed_in(a_member(coalition, role=Role.LEAD)).get(reverse("home")).content.decode()
    assert "Riverside Transit Coalition" in page
    assert "27 November 2026" in page
    assert "in 5 days" in page
    assert reverse("coalitions:overview", kwargs={"slug": coalition.slug}) in page
    assert "Canary" not in page


def test_an_action_of_today_counts_until_midnight_where_the_coalition_is():
    """At 03:00 in UTC it is still the evening before in Chicago."""
    coalition = a_coalition(time_zone="America/Chicago")
    user = a_member(coalition, role=Role.OBSERVER)
    an_action(coalition, day=date(2026, 11, 21))
    for hour, expected in ((3, "21 November 2026"), (7, "none planned")):
        with time_machine.travel(datetime(2026, 11, 22, hour, tzinfo=UTC)):
            assert expected in signed_in(user).get(reverse("home")).content.decode()


def test_a_partner_begins_at_the_actions():
    coalition = a_coalition()
    page = signed_in(a_member(coalition, role=Role.PARTNER)).get(reverse("home")).content.decode()
    assert f'href="{reverse("coalitions:actions", kwargs={"slug": coalition.slug})}"' in page
    assert "none planned" in page


def test_home_costs_the_same_for_one_coalition_as_for_ten(django_assert_max_num_queries):
    user = a_user()
    browser, counts = signed_in(user), []
    for more in (1, 9):
        for _ in range(more):
            coalition = a_coalition()
            coalition.memberships.create(user=user, role=Role.OBSERVER)
            an_action(coalition)
        with django_assert_max_num_queries(8) as seen:
            browser.get(reverse("home"))
        counts.append(len(seen))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("page", ["home", "account", "password", "two-step", "confirm", "join-signed-in"])
def test_pages_of_a_person_are_closed_to_everybody_else(client, page):
    response = client.get(reverse(page))
    assert response["Location"].startswith(reverse("sign-in"))
