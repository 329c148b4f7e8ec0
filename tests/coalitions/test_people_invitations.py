"""Invitations: who, where and as what is settled by the stored row alone (B01, B03, B04, H06)."""

import logging
import threading
from datetime import timedelta

import pytest
from django.contrib.auth import SESSION_KEY
from django.db import IntegrityError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from coalitions.models import Invitation, Membership, OutgoingMail, Role, User, token_digest
from coalitions.services import accounts, people
from coalitions.services.editing import Refused
from config.logs import HideTokens
from tests.coalitions.people_at_the_door import is_signed_in, sign_in, signed_in
from tests.factories import PASSWORD, a_coalition, a_member, a_partner, a_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cheap_passwords")]

ANSWERS = {"name": "Rui Santos", "password": "entirely new words here"}


@pytest.fixture
def coalition():
    return a_coalition()


@pytest.fixture
def lead(coalition):
    return a_member(coalition, role=Role.LEAD, name="Amara Mbeki")


def invite(coalition, lead, *, email="new@example.org", role=Role.OBSERVER, organization=None, send=False):
    return people.invite(
        coalition,
        by=lead,
        email=email,
        role=role,
        organization=organization,
        send=send,
        now=timezone.now(),
    )


def join_page(token):
    return reverse("join", kwargs={"token": token})


def invite_page(coalition):
    return reverse("coalitions:invite", kwargs={"slug": coalition.slug})


# --- inviting ---------------------------------------------------------------------------------------------


def test_a_lead_gets_the_link_to_see_once(coalition, lead):
    browser = signed_in(lead)
    data = {"email": "New@Example.org", "role": Role.OBSERVER, "show": "1"}
    page = browser.post(invite_page(coalition), data).content.decode()
    invitation = Invitation.objects.get(coalition=coalition)
    token = page.split("/join/")[1].split("/")[0]
    assert invitation.token_digest == token_digest(token)
    assert invitation.email == "new@example.org"
    assert (
        token
        not in browser.get(reverse("coalitions:people", kwargs={"slug": coalition.slug})).content.decode()
    )
    assert not OutgoingMail.objects.exists()


def test_a_lead_has_the_link_sent_and_never_sees_it(coalition, lead):
    data = {"email": "new@example.org", "role": Role.OBSERVER, "send": "1"}
    page = signed_in(lead).post(invite_page(coalition), data, headers={"HX-Request": "true"}).content.decode()
    assert "on its way" in page
    assert "/join/" not in page
    assert OutgoingMail.objects.get().to == "new@example.org"


def test_inviting_tells_nothing_about_accounts(coalition, lead):
    a_user(email="known@example.org")
    browser, pages = signed_in(lead), []
    for email in ("known@example.org", "other@example.org"):
        data = {"email": email, "role": Role.OBSERVER, "send": "1"}
        page = browser.post(invite_page(coalition), data, headers={"HX-Request": "true"})
        pages.append(page.content.decode().replace(email, "-"))
    assert pages[0] == pages[1]


def test_the_page_of_an_invitation_tells_nothing_about_accounts(coalition, lead):
    a_user(email="known@example.org")
    pages = []
    for email in ("known@example.org", "other@example.org"):
        _invitation, token = invite(coalition, lead, email=email)
        page = Client().get(join_page(token)).content.decode()
        pages.append([line for line in page.splitlines() if "csrf" not in line])
    assert pages[0] == pages[1]


def test_a_newer_invitation_takes_the_place_of_the_older(coalition, lead):
    _first, older = invite(coalition, lead)
    _second, newer = invite(coalition, lead, role=Role.ORGANIZER)
    assert people.find_open_invitation(older, now=timezone.now()) is None
    found = people.find_open_invitation(newer, now=timezone.now())
    assert found is not None
    assert found.role == Role.ORGANIZER


def test_somebody_who_belongs_already_is_not_invited(coalition, lead):
    a_member(coalition, role=Role.OBSERVER, email="here@example.org")
    response = signed_in(lead).post(invite_page(coalition), {"email": "here@example.org", "role": Role.LEAD})
    assert response.status_code == 422
    assert "already belongs" in response.content.decode()


def test_a_partner_is_invited_for_an_organization_of_this_coalition(coalition, lead):
    for organization in (None, a_partner(a_coalition())):
        with pytest.raises(Refused, match="organization"):
            invite(coalition, lead, role=Role.PARTNER, organization=organization)
    invitation, _token = invite(coalition, lead, role=Role.PARTNER, organization=a_partner(coalition))
    assert invitation.organization is not None


def test_the_database_itself_refuses_an_invitation_into_another_coalition(coalition):
    stranger = a_partner(a_coalition())
    Invitation.objects.create(
        coalition=coalition,
        email="x@example.org",
        role=Role.PARTNER,
        organization=stranger,
        expires_at=timezone.now(),
    )
    with pytest.raises(IntegrityError):
        connection.check_constraints()


def test_a_person_is_sent_three_mails_an_hour_by_one_coalition(coalition, lead):
    for _ in range(3):
        invite(coalition, lead, send=True)
    with pytest.raises(Refused, match="three invitations"):
        invite(coalition, lead, send=True)
    invite(coalition, lead, send=False)
    invite(coalition, lead, email="other@example.org", send=True)


def test_one_lead_makes_fifty_invitations_an_hour(coalition, lead):
    for number in range(people.INVITATIONS_AN_HOUR):
        invite(coalition, lead, email=f"guest-{number}@example.org")
    with pytest.raises(Refused, match="many invitations"):
        invite(coalition, lead, email="one-more@example.org")
    other = a_member(coalition, role=Role.LEAD)
    invite(coalition, other, email="one-more@example.org")


def test_an_invitation_is_taken_back_on_the_page(client, coalition, lead):
    invitation, token = invite(coalition, lead)
    address = reverse(
        "coalitions:invitation-revoke", kwargs={"slug": coalition.slug, "invitation_id": invitation.public_id}
    )
    browser = signed_in(lead)
    assert browser.post(address).status_code == 302
    assert client.get(join_page(token)).status_code == 404
    assert "not open any more" in browser.post(address, headers={"HX-Request": "true"}).content.decode()


def test_a_lead_of_another_coalition_cannot_take_it_back(coalition, lead):
    invitation, _token = invite(coalition, lead)
    elsewhere = a_coalition()
    address = reverse(
        "coalitions:invitation-revoke", kwargs={"slug": elsewhere.slug, "invitation_id": invitation.public_id}
    )
    assert signed_in(a_member(elsewhere, role=Role.LEAD)).post(address).status_code == 404
    invitation.refresh_from_db()
    assert invitation.revoked_at is None


# --- joining ----------------------------------------------------------------------------------------------


def test_a_new_person_makes_an_account_and_is_in(client, coalition, lead):
    partner = a_partner(coalition)
    invitation, token = invite(coalition, lead, role=Role.PARTNER, organization=partner)
    page = client.get(join_page(token))
    assert page.status_code == 200
    assert coalition.name in page.content.decode()
    assert page["Referrer-Policy"] == "strict-origin"
    assert client.head(join_page(token)).status_code == 200
    invitation.refresh_from_db()
    assert invitation.accepted_at is None
    response = client.post(join_page(token), ANSWERS)
    assert response["Location"] == reverse("coalitions:actions", kwargs={"slug": coalition.slug})
    assert is_signed_in(client)
    member = Membership.objects.get(coalition=coalition, user__email="new@example.org")
    assert (member.role, member.organization, member.user.name) == (Role.PARTNER, partner, "Rui Santos")
    assert Client().get(join_page(token)).status_code == 404


def test_what_is_typed_beside_the_form_changes_neither_role_nor_coalition_nor_person(client, coalition, lead):
    elsewhere = a_coalition()
    _invitation, token = invite(coalition, lead, role=Role.OBSERVER)
    forged = {
        "role": Role.LEAD,
        "coalition": elsewhere.pk,
        "slug": elsewhere.slug,
        "organization": a_partner(coalition).public_id,
        "email": "other@example.org",
        "is_active": "false",
        "is_staff": "true",
    }
    client.post(f"{join_page(token)}?role=4&coalition={elsewhere.slug}", ANSWERS | forged)
    member = Membership.objects.get(user=User.objects.get(email="new@example.org"))
    assert (member.coalition, member.role, member.organization) == (coalition, Role.OBSERVER, None)
    assert not User.objects.filter(email="other@example.org").exists()
    assert not Membership.objects.filter(coalition=elsewhere).exists()


def test_an_invitation_to_one_coalition_opens_no_other(client, coalition, lead):
    elsewhere = a_coalition()
    _invitation, token = invite(coalition, lead)
    client.post(join_page(token), ANSWERS)
    assert client.get(reverse("coalitions:people", kwargs={"slug": elsewhere.slug})).status_code == 404
    assert client.get(reverse("coalitions:people", kwargs={"slug": coalition.slug})).status_code == 200


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"password": "short"}, {"name": "x" * 121}, {"name": "a\x00b"}]
)
def test_a_mistake_in_the_form_leaves_the_invitation_open(client, coalition, lead, wrong):
    _invitation, token = invite(coalition, lead)
    assert client.post(join_page(token), ANSWERS | wrong).status_code == 422
    assert not User.objects.filter(email="new@example.org").exists()
    assert client.post(join_page(token), ANSWERS).status_code == 302


def test_somebody_with_an_account_is_not_let_in_by_the_link_alone(client, coalition, lead):
    known = a_user(email="new@example.org", password=PASSWORD, name="Before")
    _invitation, token = invite(coalition, lead)
    response = client.post(join_page(token), ANSWERS)
    assert response.status_code == 422
    assert "Sign in to accept" in response.content.decode()
    assert SESSION_KEY not in client.session
    known.refresh_from_db()
    assert known.check_password(PASSWORD)
    assert known.name == "Before"
    assert not Membership.objects.filter(user=known).exists()


def test_somebody_with_an_account_signs_in_on_the_way(client, coalition, lead):
    known = a_user(email="new@example.org", password=PASSWORD)
    _invitation, token = invite(coalition, lead)
    on_the_way = client.post(join_page(token), {"sign-in": "1"})
    assert token not in on_the_way["Location"]
    after = sign_in(client, known.email, next=reverse("join-signed-in"))
    assert after["Location"] == reverse("join-signed-in")
    assert coalition.name in client.get(after["Location"]).content.decode()
    response = client.post(after["Location"])
    assert response["Location"] == reverse("coalitions:overview", kwargs={"slug": coalition.slug})
    assert Membership.objects.get(user=known).role == Role.OBSERVER
    assert client.get(reverse("join-signed-in")).status_code == 404


def test_a_signed_in_person_joins_with_one_button(coalition, lead):
    known = a_user(email="new@example.org")
    _invitation, token = invite(coalition, lead)
    browser = signed_in(known)
    assert "password" not in browser.get(join_page(token)).content.decode().lower()
    assert browser.post(join_page(token)).status_code == 302
    assert Membership.objects.get(user=known).coalition == coalition


def test_an_invitation_is_for_the_person_it_was_made_for(coalition, lead):
    somebody = a_user(name="Somebody Else")
    invitation, token = invite(coalition, lead)
    with pytest.raises(Refused):
        people.join(invitation, user=somebody, now=timezone.now())
    browser = signed_in(somebody)
    assert "Sign out, then open the link again" in browser.get(join_page(token)).content.decode()
    assert browser.post(join_page(token)).status_code == 409
    assert not Membership.objects.filter(user=somebody).exists()


def test_an_invitation_is_too_old_after_seven_days(client, coalition, lead):
    invitation, token = invite(coalition, lead)
    Invitation.objects.filter(coalition=coalition).update(expires_at=timezone.now() + timedelta(seconds=-1))
    assert client.get(join_page(token)).status_code == 404
    assert client.post(join_page(token), ANSWERS).status_code == 404
    assert invitation.expires_at - timezone.now() > timedelta(days=6, hours=23)


def test_used_revoked_old_and_invented_links_get_the_same_answer(coalition, lead):
    answers = set()
    now = timezone.now()
    for number, fields in enumerate(
        [{"accepted_at": now}, {"revoked_at": now}, {"expires_at": now - timedelta(days=1)}, None]
    ):
        token = f"{number}" * 43
        if fields is not None:
            invitation, token = invite(coalition, lead, email=f"guest-{number}@example.org")
            Invitation.objects.filter(coalition=coalition, pk=invitation.pk).update(**fields)
        response = Client().get(join_page(token))
        body = [line for line in response.content.decode().splitlines() if "csrf" not in line]
        answers.add((response.status_code, tuple(body)))
    assert len(answers) == 1
    assert next(iter(answers))[0] == 404


def test_a_member_keeps_the_higher_role_and_is_told(coalition, lead):
    known = a_member(coalition, role=Role.ORGANIZER, email="new@example.org")
    now = timezone.now()
    Invitation.objects.create(
        coalition=coalition,
        email=known.email,
        role=Role.OBSERVER,
        token_digest=token_digest("t"),
        expires_at=now + timedelta(days=1),
    )
    page = signed_in(known).post(join_page("t"), follow=True).content.decode()
    assert Membership.objects.get(user=known).role == Role.ORGANIZER
    assert Invitation.objects.get(coalition=coalition).accepted_at is not None
    assert "already belong" in page or "Organizer" in page


def test_a_member_is_raised_by_an_invitation_to_a_higher_role(coalition, lead):
    known = a_member(coalition, role=Role.PARTNER, email="new@example.org")
    invitation = Invitation.objects.create(
        coalition=coalition,
        email=known.email,
        role=Role.ORGANIZER,
        expires_at=timezone.now() + timedelta(days=1),
    )
    joined = people.join(invitation, user=known, now=timezone.now())
    assert joined.was_member
    member = Membership.objects.get(user=known)
    assert (member.role, member.organization, member.version) == (Role.ORGANIZER, None, 2)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("as_new_person", [True, False])
def test_of_two_who_redeem_at_once_one_is_in(as_new_person):
    coalition = a_coalition()
    lead = a_member(coalition, role=Role.LEAD)
    _invitation, token = invite(coalition, lead)
    known = None if as_new_person else a_user(email="new@example.org")
    browsers = [Client() if known is None else signed_in(known) for _ in range(4)]
    start, answers = threading.Barrier(4), []

    def press(browser):
        try:
            start.wait(10)
            answers.append(browser.post(join_page(token), ANSWERS).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers)[0] == 302
    assert answers.count(302) == 1
    assert Membership.objects.filter(coalition=coalition, user__email="new@example.org").count() == 1
    assert coalition.changes.filter(verb="person.joined").count() == 1


# --- where tokens are not (B03) ---------------------------------------------------------------------------


def test_no_token_lies_in_the_database(client, coalition, lead):
    _invitation, token = invite(coalition, lead)
    known = a_user(email="known@example.org", password=PASSWORD)
    client.post(join_page(token), {"sign-in": "1"})
    accounts.ask_for_reset(known.email, now=timezone.now())
    found = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}" AS row WHERE row::text LIKE %s', [f"%{token}%"])
            found.append(cursor.fetchone()[0])
    assert len(found) > 20
    assert sum(found) == 0


def test_no_token_reaches_the_log(coalition, lead, caplog, client):
    _invitation, token = invite(coalition, lead)
    caplog.set_level(logging.DEBUG)
    caplog.handler.addFilter(HideTokens())
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    strict.get(join_page(token))
    strict.post(join_page(token), ANSWERS)  # refused, and said so in the log with its address
    client.get(join_page(token[:-1]))
    client.get(reverse("reset-password", kwargs={"uid": "0" * 32, "token": "secret-token"}))
    assert "/join/..." in caplog.text
    assert token[:-1] not in caplog.text
    assert "secret-token" not in caplog.text


def test_the_filter_stands_before_the_handler_of_the_real_log(settings):
    assert settings.LOGGING["handlers"]["console"]["filters"] == ["hide_tokens"]
    assert settings.LOGGING["filters"]["hide_tokens"]["()"] == "config.logs.HideTokens"


@pytest.mark.parametrize("page", ["join", "reset-password"])
def test_no_page_whose_address_is_a_secret_tells_it_to_anybody(client, page):
    where = {"token": "t"} if page == "join" else {"uid": "u", "token": "t"}
    response = client.get(reverse(page, kwargs=where))
    assert response["Referrer-Policy"] == "strict-origin"
    assert "no-store" in response["Cache-Control"]
    assert "default-src 'none'" in response["Content-Security-Policy"]
