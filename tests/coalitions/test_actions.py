"""The list of actions: order, filters, rows edited in place, and what a partner may see of it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from coalitions import scores
from coalitions.models import ActionStatus, ForecastPoint, Role
from coalitions.presenting.listing import calibration
from coalitions.services.actions import edit_action
from tests.factories import (
    a_coalition,
    a_count,
    a_held_action,
    a_member,
    a_partner,
    a_pledge,
    an_action,
)

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true"}
HOSTILE = "<script>alert(1)</script>\"'&"
TODAY = timezone.now().date()


def sign_in(client, coalition, role=Role.ORGANIZER, **fields):
    user = a_member(coalition, role=role, **fields)
    client.force_login(user)
    return user


def address(coalition, action=None, path=""):
    return f"/c/{coalition.slug}/actions/" + (f"{action.public_id}/" if action else "") + path


def titles(response):
    return re.findall(r'<th scope="row"><a [^>]*>([^<]*)</a>', response.content.decode())


def a_form(**fields):
    values = {
        "title": "March to City Hall",
        "kind": "march",
        "place": "City Hall",
        "day": str(TODAY + timedelta(days=10)),
        "starts_at": "",
        "status": "planned",
        "is_big": "on",
    }
    return values | fields


def test_what_lies_ahead_comes_first_then_what_was_held_then_what_was_cancelled(client):
    coalition = a_coalition()
    a_held_action(coalition, title="held long ago", day=TODAY - timedelta(days=90))
    an_action(coalition, title="in a month", day=TODAY + timedelta(days=30))
    an_action(coalition, title="cancelled", status=ActionStatus.CANCELLED)
    a_held_action(coalition, title="held lately", day=TODAY - timedelta(days=3))
    an_action(coalition, title="tomorrow", day=TODAY + timedelta(days=1))
    sign_in(client, coalition, Role.OBSERVER)
    expected = ["tomorrow", "in a month", "held lately", "held long ago", "cancelled"]
    assert titles(client.get(address(coalition))) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("status=held", ["Vigil"]),
        ("kind=march", ["March"]),
        ("find=arc", ["March"]),
        ("find=zzz", []),
        ("sort=title", ["March", "Vigil"]),
        ("sort=-title", ["Vigil", "March"]),
        ("sort=-pledged", ["Vigil", "March"]),
        ("sort=password", ["March", "Vigil"]),
        ("status=nonsense&kind=nonsense", ["March", "Vigil"]),
        ("coalition__secret=1&page=999", ["March", "Vigil"]),
    ],
)
def test_filters_and_order_take_only_what_they_know(client, query, expected):
    coalition = a_coalition()
    an_action(coalition, title="March", kind="march")
    a_pledge(a_held_action(coalition, title="Vigil", kind="vigil"))
    sign_in(client, coalition, Role.OBSERVER)
    response = client.get(f"{address(coalition)}?{query}")
    assert response.status_code == 200
    assert titles(response) == expected


def test_numbers_stand_in_the_row_with_interval_and_provenance(client):
    coalition = a_coalition()
    march = an_action(coalition, title="March")
    a_pledge(march, likely=1500)
    vigil = a_held_action(coalition, title="Vigil")
    a_count(vigil, best=1300, low=1234, is_independent=False, method="turnstile")
    a_count(vigil, best=900, low=876, is_independent=True, method="photo")
    scores.rescore(coalition.pk, now=timezone.now())
    sign_in(client, coalition, Role.OBSERVER)
    body = client.get(address(coalition)).content.decode()
    median = march.forecast.result["median"]
    assert f'<strong data-glow="median-{march.pk}">{round(median):,}</strong>' in body
    assert ">876</strong>" in body
    assert "1,234" not in body
    assert "defensible, independent" in body
    assert "1,500" in body


def test_an_empty_list_teaches_and_offers_the_first_step(client):
    coalition = a_coalition()
    sign_in(client, coalition)
    assert "Add the first action" in client.get(address(coalition)).content.decode()
    sign_in(client, coalition, Role.OBSERVER)
    body = client.get(address(coalition)).content.decode()
    assert "No action yet" in body
    assert "Add the first action" not in body


def test_an_action_whose_day_has_passed_says_so(client):
    coalition = a_coalition()
    an_action(coalition, day=TODAY - timedelta(days=2))
    sign_in(client, coalition)
    assert "the day has passed" in client.get(address(coalition)).content.decode()


@pytest.mark.parametrize("role", [Role.PARTNER, Role.LEAD])
def test_list_queries_are_the_same_for_one_and_fifty_actions(client, django_assert_num_queries, role):
    used = []
    for actions in (1, 50):
        coalition = a_coalition()
        partners = [a_partner(coalition) for _ in range(3)]
        for number in range(actions):
            action = an_action(coalition, day=TODAY + timedelta(days=number + 1))
            for organization in partners:
                a_pledge(action, organization=organization)
        scores.rescore(coalition.pk, now=timezone.now())
        sign_in(client, coalition, role, organization=partners[0] if role == Role.PARTNER else None)
        with django_assert_num_queries(5 if role == Role.PARTNER else 6) as queries:
            assert len(titles(client.get(address(coalition)))) == actions
        used.append(len(queries))
    assert used[0] == used[1] <= 8


def test_the_list_comes_a_hundred_at_a_time(client):
    coalition = a_coalition()
    for number in range(101):
        an_action(coalition, title=f"Action {number:03}", day=TODAY + timedelta(days=number))
    sign_in(client, coalition)
    first = client.get(address(coalition))
    assert len(titles(first)) == 100
    assert "Page 1 of 2" in first.content.decode()
    assert titles(client.get(f"{address(coalition)}?page=2")) == ["Action 100"]


def test_the_container_fetches_itself_with_its_filters_and_htmx_gets_it_alone(client):
    coalition = a_coalition()
    an_action(coalition)
    sign_in(client, coalition)
    fragment = client.get(f"{address(coalition)}?status=planned", **HTMX)
    body = fragment.content.decode()
    assert "<html" not in body
    assert re.search(
        rf'id="actions" data-live [^>]*hx-get="{re.escape(address(coalition))}\?status=planned"', body
    )
    assert fragment["HX-Replace-Url"] == f"{address(coalition)}?status=planned"
    assert "HX-Request" in fragment["Vary"]


def test_a_row_is_named_like_its_event_and_fetches_itself(client):
    action = an_action()
    coalition = action.coalition
    sign_in(client, coalition)
    row = client.get(address(coalition, action, "row/"), **HTMX).content.decode().strip()
    assert row.startswith(f'<tr id="{action.fragment}" data-live')
    assert f'hx-get="{address(coalition, action, "row/")}"' in row
    page = client.get(address(coalition)).content.decode()
    assert row.split(">")[0] in page
    assert client.get(address(coalition, action, "row/")).status_code == 302


def test_adding_an_action_without_a_script_leads_to_its_page(client):
    coalition = a_coalition()
    sign_in(client, coalition)
    assert "Add an action" in client.get(address(coalition, path="add/")).content.decode()
    response = client.post(address(coalition, path="add/"), a_form())
    action = coalition.actions.get()
    assert response.url == address(coalition, action)
    assert (action.title, action.kind, action.is_big, action.starts_at) == (
        "March to City Hall",
        "march",
        True,
        None,
    )
    assert "March to City Hall was added." in client.get(response.url).content.decode()


def test_adding_an_action_in_place_brings_the_list_with_it(client):
    coalition = a_coalition()
    sign_in(client, coalition)
    current = {"HTTP_HX_CURRENT_URL": f"http://testserver{address(coalition)}?status=planned"}
    body = client.post(address(coalition, path="add/"), a_form(), **HTMX, **current).content.decode()
    assert "<html" not in body
    assert 'hx-swap-oob="outerHTML"' in body
    assert "?status=planned" in body
    assert "March to City Hall" in body
    change = coalition.changes.get(verb="action.planned")
    assert f"/changes/{change.public_id}/undo/" in body


def test_a_wrong_form_is_answered_with_the_form_and_nothing_is_saved(client):
    action = an_action(title="Vigil")
    coalition = action.coalition
    sign_in(client, coalition)
    for path in (address(coalition, path="add/"), address(coalition, action, "edit/")):
        for headers in ({}, HTMX):
            response = client.post(path, a_form(title="", day="no day", version=1), **headers)
            assert response.status_code == 422
            assert 'aria-invalid="true"' in response.content.decode()
    assert [action.title for action in coalition.actions.all()] == ["Vigil"]


def test_editing_in_place_returns_the_row_and_an_undo(client):
    action = an_action(title="Vigil")
    coalition = action.coalition
    sign_in(client, coalition)
    form = client.get(address(coalition, action, "edit/"), **HTMX).content.decode()
    assert f'id="{action.fragment}"' in form
    assert 'value="Vigil"' in form
    body = client.post(
        address(coalition, action, "edit/"), a_form(title="Night vigil", version=1), **HTMX
    ).content.decode()
    assert body.strip().startswith(f'<tr id="{action.fragment}"')
    change = coalition.changes.get(verb="action.edited")
    assert f"/changes/{change.public_id}/undo/" in body
    action.refresh_from_db()
    assert (action.title, action.version) == ("Night vigil", 2)


def test_saving_what_changes_nothing_leaves_no_trace(client):
    action = an_action()
    coalition = action.coalition
    sign_in(client, coalition)
    same = a_form(title=action.title, kind=action.kind, place=action.place, day=str(action.day), version=1)
    body = client.post(address(coalition, action, "edit/"), same, **HTMX).content.decode()
    assert "Nothing was changed." in body
    assert not coalition.changes.exists()


def test_a_stale_edit_shows_both_versions_and_the_next_save_keeps_yours(client):
    action = an_action(title="Vigil")
    coalition = action.coalition
    amara = a_member(coalition, name="Amara Mbeki")
    edit_action(action, by=amara, seen_version=1, values={"title": "Night vigil"})
    sign_in(client, coalition)
    for headers in ({}, HTMX):
        response = client.post(
            address(coalition, action, "edit/"), a_form(title="Dawn vigil", version=1), **headers
        )
        body = response.content.decode()
        assert response.status_code == 409
        assert "Amara Mbeki saved this while you were editing" in body
        assert "Night vigil" in body
        assert 'value="Dawn vigil"' in body
        assert 'name="version" value="2"' in body
    action.refresh_from_db()
    assert action.title == "Night vigil"
    client.post(address(coalition, action, "edit/"), a_form(title="Dawn vigil", version=2))
    action.refresh_from_db()
    assert action.title == "Dawn vigil"


def test_editing_what_somebody_removed_meanwhile_is_not_found(client):
    action = an_action(removed_at=timezone.now())
    sign_in(client, action.coalition)
    for path in ("edit/", "row/", ""):
        assert client.get(address(action.coalition, action, path), **HTMX).status_code == 404


def test_removing_takes_the_row_out_and_offers_the_undo(client):
    action = an_action(title="Vigil")
    coalition = action.coalition
    sign_in(client, coalition)
    assert client.get(address(coalition, action, "remove/")).status_code == 405
    body = client.post(address(coalition, action, "remove/"), {"version": 1}, **HTMX).content.decode()
    assert "<tr" not in body
    change = coalition.changes.get(verb="action.removed")
    assert f"/changes/{change.public_id}/undo/" in body
    assert titles(client.get(address(coalition))) == []


def test_without_a_script_removing_leads_back_to_the_list(client):
    action = an_action(title="Vigil")
    sign_in(client, action.coalition)
    response = client.post(address(action.coalition, action, "remove/"), {"version": 1})
    assert response.url == address(action.coalition)
    assert "Vigil was removed." in client.get(response.url).content.decode()


def test_removing_an_older_version_is_refused_and_shows_the_newer_one(client):
    action = an_action(title="Vigil")
    coalition = action.coalition
    edit_action(action, by=None, seen_version=1, values={"title": "Night vigil"})
    sign_in(client, coalition)
    response = client.post(address(coalition, action, "remove/"), {"version": 1}, **HTMX)
    assert response.status_code == 409
    assert "Night vigil" in response.content.decode()
    assert client.post(address(coalition, action, "remove/"), {"version": 1}).status_code == 302
    assert client.post(address(coalition, action, "remove/"), {}).status_code == 422
    action.refresh_from_db()
    assert action.removed_at is None


def test_marking_an_action_held_asks_for_nothing_else(client):
    action = an_action(day=TODAY, place="City Hall", starts_at="11:00")
    coalition = action.coalition
    sign_in(client, coalition)
    response = client.post(address(coalition, action, "status/"), {"version": 1, "status": "held"})
    assert response.url == address(coalition, action)
    action.refresh_from_db()
    assert (action.status, action.place, action.is_big, str(action.starts_at)) == (
        "held",
        "City Hall",
        True,
        "11:00:00",
    )


def test_a_status_from_an_older_version_is_a_conflict(client):
    action = an_action()
    coalition = action.coalition
    edit_action(action, by=None, seen_version=1, values={"title": "Night vigil"})
    sign_in(client, coalition)
    response = client.post(address(coalition, action, "status/"), {"version": 1, "status": "held"})
    assert response.status_code == 409
    assert client.post(address(coalition, action, "status/"), {"status": "nonsense"}).status_code == 422
    action.refresh_from_db()
    assert action.status == "planned"


@pytest.mark.parametrize("role", [Role.OBSERVER, Role.PARTNER])
def test_observers_and_partners_edit_nothing(client, role):
    action = an_action()
    coalition = action.coalition
    sign_in(client, coalition, role)
    assert client.post(address(coalition, path="add/"), a_form()).status_code == 403
    for path in ("edit/", "remove/", "status/"):
        assert client.post(address(coalition, action, path), a_form(version=1)).status_code == 403
    assert ">Edit<" not in client.get(address(coalition)).content.decode()


def test_extra_keys_change_nothing_else(client):
    action, other = an_action(), a_coalition()
    coalition = action.coalition
    sign_in(client, coalition)
    extra = {"coalition": other.pk, "removed_at": "2026-01-01", "public_id": "x", "latitude": "1"}
    client.post(address(coalition, action, "edit/"), a_form(version=1, **extra))
    action.refresh_from_db()
    assert (action.coalition_id, action.removed_at, action.latitude) == (coalition.pk, None, None)
    assert action.version == 2


def test_a_partner_sees_its_own_pledge_and_nothing_of_anybody_else(client):
    coalition = a_coalition()
    own = a_partner(coalition, name="Own group")
    march = an_action(coalition, title="March")
    a_pledge(march, organization=own, low=71, likely=72, high=73)
    a_pledge(
        march,
        organization=a_partner(coalition, name="CANARY"),
        likely=7777,
        by=a_member(coalition, name="CANARY"),
    )
    vigil = a_held_action(coalition, title="Vigil")
    a_count(vigil, best=8888, low=8887, high=8889, counted_by="CANARY")
    ForecastPoint.objects.create(
        coalition=coalition, action=vigil, day=vigil.day, p10=9990, p25=9991, p50=9992, p75=9993, p90=9994
    )
    scores.rescore(coalition.pk, now=timezone.now())
    sign_in(client, coalition, Role.PARTNER, organization=own)
    median = f"{round(march.forecast.result['median']):,}"
    answers = [
        client.get(address(coalition)),
        client.get(address(coalition), **HTMX),
        client.get(address(coalition) + "?sort=-pledged"),
        client.get(address(coalition) + "?sort=expected"),
        client.get(address(coalition, march, "row/"), **HTMX),
    ]
    for answer in answers:
        body = answer.content.decode()
        assert "72" in body
        for secret in ("CANARY", "7,777", "7777", "8,88", "9,99", "How good were", f">{median}<"):
            assert secret not in body


def test_a_partner_cannot_learn_by_sorting(client):
    coalition = a_coalition()
    own = a_partner(coalition)
    for title, likely in (("first", 10), ("second", 5000), ("third", 100)):
        a_pledge(an_action(coalition, title=title, day=TODAY + timedelta(days=likely)), likely=likely)
    sign_in(client, coalition, Role.PARTNER, organization=own)
    plain = titles(client.get(address(coalition)))
    for sort in ("pledged", "-pledged", "expected", "-expected"):
        assert titles(client.get(f"{address(coalition)}?sort={sort}")) == plain


def test_hostile_titles_are_escaped(client):
    coalition = a_coalition()
    action = an_action(coalition, title=HOSTILE, place=HOSTILE)
    a_count(a_held_action(coalition, title=HOSTILE), counted_by=HOSTILE)
    sign_in(client, coalition)
    for path in ("", "?find=<script>", f"{action.public_id}/edit/", f"{action.public_id}/"):
        body = client.get(address(coalition) + path).content.decode()
        assert "<script>alert" not in body
    assert "&lt;script&gt;" in body


def test_calibration_compares_the_last_forecast_before_the_day_with_the_best_count():
    coalition = a_coalition()
    for median, counted in ((100, 100), (100, 300)):
        action = a_held_action(coalition)
        for day, factor in (
            (action.day - timedelta(days=5), 5),
            (action.day, 1),
            (action.day + timedelta(days=1), 9),
        ):
            spread = {f"p{share}": median * factor * (0.5 + share / 100) for share in (10, 25, 50, 75, 90)}
            ForecastPoint.objects.create(coalition=coalition, action=action, day=day, **spread)
        a_count(action, best=counted)
    a_held_action(coalition)
    found = calibration(coalition)
    assert (found.actions, found.held) == (2, 0.5)
    assert found.error == pytest.approx(0.2386, abs=1e-4)
