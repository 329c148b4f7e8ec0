"""Coming in by the front door, and how little it tells to those who guess (B05, B06)."""

import re
import statistics
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.hashers import Argon2PasswordHasher, make_password
from django.db import connection
from django.test import Client
from django.urls import reverse

from coalitions.models import Role, Session, SignInDelay, User
from coalitions.permissions import AUTHENTICATED_AT
from coalitions.services import limits
from tests.coalitions.people_at_the_door import is_signed_in, sign_in
from tests.factories import PASSWORD, a_coalition, a_member, a_user

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cheap_passwords")]


def test_the_right_password_opens_a_new_session_and_says_when(client):
    user = a_user(password=PASSWORD)
    before = time.time()
    response = sign_in(client, user.email.upper())
    assert response.status_code == 302
    assert response["Location"] == reverse("home")
    assert is_signed_in(client)
    assert before <= client.session[AUTHENTICATED_AT] <= time.time()
    assert Session.objects.get().user == user


def test_a_session_key_from_before_signing_in_is_worthless_afterwards(client):
    user = a_user(password=PASSWORD)
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    planted = session.session_key
    client.cookies["muster-session"] = planted
    sign_in(client, user.email)
    assert client.session.session_key != planted
    assert not Session.objects.filter(session_key=planted).exists()


def test_nobody_is_asked_twice(client):
    user = a_user(password=PASSWORD)
    client.force_login(user)
    assert client.get(reverse("sign-in"))["Location"] == reverse("home")


def test_after_signing_in_one_lands_where_one_wanted_to_go(client):
    user = a_user(password=PASSWORD)
    wanted = reverse("account")
    assert f"?next={wanted}" in client.get(wanted)["Location"]
    assert sign_in(client, user.email, next=wanted)["Location"] == wanted


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:///evil.example",
    ],
)
def test_signing_in_never_leads_to_a_foreign_address(client, elsewhere):
    user = a_user(password=PASSWORD)
    assert sign_in(client, user.email, next=elsewhere)["Location"] == reverse("home")


def test_a_person_who_was_deactivated_cannot_sign_in(client):
    user = a_user(password=PASSWORD)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert sign_in(client, user.email).status_code == 422
    assert not is_signed_in(client)


def test_an_account_that_exists_and_one_that_does_not_get_the_same_answer():
    a_user(email="known@example.org", password=PASSWORD)
    a_user(email="asked@example.org")  # has never chosen a password
    answers = set()
    for email in ("known@example.org", "asked@example.org", "other@example.org"):
        response = sign_in(Client(), email, "not this one")
        body = re.sub(r"\b[A-Za-z0-9]{64}\b", "-", response.content.decode().replace(email, "-"))
        headers = {name: value for name, value in response.headers.items() if name != "Expires"}
        answers.add((response.status_code, body, tuple(headers.items())))
    assert len(answers) == 1
    assert next(iter(answers))[0] == 422


class CountingHasher(Argon2PasswordHasher):
    """The real one; it counts how often it was put to work."""

    worked = 0

    def encode(self, password, salt):
        type(self).worked += 1
        return super().encode(password, salt)

    def verify(self, password, encoded):
        type(self).worked += 1
        return super().verify(password, encoded)


def test_every_try_costs_one_hash_whether_or_not_there_is_an_account(settings):
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    a_user(email="known@example.org", password=PASSWORD)
    a_user(email="asked@example.org")  # has never chosen a password
    User.objects.filter(pk=a_user(email="gone@example.org", password=PASSWORD).pk).update(is_active=False)
    costs = {}
    for name in ("known", "asked", "gone", "other"):
        before = CountingHasher.worked
        sign_in(Client(), f"{name}@example.org", "not this one")
        costs[name] = CountingHasher.worked - before
    assert costs == {"known": 1, "asked": 1, "gone": 1, "other": 1}


@pytest.mark.slow
def test_an_account_that_exists_and_one_that_does_not_take_the_same_time(settings):
    """Processor time, in pairs. A busy machine stretches it, so there the bound is a share of a whole try."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    password = make_password(PASSWORD)
    known = [f"known-{n}@example.org" for n in range(60)]
    User.objects.bulk_create([User(email=email, name="Known", password=password) for email in known])

    def cost(email):
        began = time.process_time()
        sign_in(Client(), email, "not this one")
        return time.process_time() - began

    within_bounds = False
    for start in (0, 20, 40):
        pairs = [(cost(email), cost(email.replace("known", "other"))) for email in known[start : start + 20]]
        gap = abs(statistics.median(one - other for one, other in pairs))
        bound = max(0.010, 0.15 * statistics.median(one for one, _other in pairs))
        within_bounds = gap < bound
        if within_bounds:
            break
    assert within_bounds


def test_the_pauses_grow_and_end():
    pauses = [limits.delay_after(failures).total_seconds() for failures in range(1, 40)]
    assert pauses[:4] == [0, 0, 0, 0]
    assert pauses[4:8] == [2, 4, 8, 16]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 15 * 60


@pytest.mark.parametrize("email", ["known@example.org", "other@example.org"])
def test_after_five_failures_everybody_waits_whether_or_not_there_is_an_account(email):
    a_user(email="known@example.org", password=PASSWORD)
    with time_machine.travel(NOON, tick=False) as clock:
        statuses = [sign_in(Client(), email, "not this one").status_code for _ in range(7)]
        assert statuses == [422] * 5 + [429] * 2
        refused = sign_in(Client(), email, PASSWORD)
        assert refused.status_code == 429
        assert refused["Retry-After"] == "2"
        assert "Wait 2 seconds" in refused.content.decode()
        clock.shift(2.1)
        assert sign_in(Client(), email, "not this one").status_code == 422
        assert sign_in(Client(), email, "not this one")["Retry-After"] == "4"


def test_the_longest_pause_ends_after_a_quarter_of_an_hour(client):
    user = a_user(password=PASSWORD)
    SignInDelay.objects.create(
        account_digest=limits.key("sign-in", user.email),
        failures=10_000,
        wait_until=NOON + limits.LONGEST_WAIT,
    )
    with time_machine.travel(NOON, tick=False) as clock:
        assert sign_in(client, user.email).status_code == 429
        clock.shift(15 * 60 + 1)
        assert sign_in(client, user.email).status_code == 302


def test_a_clock_that_was_wrong_for_a_while_locks_nobody_out(client):
    user = a_user(password=PASSWORD)
    SignInDelay.objects.create(
        account_digest=limits.key("sign-in", user.email), failures=9, wait_until=NOON + timedelta(days=3)
    )
    with time_machine.travel(NOON, tick=False):
        assert sign_in(client, user.email).status_code == 302


def test_failures_are_forgotten_after_a_quiet_day_and_after_success(client):
    user = a_user(password=PASSWORD)
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(5):
            sign_in(Client(), user.email, "not this one")
        clock.shift(25 * 3600)
        assert [sign_in(Client(), user.email, "not this one").status_code for _ in range(4)] == [422] * 4
        assert sign_in(client, user.email).status_code == 302
        assert [sign_in(Client(), user.email, "no").status_code for _ in range(4)] == [422] * 4


def test_somebody_who_guesses_does_not_lock_out_the_lead_at_their_own_desk():
    lead = a_member(a_coalition(), role=Role.LEAD, password=PASSWORD)
    desk, elsewhere = Client(), Client()
    sign_in(desk, lead.email)
    desk.post(reverse("sign-out"))
    for _ in range(12):
        sign_in(elsewhere, lead.email, "a guess")
    assert sign_in(elsewhere, lead.email).status_code == 429
    assert sign_in(desk, lead.email).status_code == 302
    assert is_signed_in(desk)


def test_a_known_desk_has_pauses_of_its_own():
    lead = a_user(password=PASSWORD)
    desk = Client()
    sign_in(desk, lead.email)
    desk.post(reverse("sign-out"))
    statuses = [sign_in(desk, lead.email, "a guess").status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]
    assert sign_in(Client(), lead.email).status_code == 302


def test_a_desk_known_for_one_account_is_a_stranger_to_every_other():
    attacker, lead = a_user(password=PASSWORD), a_user(password=PASSWORD)
    desk = Client()
    sign_in(desk, attacker.email)
    desk.post(reverse("sign-out"))
    for _ in range(6):
        sign_in(Client(), lead.email, "a guess")
    assert sign_in(desk, lead.email).status_code == 429


def test_a_forged_cookie_makes_no_desk_known(client):
    lead = a_user(password=PASSWORD)
    client.cookies["muster-device"] = "eyJkZXZpY2UiOiJ4In0:1abc:forged"
    for _ in range(6):
        sign_in(Client(), lead.email, "a guess")
    assert sign_in(client, lead.email).status_code == 429


@pytest.mark.django_db(transaction=True)
def test_a_hundred_guesses_at_once_are_not_a_hundred_free_tries():
    key, now, free = limits.key("sign-in", "lead@example.org"), datetime.now(UTC), []
    start = threading.Barrier(12)

    def guess():
        try:
            start.wait(10)
            for _ in range(8):
                if not limits.count_try(key, now=now):
                    free.append(1)
        finally:
            connection.close()

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(free) == limits.FREE_TRIES


def test_the_table_of_pauses_names_no_account(client):
    sign_in(client, "somebody@example.org", "not this one")
    row = SignInDelay.objects.get()
    assert "somebody" not in row.account_digest
    assert len(row.account_digest) == 64


def test_signing_in_sweeps_out_what_has_expired(client):
    user = a_user(password=PASSWORD)
    old = datetime.now(UTC) - timedelta(days=2)
    SignInDelay.objects.create(account_digest="old", wait_until=old)
    Session.objects.create(session_key="old", session_data="", created_at=old, seen_at=old, expire_date=old)
    sign_in(client, user.email)
    assert not SignInDelay.objects.filter(account_digest="old").exists()
    assert not Session.objects.filter(session_key="old").exists()


def test_signing_out_ends_the_session_and_needs_a_post(client):
    user = a_user(password=PASSWORD)
    sign_in(client, user.email)
    key = client.session.session_key
    assert client.get(reverse("sign-out")).status_code == 405
    assert is_signed_in(client)
    client.post(reverse("sign-out"))
    assert not is_signed_in(client)
    assert not Session.objects.filter(session_key=key).exists()


def test_no_cookie_but_the_one_against_forged_requests_is_set_before_signing_in(client):
    client.get(reverse("sign-in"))
    sign_in(client, "nobody@example.org", "not this one")
    client.get(reverse("forgot-password"))
    assert set(client.cookies) == {"muster-csrf"}
