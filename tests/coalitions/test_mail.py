"""Mail: neutral, with links of our own, sent once, surviving outages; asking reveals nothing (B05, B11)."""

import re
import smtplib
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail as outbox
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from coalitions.mail import MOST_ATTEMPTS, send_waiting
from coalitions.models import Invitation, OutgoingMail, Role, Session, SignInDelay, User
from coalitions.services import accounts, limits
from coalitions.services.people import invite
from tests.coalitions.people_at_the_door import is_signed_in, sign_in, signed_in
from tests.factories import PASSWORD, a_coalition, a_member, a_partner, a_user

NOON = datetime(2036, 11, 22, 12, tzinfo=UTC)  # later than the database's own clock
NEW_PASSWORD = "entirely new words here"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cheap_passwords")]


class AwayBackend(BaseEmailBackend):
    """A mail server that does not answer."""

    def send_messages(self, _email_messages):
        raise ConnectionRefusedError


class RefusingBackend(BaseEmailBackend):
    """A mail server that refuses one reader."""

    def send_messages(self, email_messages):
        if email_messages[0].to == ["refused@example.org"]:
            raise smtplib.SMTPRecipientsRefused({})
        outbox.outbox.extend(email_messages)
        return 1


AWAY, REFUSING = (f"{__name__}.{backend.__name__}" for backend in (AwayBackend, RefusingBackend))


def ask(email, **headers):
    return Client().post(reverse("forgot-password"), {"email": email}, **headers)


def link_in(message):
    (link,) = re.findall(r"https?://\S+", message.body)
    return link


def path_in(message):
    (path,) = re.findall(r"https?://[^/]+(/\S+)", message.body)
    return path


def a_reset_link(user):
    accounts.ask_for_reset(user.email, now=timezone.now())
    send_waiting(now=timezone.now())
    return path_in(outbox.outbox[-1])


def test_asking_gives_the_same_answer_and_does_the_same_work_for_every_address(django_assert_num_queries):
    a_user(email="known@example.org", password=PASSWORD)
    answers = set()
    for email in ("known@example.org", "other@example.org"):
        with django_assert_num_queries(8):
            response = ask(email)
        body = re.sub(r"\b[A-Za-z0-9]{64}\b", "-", response.content.decode())
        answers.add((response.status_code, body))
        assert email not in body
    assert len(answers) == 1
    assert sorted(OutgoingMail.objects.values_list("to", flat=True)) == [
        "known@example.org",
        "other@example.org",
    ]
    assert outbox.outbox == []


def test_only_an_account_gets_the_mail_and_no_row_stays():
    a_user(email="known@example.org")
    User.objects.filter(pk=a_user(email="gone@example.org").pk).update(is_active=False)
    for email in ("KNOWN@example.org", "other@example.org", "gone@example.org"):
        ask(email)
    send_waiting(now=timezone.now())
    assert [message.to for message in outbox.outbox] == [["known@example.org"]]
    assert not OutgoingMail.objects.exists()


def test_a_mail_names_no_coalition_and_no_person():
    coalition = a_coalition(name="Canary Coalition")
    lead = a_member(coalition, role=Role.LEAD, name="Canary Lead")
    partner = a_partner(coalition, name="Canary Partner")
    invite(
        coalition,
        by=lead,
        email="new@example.org",
        role=Role.PARTNER,
        organization=partner,
        send=True,
        now=timezone.now(),
    )
    ask(lead.email)
    send_waiting(now=timezone.now())
    assert len(outbox.outbox) == 2
    for message in outbox.outbox:
        assert message.subject == "You have an update"
        assert "canary" not in (message.subject + message.body + str(message.extra_headers)).lower()


def test_the_link_comes_from_the_settings_whatever_host_asked_for_it(settings):
    settings.BASE_URL = "https://muster.example"
    user = a_user()
    ask(user.email, headers={"x-forwarded-host": "evil.example"})
    assert ask(user.email, headers={"host": "evil.example"}).status_code == 400
    send_waiting(now=timezone.now())
    assert [link_in(message).split("/reset")[0] for message in outbox.outbox] == ["https://muster.example"]


def test_a_recipient_gets_three_links_an_hour_and_the_asker_cannot_tell():
    user = a_user()
    answers = {ask(user.email).status_code for _ in range(5)}
    assert answers == {200}
    send_waiting(now=timezone.now())
    assert len(outbox.outbox) == 3
    accounts.ask_for_reset(user.email, now=timezone.now() + timedelta(minutes=61))
    assert OutgoingMail.objects.count() == 1


@pytest.mark.parametrize(
    "address", ["not an address", "a@example.org\nBcc: b@example.org", "a\x00@example.org", ""]
)
def test_what_is_no_address_is_refused_in_the_form(address):
    assert ask(address).status_code == 422
    assert not OutgoingMail.objects.exists()


def test_a_link_changes_nothing_until_its_button_is_pressed_and_then_works_once(client):
    user = a_user(password=PASSWORD)
    elsewhere = signed_in(user)
    link = a_reset_link(user)
    assert client.get(link).status_code == 200
    assert client.head(link).status_code == 200
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    response = client.post(link, {"password": NEW_PASSWORD})
    assert not Session.objects.filter(user=user).exists()
    assert response["Location"] == f"{reverse('sign-in')}?note=password"
    assert "new password is saved" in client.get(response["Location"]).content.decode()
    assert not is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert client.post(link, {"password": "a third set of words"}).status_code == 404
    assert sign_in(client, user.email, NEW_PASSWORD).status_code == 302


def test_a_weak_password_is_refused_and_the_link_stays_good(client):
    user = a_user(email="amara.mbeki@example.org", name="Amara Mbeki")
    link = a_reset_link(user)
    for weak in ("short", "password12345", "amara.mbeki@example.org"):
        assert client.post(link, {"password": weak}).status_code == 422
    assert client.post(link, {"password": NEW_PASSWORD}).status_code == 302


def test_a_new_password_by_mail_ends_the_pause_that_guessers_have_caused(client):
    user = a_user(password=PASSWORD)
    for _ in range(6):
        sign_in(Client(), user.email, "a guess")
    client.post(a_reset_link(user), {"password": NEW_PASSWORD})
    assert sign_in(client, user.email, NEW_PASSWORD).status_code == 302


@pytest.mark.parametrize(
    "wrong", [{"uid": "0" * 32}, {"uid": "no-uid"}, {"token": "no-token"}, {"token": "..."}]
)
def test_every_bad_link_gets_the_same_answer(client, wrong):
    uid, token = a_reset_link(a_user()).strip("/").split("/")[1:]
    where = {"uid": uid, "token": f"{token}0"} | wrong
    response = client.get(reverse("reset-password", kwargs=where))
    assert response.status_code == 404
    assert "does not work any more" in response.content.decode()


def test_a_link_is_too_old_after_an_hour(client, time_machine):
    time_machine.move_to(NOON, tick=False)
    link = a_reset_link(a_user())
    time_machine.shift(timedelta(minutes=59))
    assert client.get(link).status_code == 200
    time_machine.shift(timedelta(minutes=2))
    assert client.get(link).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_two_people_who_press_the_button_at_once_do_not_both_succeed():
    user = a_user(password=PASSWORD)
    link, start, answers = a_reset_link(user), threading.Barrier(2), []

    def press(password):
        try:
            browser = Client()
            start.wait(10)
            answers.append(browser.post(link, {"password": password}).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=(f"quiet words number {n}",)) for n in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == [302, 404]


def test_mail_waits_for_a_server_that_is_away_and_comes_later(settings):
    a_user(email="known@example.org")
    ask("known@example.org")
    now = timezone.now() + timedelta(seconds=1)
    working, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, AWAY
    send_waiting(now=now)
    waiting = OutgoingMail.objects.get()
    assert waiting.attempts == 1
    assert waiting.next_attempt_at == now + timedelta(minutes=1)
    settings.EMAIL_BACKEND = working
    send_waiting(now=now)
    assert outbox.outbox == []
    send_waiting(now=now + timedelta(minutes=1))
    assert len(outbox.outbox) == 1
    assert not OutgoingMail.objects.exists()


def test_pauses_between_attempts_grow_and_a_hopeless_mail_is_given_up(settings):
    settings.EMAIL_BACKEND = AWAY
    a_user(email="known@example.org")
    ask("known@example.org")
    now, pauses = timezone.now() + timedelta(seconds=1), list[float]()
    while waiting := OutgoingMail.objects.first():
        assert len(pauses) <= MOST_ATTEMPTS
        send_waiting(now=now)
        if OutgoingMail.objects.exists():
            waiting.refresh_from_db()
            pauses.append((waiting.next_attempt_at - now) / timedelta(minutes=1))
            now = waiting.next_attempt_at
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128]


def test_one_refused_reader_does_not_hold_up_the_others(settings):
    settings.EMAIL_BACKEND = REFUSING
    for email in ("refused@example.org", "known@example.org"):
        a_user(email=email)
        ask(email)
    send_waiting(now=timezone.now() + timedelta(seconds=1))
    assert [message.to for message in outbox.outbox] == [["known@example.org"]]
    assert OutgoingMail.objects.get().to == "refused@example.org"


def test_a_mail_whose_worker_died_is_sent_by_the_next_one():
    """The claim is committed before sending: a row that was claimed and never finished comes up again."""
    a_user(email="known@example.org")
    now = timezone.now()
    OutgoingMail.objects.create(
        kind=OutgoingMail.Kind.RESET, to="known@example.org", attempts=1, next_attempt_at=now
    )
    send_waiting(now=now - timedelta(seconds=1))
    assert outbox.outbox == []
    send_waiting(now=now)
    assert len(outbox.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_send_each_mail_once():
    emails = [f"known-{n}@example.org" for n in range(12)]
    for email in emails:
        a_user(email=email)
        OutgoingMail.objects.create(kind=OutgoingMail.Kind.RESET, to=email)
    now, start = timezone.now() + timedelta(seconds=1), threading.Barrier(4)

    def work():
        try:
            start.wait(10)
            send_waiting(now=now)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(message.to[0] for message in outbox.outbox) == sorted(emails)
    assert not OutgoingMail.objects.exists()


def test_the_token_of_an_invitation_is_made_while_sending(client):
    coalition = a_coalition()
    lead = a_member(coalition, role=Role.LEAD)
    invitation, token = invite(
        coalition,
        by=lead,
        email="new@example.org",
        role=Role.OBSERVER,
        organization=None,
        send=True,
        now=timezone.now(),
    )
    assert token == ""
    assert invitation.token_digest is None
    send_waiting(now=timezone.now())
    assert client.get(path_in(outbox.outbox[0])).status_code == 200
    assert not OutgoingMail.objects.exists()


def test_an_invitation_that_was_taken_back_is_not_sent():
    coalition = a_coalition()
    lead = a_member(coalition, role=Role.LEAD)
    invite(
        coalition,
        by=lead,
        email="new@example.org",
        role=Role.OBSERVER,
        organization=None,
        send=True,
        now=timezone.now(),
    )
    Invitation.objects.filter(coalition=coalition).update(revoked_at=timezone.now())
    send_waiting(now=timezone.now())
    assert outbox.outbox == []
    assert not OutgoingMail.objects.exists()


def test_the_count_of_links_is_kept_without_the_address():
    ask("known@example.org")
    assert SignInDelay.objects.get().account_digest == limits.key("reset", "known@example.org")
    assert not Session.objects.exists()
