"""Forged requests change nothing, with or without htmx, and nobody is signed in by somebody else (B13)."""

import json

import pytest
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.urls import reverse

from coalitions.models import Invitation, Role, Session
from tests.coalitions.people_at_the_door import signed_in
from tests.factories import PASSWORD, a_coalition, a_member, a_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cheap_passwords")]

TOKEN = "csrfmiddlewaretoken"


@pytest.fixture
def lead():
    return a_member(a_coalition(slug="here"), role=Role.LEAD, password=PASSWORD)


@pytest.fixture
def browser(lead):
    """A browser that checks what the test client otherwise lets pass."""
    return signed_in(lead, Client(enforce_csrf_checks=True))


INVITE = "/c/here/people/invite/"
INVITED = {"email": "new@example.org", "role": "2", "show": "1"}


def token_from(browser, page):
    return str(browser.get(page).context["csrf_token"])


def test_with_its_own_token_the_form_works(browser):
    token = token_from(browser, INVITE)
    assert browser.post(INVITE, INVITED | {TOKEN: token}).status_code == 200
    assert Invitation.objects.across_coalitions().count() == 1


def test_htmx_sends_the_token_in_a_header(browser):
    headers = {"HX-Request": "true", "x-csrftoken": token_from(browser, INVITE)}
    assert browser.post(INVITE, INVITED, headers=headers).status_code == 200
    assert Invitation.objects.across_coalitions().count() == 1


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}, {"X-Requested-With": "XMLHttpRequest"}])
def test_without_a_token_nothing_happens(browser, headers):
    token_from(browser, INVITE)
    assert browser.post(INVITE, INVITED, headers=headers).status_code == 403
    assert not Invitation.objects.across_coalitions().exists()


def test_the_token_of_another_browser_is_worthless(browser):
    foreign = token_from(Client(), reverse("sign-in"))
    token_from(browser, INVITE)
    assert browser.post(INVITE, INVITED | {TOKEN: foreign}).status_code == 403
    assert browser.post(INVITE, INVITED, headers={"x-csrftoken": foreign}).status_code == 403
    assert not Invitation.objects.across_coalitions().exists()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.evil.example"])
def test_a_form_on_a_foreign_page_is_refused_even_with_the_right_token(browser, origin):
    token = token_from(browser, INVITE)
    answer = browser.post(INVITE, INVITED | {TOKEN: token}, headers={"origin": origin})
    assert answer.status_code == 403
    assert not Invitation.objects.across_coalitions().exists()


@pytest.mark.parametrize("kind", ["text/plain", "application/json"])
def test_a_body_that_pretends_to_be_text_changes_nothing(browser, kind):
    token = token_from(browser, INVITE)
    assert browser.post(INVITE, json.dumps(INVITED | {TOKEN: token}), content_type=kind).status_code == 403
    assert not Invitation.objects.across_coalitions().exists()


@pytest.mark.parametrize(
    "page",
    ["sign-out", "sessions-end-others", "password", "two-step", "two-step-off", "recovery-codes", "account"],
)
def test_no_form_of_the_account_works_without_a_token(browser, page):
    key = browser.session.session_key
    assert browser.post(reverse(page), {"begin": "1", "name": "Forged"}).status_code == 403
    assert Session.objects.filter(session_key=key).exists()
    assert "Forged" not in browser.get(reverse("account")).content.decode()


def test_nobody_is_signed_in_to_an_account_of_somebody_else(lead):
    """Login forgery: what a victim then types would land in the attacker's account."""
    victim = Client(enforce_csrf_checks=True)
    answer = victim.post(reverse("sign-in"), {"email": lead.email, "password": PASSWORD})
    assert answer.status_code == 403
    assert SESSION_KEY not in victim.session
    token = token_from(victim, reverse("sign-in"))
    ours = {"email": lead.email, "password": PASSWORD, TOKEN: token}
    foreign = victim.post(reverse("sign-in"), ours, headers={"origin": "https://evil.example"})
    assert foreign.status_code == 403
    assert victim.post(reverse("sign-in"), ours).status_code == 302


def test_the_token_changes_when_somebody_signs_in():
    user = a_user(password=PASSWORD)
    browser = Client(enforce_csrf_checks=True)
    token = token_from(browser, reverse("sign-in"))
    before = browser.cookies["muster-csrf"].value
    browser.post(reverse("sign-in"), {"email": user.email, "password": PASSWORD, TOKEN: token})
    assert browser.cookies["muster-csrf"].value != before


@pytest.mark.parametrize("method", ["get", "head", "options", "put", "delete", "patch", "trace"])
def test_no_other_method_signs_out(browser, method):
    answer = getattr(browser, method)(reverse("sign-out"), headers={"X-HTTP-Method-Override": "POST"})
    assert answer.status_code in {403, 405}
    assert browser.get(reverse("account")).status_code == 200
