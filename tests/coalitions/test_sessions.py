"""How long a session lasts, who can end it, and what ends it at once (A17, B10, B16)."""

import time
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from coalitions.models import Membership, Role, Session, User
from coalitions.services import accounts
from tests.coalitions.people_at_the_door import a_second_step, code_of, is_signed_in, sign_in, signed_in
from tests.factories import PASSWORD, a_coalition, a_member, a_user

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NEW_PASSWORD = "entirely new words here"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cheap_passwords")]


def test_a_session_left_alone_ends_after_a_week(client):
    user = a_user()
    with time_machine.travel(NOON, tick=False) as clock:
        client.force_login(user)
        clock.shift(timedelta(days=7, seconds=-1))
        assert is_signed_in(client)
        clock.shift(timedelta(days=7, seconds=1))
        assert not is_signed_in(client)


def test_a_session_in_use_ends_after_thirty_days(client):
    user = a_user()
    with time_machine.travel(NOON, tick=False) as clock:
        client.force_login(user)
        for _ in range(29):
            clock.shift(timedelta(days=1))
            assert is_signed_in(client)
        clock.shift(timedelta(days=1, seconds=1))
        assert not is_signed_in(client)


def test_saving_a_session_does_not_give_it_more_than_thirty_days(client):
    user = a_user()
    with time_machine.travel(NOON, tick=False) as clock:
        client.force_login(user)
        for _ in range(10):
            clock.shift(timedelta(days=2, hours=23))
            client.get(reverse("account"))
            session = client.session
            session["something"] = time.time()
            session.save()
        clock.shift(timedelta(days=1))
        assert not is_signed_in(client)


@pytest.mark.parametrize("jump", [timedelta(days=3), timedelta(days=-3)])
def test_a_clock_that_jumps_makes_no_session_immortal_and_breaks_no_page(client, jump):
    user = a_user()
    with time_machine.travel(NOON, tick=False) as clock:
        clock.shift(jump)
        client.force_login(user)
        clock.shift(-jump)
        # Made in the future, it ends at once; made in the past, it goes on as usual.
        assert is_signed_in(client) is (jump < timedelta(0))
        clock.shift(timedelta(days=31))
        assert not is_signed_in(client)


def test_a_jump_there_and_back_while_signed_in_does_not_lengthen_a_session(client):
    user = a_user()
    with time_machine.travel(NOON, tick=False) as clock:
        client.force_login(user)
        clock.shift(timedelta(days=3))
        assert is_signed_in(client)
        clock.shift(timedelta(days=-3))
        assert is_signed_in(client)
        clock.shift(timedelta(days=30, seconds=1))
        assert not is_signed_in(client)


def test_a_clock_set_back_makes_a_sign_in_of_the_future_stale_rather_than_fresh(client):
    user = a_user(password=PASSWORD)
    with time_machine.travel(NOON, tick=False) as clock:
        sign_in(client, user.email)
        assert client.get(reverse("two-step")).status_code == 200
        clock.shift(timedelta(minutes=-10))
        assert client.get(reverse("two-step"))["Location"].startswith(reverse("confirm"))


def test_a_new_password_ends_every_other_session_and_keeps_this_one():
    user = a_user(password=PASSWORD)
    here, there = signed_in(user), signed_in(user)
    response = here.post(reverse("password"), {"current": PASSWORD, "password": NEW_PASSWORD})
    assert response.status_code == 302
    assert is_signed_in(here)
    assert not is_signed_in(there)
    assert sign_in(Client(), user.email, NEW_PASSWORD).status_code == 302


@pytest.mark.parametrize(
    ("current", "new"),
    [("not this one", NEW_PASSWORD), (PASSWORD, "short"), (PASSWORD, "password1234"), ("", NEW_PASSWORD)],
)
def test_a_password_is_not_changed_by_a_guess_or_to_a_weak_one(current, new):
    user = a_user(password=PASSWORD)
    here, there = signed_in(user), signed_in(user)
    assert here.post(reverse("password"), {"current": current, "password": new}).status_code == 422
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert is_signed_in(there)


def test_a_stolen_session_cannot_guess_the_current_password_without_end():
    user = a_user(password=PASSWORD)
    here = signed_in(user)
    for _ in range(5):
        here.post(reverse("password"), {"current": "a guess", "password": NEW_PASSWORD})
    here.post(reverse("password"), {"current": PASSWORD, "password": NEW_PASSWORD})
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_sessions_are_listed_and_this_one_is_marked():
    user = a_user(password=PASSWORD)
    here, _there = signed_in(user), signed_in(user)
    signed_in(a_user())
    page = here.get(reverse("account")).content.decode()
    assert page.count("/end/") == 2
    assert page.count("this one") == 1


def test_one_session_is_ended_from_another():
    user = a_user()
    here, there = signed_in(user), signed_in(user)
    other = Session.objects.exclude(session_key=here.session.session_key).get()
    here.post(reverse("session-end", kwargs={"session_id": other.public_id}))
    assert is_signed_in(here)
    assert not is_signed_in(there)


def test_ending_this_session_signs_out():
    user = a_user()
    here = signed_in(user)
    own = Session.objects.get()
    response = here.post(reverse("session-end", kwargs={"session_id": own.public_id}))
    assert response["Location"] == reverse("sign-in")
    assert not is_signed_in(here)


def test_nobody_ends_the_session_of_somebody_else():
    mine, theirs = signed_in(a_user()), signed_in(a_user())
    other = Session.objects.get(session_key=theirs.session.session_key)
    address = reverse("session-end", kwargs={"session_id": other.public_id})
    assert mine.post(address).status_code == 404
    assert is_signed_in(theirs)


def test_all_other_sessions_are_ended_at_once():
    user, somebody = a_user(), a_user()
    here, there, elsewhere, theirs = signed_in(user), signed_in(user), signed_in(user), signed_in(somebody)
    here.post(reverse("sessions-end-others"))
    assert [is_signed_in(browser) for browser in (here, there, elsewhere, theirs)] == [
        True,
        False,
        False,
        True,
    ]


def test_a_deactivated_person_is_out_at_the_next_request():
    user = a_user(password=PASSWORD)
    browser = signed_in(user)
    accounts.deactivate(user)
    assert not is_signed_in(browser)
    assert sign_in(browser, user.email).status_code == 422


def test_a_flag_set_by_hand_is_enough_to_shut_somebody_out():
    user = a_user()
    browser = signed_in(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert not is_signed_in(browser)


def test_a_removed_member_loses_the_coalition_at_the_next_request():
    coalition = a_coalition()
    browser = signed_in(a_member(coalition, role=Role.OBSERVER))
    page = reverse("coalitions:people", kwargs={"slug": coalition.slug})
    assert browser.get(page).status_code == 200
    Membership.objects.filter(coalition=coalition).delete()
    assert browser.get(page).status_code == 404


def test_deactivation_closes_a_half_open_door(client):
    """A session between password and code belongs to nobody yet, so it cannot be ended: it leads nowhere."""
    user = a_user(password=PASSWORD)
    phone = a_second_step(user)
    sign_in(client, user.email)
    accounts.deactivate(user)
    client.post(reverse("sign-in-code"), {"code": code_of(phone)})
    assert not is_signed_in(client)


def test_a_name_is_changed_and_never_emptied():
    user = a_user(name="Before")
    here = signed_in(user)
    assert here.post(reverse("account"), {"name": "Amara Mbeki"}).status_code == 302
    assert "Amara Mbeki" in here.get(reverse("account")).content.decode()
    assert here.post(reverse("account"), {"name": " "}).status_code == 422
    user.refresh_from_db()
    assert user.name == "Amara Mbeki"
