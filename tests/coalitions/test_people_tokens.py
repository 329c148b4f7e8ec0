"""Tokens for programs: shown once, kept as digests, for one coalition, taken back by owner or lead."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from coalitions.models import ApiToken, Change, Membership, Role, token_digest
from coalitions.services import tokens
from coalitions.services.editing import Refused
from tests.coalitions.people_at_the_door import signed_in
from tests.factories import a_coalition, a_member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cheap_passwords")]

WANTED = {"name": "Nightly export", "scope": "read", "days": "90"}


@pytest.fixture
def coalition():
    return a_coalition()


def page_of(coalition):
    return reverse("coalitions:tokens", kwargs={"slug": coalition.slug})


def revoke_page(token):
    where = {"slug": token.coalition.slug, "token_id": token.public_id}
    return reverse("coalitions:token-revoke", kwargs=where)


def a_token(coalition, user, **fields):
    membership = Membership.objects.get(coalition=coalition, user=user)
    now = timezone.now()
    values: dict[str, Any] = {
        "name": "x",
        "scope": "read",
        "expires_at": now + timedelta(days=30),
        "now": now,
    }
    return tokens.create_token(membership, by=user, **values | fields)


def test_a_token_is_shown_once_and_kept_as_a_digest(coalition):
    organizer = a_member(coalition, role=Role.ORGANIZER)
    browser = signed_in(organizer)
    page = browser.post(page_of(coalition), WANTED | {"scope": "write"})
    secret = page.context["secret"]
    token = ApiToken.objects.get(coalition=coalition)
    assert secret in page.content.decode()
    assert token.token_digest == token_digest(secret)
    assert (token.membership.user, token.scope) == (organizer, "write")
    assert timedelta(days=89) < token.expires_at - timezone.now() <= timedelta(days=90)
    assert secret not in browser.get(page_of(coalition)).content.decode()
    change = Change.objects.get(coalition=coalition)
    assert (change.verb, change.subject, change.fragment) == ("token.created", "Nightly export", "people")
    assert secret not in str(change.after)


def test_an_observer_makes_tokens_that_only_read(coalition):
    observer = a_member(coalition, role=Role.OBSERVER)
    browser = signed_in(observer)
    assert browser.post(page_of(coalition), WANTED | {"scope": "write"}).status_code == 422
    assert browser.post(page_of(coalition), WANTED).status_code == 200
    with pytest.raises(Refused, match="only read"):
        a_token(coalition, observer, scope="write")
    assert [token.scope for token in coalition.api_tokens.all()] == ["read"]


@pytest.mark.parametrize("life", [timedelta(days=366), timedelta(0), timedelta(days=-1)])
def test_a_token_lasts_a_year_at_most(coalition, life):
    organizer = a_member(coalition)
    with pytest.raises(Refused, match="a year at most"):
        a_token(coalition, organizer, expires_at=timezone.now() + life)


@pytest.mark.parametrize("wrong", [{"days": "366"}, {"days": "x"}, {"scope": "admin"}, {"name": ""}])
def test_a_mistake_in_the_form_makes_no_token(coalition, wrong):
    browser = signed_in(a_member(coalition))
    assert browser.post(page_of(coalition), WANTED | wrong).status_code == 422
    assert not ApiToken.objects.filter(coalition=coalition).exists()


def test_a_member_has_twenty_tokens_at_most(coalition):
    organizer = a_member(coalition)
    for _ in range(tokens.MOST_TOKENS):
        a_token(coalition, organizer)
    response = signed_in(organizer).post(page_of(coalition), WANTED)
    assert response.status_code == 422
    assert "many tokens" in response.content.decode()


def test_members_see_their_own_tokens_and_leads_see_all(coalition):
    organizer, other = a_member(coalition), a_member(coalition)
    lead = a_member(coalition, role=Role.LEAD)
    mine, _secret = a_token(coalition, organizer, name="Canary export")
    assert "Canary export" in signed_in(organizer).get(page_of(coalition)).content.decode()
    assert "Canary export" in signed_in(lead).get(page_of(coalition)).content.decode()
    assert "Canary export" not in signed_in(other).get(page_of(coalition)).content.decode()
    assert signed_in(other).post(revoke_page(mine)).status_code == 404
    assert signed_in(lead).post(revoke_page(mine)).status_code == 302
    assert not ApiToken.objects.filter(coalition=coalition).exists()
    assert Change.objects.filter(coalition=coalition, verb="token.revoked", by=lead).count() == 1


def test_a_token_of_another_coalition_cannot_be_reached(coalition):
    elsewhere = a_coalition()
    theirs, _secret = a_token(elsewhere, a_member(elsewhere))
    where = {"slug": coalition.slug, "token_id": theirs.public_id}
    lead = signed_in(a_member(coalition, role=Role.LEAD))
    assert lead.post(reverse("coalitions:token-revoke", kwargs=where)).status_code == 404
    assert ApiToken.objects.filter(coalition=elsewhere).exists()


def test_tokens_are_for_observers_and_above_after_a_fresh_sign_in(client, coalition):
    assert signed_in(a_member(coalition, role=Role.PARTNER)).get(page_of(coalition)).status_code == 403
    client.force_login(a_member(coalition))
    assert client.post(page_of(coalition), WANTED)["Location"].startswith(reverse("confirm"))
    assert not ApiToken.objects.filter(coalition=coalition).exists()


def test_the_page_costs_the_same_for_one_token_as_for_twenty(coalition, django_assert_max_num_queries):
    organizer = a_member(coalition)
    browser, counts = signed_in(organizer), []
    for more in (1, 18):
        for _ in range(more):
            a_token(coalition, organizer)
        with django_assert_max_num_queries(8) as seen:
            browser.get(page_of(coalition))
        counts.append(len(seen))
    assert counts[0] == counts[1]
