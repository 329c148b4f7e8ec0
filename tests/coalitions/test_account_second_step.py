"""The second step: on, off, codes from phone and paper, and no way around it (B08)."""

import re
import time
from io import StringIO

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from coalitions.mail import send_waiting
from coalitions.models import Role, Session
from coalitions.permissions import AUTHENTICATED_AT
from coalitions.services import accounts, second_step
from tests.coalitions.people_at_the_door import a_second_step, code_of, is_signed_in, sign_in, signed_in
from tests.factories import PASSWORD, a_coalition, a_member, a_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cheap_passwords")]


@pytest.fixture
def careful():
    """A person with the second step on, and the phone."""
    user = a_user(password=PASSWORD)
    return user, a_second_step(user)


def shown_codes(response):
    return re.findall(r"\b(?:[a-z2-7]{4}-){3}[a-z2-7]{4}\b", response.content.decode())


def test_the_password_alone_opens_nothing(client, careful):
    user, _phone = careful
    response = sign_in(client, user.email)
    assert response["Location"] == reverse("sign-in-code")
    assert SESSION_KEY not in client.session
    assert not is_signed_in(client)
    assert "muster-device" not in client.cookies


def test_password_and_code_sign_in_and_lead_on(client, careful):
    user, phone = careful
    sign_in(client, user.email, next=reverse("account"))
    response = client.post(reverse("sign-in-code"), {"code": code_of(phone)})
    assert response["Location"] == reverse("account")
    assert is_signed_in(client)
    assert client.session["otp_device_id"] == phone.persistent_id


def test_a_code_works_once(careful):
    user, phone = careful
    with time_machine.travel(time.time(), tick=False):
        code = code_of(phone)
        first, second = Client(), Client()
        for browser in (first, second):
            sign_in(browser, user.email)
            browser.post(reverse("sign-in-code"), {"code": code})
    assert is_signed_in(first)
    assert not is_signed_in(second)


def test_a_wrong_code_is_refused_and_guessing_gets_slow(client, careful):
    user, phone = careful
    with time_machine.travel(time.time(), tick=False) as clock:
        sign_in(client, user.email)
        right = code_of(phone)
        wrong = f"{(int(right) + 1) % 1_000_000:06d}"
        assert client.post(reverse("sign-in-code"), {"code": wrong}).status_code == 422
        assert client.post(reverse("sign-in-code"), {"code": right}).status_code == 422
        clock.shift(2)
        assert client.post(reverse("sign-in-code"), {"code": right}).status_code == 302


def test_the_way_between_password_and_code_closes_after_five_minutes(client, careful):
    user, phone = careful
    with time_machine.travel(time.time(), tick=False) as clock:
        sign_in(client, user.email)
        assert client.get(reverse("sign-in-code")).status_code == 200
        clock.shift(5 * 60 + 1)
        response = client.post(reverse("sign-in-code"), {"code": code_of(phone)})
        assert response["Location"] == reverse("sign-in")
        assert not is_signed_in(client)


def test_the_way_closes_when_the_password_is_changed_meanwhile(client, careful):
    user, phone = careful
    sign_in(client, user.email)
    accounts.change_password(user, password="another quiet harbor", keep=None)
    assert client.post(reverse("sign-in-code"), {"code": code_of(phone)})["Location"] == reverse("sign-in")


def test_nobody_comes_to_the_code_without_the_password(client):
    assert client.get(reverse("sign-in-code"))["Location"] == reverse("sign-in")


def test_a_new_password_does_not_lead_past_the_second_step(client, careful):
    user, phone = careful
    accounts.ask_for_reset(user.email, now=timezone.now())
    send_waiting(now=timezone.now())
    (link,) = re.findall(r"/reset-password/\S+", str(mail.outbox[0].body))
    response = client.post(link, {"password": "entirely new words here"})
    assert response["Location"].startswith(reverse("sign-in"))
    assert SESSION_KEY not in client.session
    assert not is_signed_in(client)
    sign_in(client, user.email, "entirely new words here")
    assert not is_signed_in(client)
    client.post(reverse("sign-in-code"), {"code": code_of(phone)})
    assert is_signed_in(client)


def test_turning_it_on_takes_a_code_and_ends_every_other_session():
    user = a_user(password=PASSWORD)
    here, there = signed_in(user), signed_in(user)
    assert here.post(reverse("two-step"), {"begin": "1"}).status_code == 302
    device = TOTPDevice.objects.get(user=user)
    assert not second_step.is_on(user)
    page = here.get(reverse("two-step")).content.decode()
    assert second_step.written_key(device) in page
    assert "<svg" in page
    assert "style=" not in page
    wrong = f"{(int(code_of(device)) + 5) % 1_000_000:06d}"
    with time_machine.travel(time.time(), tick=False) as clock:
        assert here.post(reverse("two-step"), {"code": wrong}).status_code == 422
        assert not second_step.is_on(user)
        clock.shift(2)
        response = here.post(reverse("two-step"), {"code": code_of(device)})
    assert second_step.is_on(user)
    assert len(shown_codes(response)) == 10
    assert is_signed_in(here)
    assert not is_signed_in(there)


def test_beginning_anew_does_not_replace_the_phone_in_use(careful):
    user, phone = careful
    browser = signed_in(user)
    browser.post(reverse("two-step"), {"begin": "1"})
    other = second_step.begun(user)
    assert browser.post(reverse("two-step"), {"code": code_of(other)}).status_code == 422
    assert list(TOTPDevice.objects.filter(confirmed=True)) == [phone]


def test_recovery_codes_are_shown_once_kept_as_digests_and_work_once(careful):
    user, _phone = careful
    codes = shown_codes(signed_in(user).post(reverse("recovery-codes")))
    assert len(set(codes)) == 10
    stored = set(StaticToken.objects.values_list("token", flat=True))
    assert stored.isdisjoint({code.replace("-", "") for code in codes})
    first, second = Client(), Client()
    for browser in (first, second):
        sign_in(browser, user.email)
        browser.post(reverse("sign-in-code"), {"code": codes[0].upper()})
    assert is_signed_in(first)
    assert not is_signed_in(second)
    assert second_step.codes_left(user) == 9


def test_new_recovery_codes_make_the_old_ones_worthless(careful):
    user, _phone = careful
    browser = signed_in(user)
    old = shown_codes(browser.post(reverse("recovery-codes")))
    browser.post(reverse("recovery-codes"))
    other = Client()
    sign_in(other, user.email)
    assert other.post(reverse("sign-in-code"), {"code": old[0]}).status_code == 422


def test_somebody_without_a_second_step_gets_no_recovery_codes():
    user = a_user()
    assert signed_in(user).post(reverse("recovery-codes"))["Location"] == reverse("two-step")
    assert second_step.codes_left(user) == 0


def test_turning_it_off_forgets_the_codes_and_ends_every_other_session(careful):
    user, _phone = careful
    here, there = signed_in(user), signed_in(user)
    here.post(reverse("recovery-codes"))
    there = signed_in(user)
    assert here.post(reverse("two-step-off")).status_code == 302
    assert not second_step.is_on(user)
    assert second_step.codes_left(user) == 0
    assert is_signed_in(here)
    assert not is_signed_in(there)


@pytest.mark.parametrize("page", ["two-step", "two-step-off", "recovery-codes"])
def test_the_second_step_is_changed_only_by_somebody_who_has_just_signed_in(client, careful, page):
    user, _phone = careful
    client.force_login(user)
    response = client.post(reverse(page), {"begin": "1"})
    assert response["Location"].startswith(reverse("confirm"))
    assert TOTPDevice.objects.filter(user=user).count() == 1


def test_confirming_takes_the_password_and_the_code_and_goes_back(client, careful):
    user, phone = careful
    client.force_login(user)
    wanted = client.get(reverse("two-step"))["Location"]
    assert wanted == f"{reverse('confirm')}?next=%2Faccount%2Ftwo-step%2F"
    assert client.post(wanted, {"password": PASSWORD}).status_code == 422
    assert client.post(wanted, {"password": PASSWORD, "code": "123"}).status_code == 422
    assert client.post(wanted, {"password": "no", "code": code_of(phone)}).status_code == 422
    assert AUTHENTICATED_AT not in client.session
    key = client.session.session_key
    response = client.post(
        wanted, {"password": PASSWORD, "code": code_of(phone), "next": reverse("two-step")}
    )
    assert response["Location"] == reverse("two-step")
    assert client.get(reverse("two-step")).status_code == 200
    assert not Session.objects.filter(session_key=key).exists()


def test_confirming_never_leads_to_a_foreign_address(client):
    client.force_login(a_user(password=PASSWORD))
    response = client.post(f"{reverse('confirm')}?next=https://evil.example/", {"password": PASSWORD})
    assert response["Location"] == reverse("account")


def test_a_stolen_session_cannot_try_passwords_without_end(client):
    client.force_login(a_user(password=PASSWORD))
    answers = [client.post(reverse("confirm"), {"password": "a guess"}) for _ in range(6)]
    assert "not your password" in answers[4].content.decode()
    assert "many tries" in answers[5].content.decode()
    assert "many tries" in client.post(reverse("confirm"), {"password": PASSWORD}).content.decode()


@pytest.mark.parametrize("page", ["invite", "tokens"])
def test_sensitive_pages_of_a_coalition_ask_for_the_password_after_a_quarter_of_an_hour(page):
    coalition = a_coalition()
    address = reverse(f"coalitions:{page}", kwargs={"slug": coalition.slug})
    with time_machine.travel(time.time(), tick=False) as clock:
        browser = signed_in(a_member(coalition, role=Role.LEAD))
        assert browser.get(address).status_code == 200
        clock.shift(15 * 60 + 1)
        assert browser.get(address)["Location"].startswith(reverse("confirm"))
        answer = browser.get(address, headers={"HX-Request": "true"})
        assert answer.status_code == 204
        assert answer["HX-Redirect"].startswith(reverse("confirm"))


def test_whoever_runs_the_installation_helps_somebody_without_phone_and_codes(client, careful):
    user, _phone = careful
    there = signed_in(user)
    call_command("secondstepoff", user.email.upper(), stdout=StringIO())
    assert not is_signed_in(there)
    sign_in(client, user.email)
    assert is_signed_in(client)


@pytest.mark.parametrize(
    ("email", "words"), [("nobody@example.org", "no account"), ("plain@example.org", "off already")]
)
def test_turning_off_what_is_not_on_is_said(email, words):
    a_user(email="plain@example.org")
    with pytest.raises(CommandError, match=words):
        call_command("secondstepoff", email)
