"""Counts on the page of an action: ranked, defensible, corrected by newer rows."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from coalitions.models import ActionStatus, Count, CountMethod, CountOf, Role
from coalitions.presenting.counting import ranked
from tests.factories import a_count, a_held_action, a_member, a_partner, a_pledge, an_action

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true"}


def address(action, path=""):
    return f"/c/{action.coalition.slug}/actions/{action.public_id}/{path}"


def sign_in(client, action, role=Role.ORGANIZER, **fields):
    user = a_member(action.coalition, role=role, **fields)
    client.force_login(user)
    return user


def a_form(**fields):
    values = {
        "of": "crowd",
        "organization": "",
        "low": "1040",
        "best": "1,120",
        "high": "1190",
        "method": "clicker",
        "counted_by": "University geographers",
        "is_independent": "on",
        "source": "",
        "key": uuid4().hex,
    }
    return values | fields


def test_independent_counts_come_before_better_methods_and_then_the_latest():
    action = a_held_action()
    logged = [
        a_count(action, method=method, is_independent=independent, best=best)
        for method, independent, best in (
            (CountMethod.TURNSTILE, False, 1),
            (CountMethod.ESTIMATE, True, 2),
            (CountMethod.PHOTO, True, 3),
            (CountMethod.PHOTO, True, 4),
            (CountMethod.SIGN_IN, False, 5),
        )
    ]
    assert [count.best for count in ranked(logged).crowd] == [4, 3, 2, 1, 5]


def test_every_method_of_the_form_has_its_rank():
    action = a_held_action()
    logged = [a_count(action, method=method) for method in reversed(CountMethod.values)]
    assert [count.method for count in ranked(logged).crowd] == CountMethod.values


def test_the_page_shows_the_number_to_defend_with_its_provenance(client):
    action = a_held_action()
    a_count(action, low=1040, best=1120, high=1190, counted_by="University geographers")
    a_count(action, low=1500, best=1600, high=1700, method="turnstile", is_independent=False)
    sign_in(client, action, Role.OBSERVER)
    body = client.get(address(action)).content.decode()
    assert re.search(r'<span class="big"[^>]*>1,040</span>', body)
    assert "Clicker, University geographers, 1,040 to 1,190" in body
    assert body.index("1,040 · 1,120 · 1,190") < body.index("1,500 · 1,600 · 1,700")
    assert "correct</a>" not in body


def test_a_number_that_is_not_independent_says_that_it_will_be_doubted(client):
    action = a_held_action()
    a_count(action, is_independent=False)
    sign_in(client, action, Role.OBSERVER)
    assert "so it will be doubted" in client.get(address(action)).content.decode()


def test_an_organizer_logs_a_count_in_place(client):
    action = a_held_action()
    user = sign_in(client, action)
    form = client.get(address(action, "counts/log/"), **HTMX).content.decode()
    assert 'id="count-form"' in form
    answer = client.post(
        address(action, "counts/log/"), a_form(source="https://example.org/report"), **HTMX
    ).content.decode()
    assert f'id="counts-{action.public_id}"' in answer
    assert 'href="https://example.org/report" rel="noopener noreferrer nofollow"' in answer
    count = action.counts.get()
    assert (count.low, count.best, count.high, count.by) == (1040, 1120, 1190, user)


def test_without_a_script_the_form_is_a_page_and_saving_leads_back(client):
    action = a_held_action()
    sign_in(client, action)
    assert "<html" in client.get(address(action, "counts/log/")).content.decode()
    assert client.post(address(action, "counts/log/"), a_form()).url == address(action)


def test_the_same_form_sent_twice_is_one_row(client):
    action = a_held_action()
    sign_in(client, action)
    sent = a_form()
    assert [client.post(address(action, "counts/log/"), sent, **HTMX).status_code for _ in "12"] == [200, 200]
    assert action.counts.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"best": ""},
        {"best": "-1"},
        {"low": "2000"},
        {"high": "3"},
        {"method": "guess"},
        {"of": "everything"},
        {"of": "pledged"},
        {"of": "pledged", "organization": "not-a-uuid"},
        {"counted_by": ""},
        {"source": "javascript:alert(1)"},
        {"source": "ftp://example.org/x"},
        {"key": ""},
    ],
)
def test_a_wrong_count_is_answered_in_the_form_and_nothing_is_saved(client, wrong):
    action = a_held_action()
    sign_in(client, action)
    for headers in ({}, HTMX):
        response = client.post(address(action, "counts/log/"), a_form(**wrong), **headers)
        assert response.status_code == 422
        assert 'name="counted_by"' in response.content.decode()
    assert not action.counts.exists()


def test_a_wrong_count_in_place_keeps_the_counts_around_its_form(client):
    """The form asks for the whole section, so the section is what comes back."""
    action = a_held_action()
    a_count(action, low=777, best=800, high=900)
    sign_in(client, action)
    body = client.post(address(action, "counts/log/"), a_form(best=""), **HTMX).content.decode()
    assert f'id="counts-{action.public_id}"' in body
    assert "777" in body
    assert 'aria-invalid="true"' in body


def test_nobody_is_counted_before_the_day(client):
    action = an_action(day=timezone.now().date() + timedelta(days=2))
    sign_in(client, action)
    assert "Log a count" not in client.get(address(action)).content.decode()
    response = client.post(address(action, "counts/log/"), a_form())
    assert response.status_code == 422
    assert "before the day" in response.content.decode()


def test_a_cancelled_action_is_not_counted(client):
    action = a_held_action(status=ActionStatus.CANCELLED)
    sign_in(client, action)
    response = client.post(address(action, "counts/log/"), a_form())
    assert response.status_code == 422
    assert "cancelled" in response.content.decode()


def test_a_partner_of_another_coalition_cannot_be_named(client):
    action = a_held_action()
    sign_in(client, action)
    foreign = a_partner()
    response = client.post(
        address(action, "counts/log/"), a_form(of="pledged", organization=str(foreign.public_id))
    )
    assert response.status_code == 422
    assert not Count.objects.filter(organization=foreign).exists()


def test_what_came_of_a_pledge_stands_in_the_partners_line(client):
    action = a_held_action()
    organization = a_partner(action.coalition)
    a_pledge(action, organization=organization, likely=200)
    sign_in(client, action)
    page = client.get(address(action)).content.decode()
    link = f"{address(action, 'counts/log/')}?partner={organization.public_id}"
    assert link in page
    form = client.get(link, **HTMX).content.decode()
    assert f'<option value="{organization.public_id}" selected>' in form
    sent = a_form(of="pledged", organization=str(organization.public_id), low="", best="124", high="")
    client.post(address(action, "counts/log/"), sent, **HTMX)
    page = client.get(address(action)).content.decode()
    assert re.search(r"<strong>124</strong><span class=\"sub\">62%</span>", page)


def test_a_correction_is_a_new_row_and_the_old_one_stays_in_sight(client):
    action = a_held_action()
    first = a_count(action, low=900, best=1000, high=1100, counted_by="Alder Courier")
    sign_in(client, action, name="Jonas Oduya")
    correct = address(action, f"counts/{first.public_id}/correct/")
    form = client.get(correct, **HTMX).content.decode()
    assert 'value="1,000"' in form
    assert "Alder Courier" in form
    body = client.post(correct, a_form(low="800", best="850", high="990"), **HTMX).content.decode()
    assert "One correction" in body
    assert "<del" in body
    assert re.search(r'<span class="big"[^>]*>800</span>', body)
    assert action.counts.count() == 2


def test_a_count_can_be_taken_back_and_stays_on_record(client):
    action = a_held_action()
    first = a_count(action, low=900, best=1000, high=1100)
    sign_in(client, action)
    sent = a_form(is_withdrawn="on")
    body = client.post(address(action, f"counts/{first.public_id}/correct/"), sent, **HTMX).content.decode()
    assert "taken back" in body
    assert "Nobody has counted" in body
    assert action.counts.count() == 2


def test_the_second_correction_is_told_of_the_first_and_can_correct_that_one(client):
    action = a_held_action()
    first = a_count(action, best=1000)
    second = a_count(action, best=850, corrects=first, by=a_member(action.coalition, name="Amara Mbeki"))
    sign_in(client, action)
    response = client.post(address(action, f"counts/{first.public_id}/correct/"), a_form(), **HTMX)
    body = response.content.decode()
    assert response.status_code == 409
    assert "Amara Mbeki" in body
    onward = address(action, f"counts/{second.public_id}/correct/")
    assert f'hx-post="{onward}"' in body
    keys = re.findall(r'name="key" value="(\w+)"', body)
    assert len(keys) == 1
    assert client.post(onward, a_form(key=keys[0]), **HTMX).status_code == 200
    assert [count.best for count in action.counts.order_by("pk")] == [1000, 850, 1120]


def test_a_count_of_another_action_cannot_be_corrected_here(client):
    action = a_held_action()
    other = a_count(a_held_action(action.coalition))
    sign_in(client, action)
    assert client.get(address(action, f"counts/{other.public_id}/correct/")).status_code == 404


def test_a_partner_counts_its_own_people_and_nobody_elses(client):
    action = a_held_action()
    own, other = a_partner(action.coalition), a_partner(action.coalition)
    sign_in(client, action, Role.PARTNER, organization=own)
    assert "How many of ours came?" in client.get(address(action)).content.decode()
    sent = a_form(
        of="crowd", organization=str(other.public_id), low="", best="61", high="", is_independent="on"
    )
    body = client.post(address(action, "counts/log/"), sent, **HTMX).content.decode()
    assert "Your count was logged." in body
    count = action.counts.get()
    assert (count.of, count.organization, count.best, count.is_independent) == (
        CountOf.PLEDGED,
        own,
        61,
        False,
    )
    assert client.post(address(action, "counts/log/"), sent | {"best": ""}, **HTMX).status_code == 422
    assert client.post(address(action, "counts/log/"), sent | {"best": ""}).status_code == 422
    assert client.post(address(action, "counts/log/"), sent | {"key": uuid4().hex}).url == address(action)
    assert client.get(address(action, "counts/log/")).url == address(action)


def test_a_partner_counts_nobody_before_the_day(client):
    action = an_action()
    sign_in(client, action, Role.PARTNER)
    assert "How many of ours came?" not in client.get(address(action)).content.decode()
    assert client.post(address(action, "counts/log/"), a_form()).status_code == 422
    assert not action.counts.exists()


@pytest.mark.parametrize(("role", "correcting"), [(Role.OBSERVER, 403), (Role.PARTNER, 403)])
def test_observers_count_nothing_and_partners_correct_nothing(client, role, correcting):
    action = a_held_action()
    first = a_count(action)
    sign_in(client, action, role)
    if role == Role.OBSERVER:
        assert client.post(address(action, "counts/log/"), a_form()).status_code == 403
    path = address(action, f"counts/{first.public_id}/correct/")
    assert client.post(path, a_form()).status_code == correcting
    assert action.counts.count() == 1
