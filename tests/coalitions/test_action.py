"""The page of one action: the answer first, the picture, the sums, and nothing of others for a partner."""

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from coalitions import scores
from coalitions.models import ActionStatus, ForecastPoint, Role
from tests.factories import (
    a_coalition,
    a_count,
    a_held_action,
    a_member,
    a_partner,
    a_pledge,
    an_action,
    an_overlap,
)

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true"}
HOSTILE = "<script>alert(1)</script>\"'&"
TODAY = timezone.now().date()


def sign_in(client, coalition, role=Role.ORGANIZER, **fields):
    user = a_member(coalition, role=role, **fields)
    client.force_login(user)
    return user


def address(action, path=""):
    return f"/c/{action.coalition.slug}/actions/{action.public_id}/{path}"


def text_of(response):
    words = re.sub(r"<[^>]*>", " ", response.content.decode())
    return re.sub(r"\s+", " ", words)


def a_march(partners=3, **fields):
    """A planned action with pledges, one overlap and a record of one held action; measured."""
    coalition = a_coalition(**{"critical_mass": 400} | fields)
    held, march = a_held_action(coalition), an_action(coalition, title="March to City Hall")
    everybody = [a_partner(coalition, name=f"Partner {number:03}") for number in range(partners)]
    for organization in everybody:
        a_pledge(held, organization=organization, likely=100)
        a_count(held, of="pledged", organization=organization, best=60, is_independent=False)
        a_pledge(march, organization=organization, likely=200)
    if partners > 1:
        an_overlap(everybody[0], everybody[1], share=0.2)
    scores.rescore(coalition.pk, now=timezone.now())
    coalition.refresh_from_db()
    return march


def test_the_page_answers_first_and_shows_the_forecast_against_the_critical_mass(client):
    march = a_march()
    sign_in(client, march.coalition, Role.OBSERVER)
    words = text_of(client.get(address(march)))
    result = march.forecast.result
    assert f"{round(result['median']):,} people are expected" in words
    assert f"{round(100 * result['p_critical'])} in 100, needs 80" in words
    assert "Critical mass 400" in words
    assert "bounds for any overlap" in words


def test_the_sums_name_what_they_are_and_their_bounds(client):
    march = a_march()
    sign_in(client, march.coalition, Role.OBSERVER)
    words = text_of(client.get(address(march)))
    result = march.forecast.result
    assert f"All 3 if nobody belonged to two 600 480 to 720 {round(result['sum']):,}" in words
    bounds = f"{round(result['lower']):,} to {round(result['upper']):,}"
    assert f"one declared overlap; bounds {bounds} {round(result['unique']):,}" in words


def test_the_derivation_can_be_followed_from_pledges_to_the_median(client):
    march = a_march()
    sign_in(client, march.coalition, Role.OBSERVER)
    words = text_of(client.get(address(march)))
    result = march.forecast.result
    assert "3 partners pledged 600 people (480 to 720)." in words
    assert f"times its own rate, is what to expect: {round(result['sum']):,} together." in words
    assert f"{round(result['base']):,} people could come in all" in words
    assert result["unique"] / (1 - result["walk_in_share"]) == pytest.approx(result["expected"])


def test_the_expected_people_of_the_rows_add_up_to_the_sum():
    march = a_march()
    rates = dict(march.coalition.show_rates.values_list("organization_id", "rate"))
    expected = sum(
        (row.low + row.likely + row.high) / 3 * rates[row.organization_id]
        for row in march.current_pledges.all()
    )
    assert len(rates) == 3
    assert expected == pytest.approx(march.forecast.result["sum"])


def test_the_largest_overlaps_are_listed_with_a_way_to_all_of_them(client):
    march = a_march()
    sign_in(client, march.coalition, Role.OBSERVER)
    response = client.get(address(march))
    assert "Partner 000 · Partner 001 20% of the smaller one" in text_of(response)
    assert f'href="/c/{march.coalition.slug}/overlaps/"' in response.content.decode()


@pytest.mark.parametrize(
    ("status", "days", "said"),
    [
        (ActionStatus.PLANNED, 3, "Nobody has pledged yet"),
        (ActionStatus.HELD, -3, "It was held, and nobody has counted yet."),
        (ActionStatus.CANCELLED, -3, "It was cancelled."),
    ],
)
def test_an_action_without_numbers_says_which_are_missing(client, status, days, said):
    action = an_action(status=status, day=TODAY + timedelta(days=days))
    a_partner(action.coalition)
    scores.rescore(action.coalition.pk, now=timezone.now())
    sign_in(client, action.coalition)
    words = text_of(client.get(address(action)))
    assert said in words
    assert re.search(r"\bNone\b|\bNaN\b", words) is None


def test_a_held_action_compares_its_last_forecast_with_the_count(client):
    action = a_held_action()
    ForecastPoint.objects.create(
        coalition=action.coalition,
        action=action,
        day=action.day,
        p10=900,
        p25=950,
        p50=1000,
        p75=1050,
        p90=1100,
    )
    a_count(action, best=1050)
    sign_in(client, action.coalition, Role.OBSERVER)
    words = text_of(client.get(address(action)))
    assert "1,000 people 900 to 1,100 were expected at last." in words
    assert "1,050 were counted. That lies inside the 80% interval." in words


def test_without_a_critical_mass_the_page_says_so_and_shows_no_chance(client):
    march = a_march(critical_mass=None)
    sign_in(client, march.coalition, Role.OBSERVER)
    words = text_of(client.get(address(march)))
    assert "No critical mass is set." in words
    assert "needs 80" not in words


def test_a_derivation_that_is_older_than_its_pledges_says_so(client):
    march = a_march()
    sign_in(client, march.coalition, Role.OBSERVER)
    assert "Something has changed since" not in text_of(client.get(address(march)))
    a_pledge(march)
    assert "Something has changed since" in text_of(client.get(address(march)))


@pytest.mark.parametrize("path", ["", "head/", "forecast/", "pledges/"])
def test_page_queries_are_the_same_for_one_and_two_hundred_partners(
    client, django_assert_max_num_queries, path
):
    used = []
    for partners in (1, 200):
        march = a_march(partners=partners)
        sign_in(client, march.coalition, Role.LEAD)
        with django_assert_max_num_queries(8) as queries:
            assert client.get(address(march, path), **(HTMX if path else {})).status_code == 200
        used.append(len(queries))
    assert used[0] == used[1]


def test_a_partners_page_stays_within_the_budget_too(client, django_assert_max_num_queries):
    march = a_march()
    own = march.coalition.organizations.get(name="Partner 000")
    sign_in(client, march.coalition, Role.PARTNER, organization=own)
    with django_assert_max_num_queries(8):
        client.get(address(march))
    sign_in(client, march.coalition)
    with django_assert_max_num_queries(8):
        client.get(address(march, f"pledges/{own.public_id}/"))


def test_fragments_are_named_like_their_events_and_fetch_themselves(client):
    march = a_march()
    sign_in(client, march.coalition)
    page = client.get(address(march)).content.decode()
    for name, path in (
        (march.fragment, "head/"),
        ("score", "forecast/"),
        ("pledges", "pledges/"),
        (f"counts-{march.public_id}", "counts/"),
    ):
        fragment = client.get(address(march, path), **HTMX).content.decode()
        assert f'id="{name}"' in page
        assert f'id="{name}"' in fragment
        assert f'hx-get="{address(march, path)}' in fragment
        assert "<html" not in fragment
        assert client.get(address(march, path)).url == address(march)


def test_the_forecast_brings_the_sums_of_the_table_with_it(client):
    march = a_march()
    sign_in(client, march.coalition)
    body = client.get(address(march, "forecast/"), **HTMX).content.decode()
    assert '<template><tfoot id="totals" hx-swap-oob="true">' in re.sub(r"\s*\n\s*", "", body)
    assert "hx-swap-oob" not in client.get(address(march)).content.decode()


def test_partners_are_found_by_name_and_a_hundred_at_a_time(client):
    march = an_action()
    for number in range(101):
        a_partner(march.coalition, name=f"Group {number:03}")
    sign_in(client, march.coalition)

    def names(query=""):
        body = client.get(address(march) + query).content.decode()
        return re.findall(r'<th scope="row"><a [^>]*>([^<]*)</a>', body)

    assert len(names()) == 100
    assert names("?page=2") == ["Group 100"]
    assert names("?find=group 07") == [f"Group {number:03}" for number in range(70, 80)]
    assert names("?find=zzz") == []
    for nonsense in ("?page=0", "?page=-1", "?page=abc", "?page=99999", "?page=٣", "?page=999999999999"):
        assert len(names(nonsense)) == 100
    fragment = client.get(address(march, "pledges/") + "?find=group 07", **HTMX)
    assert fragment["HX-Replace-Url"] == f"{address(march)}?find=group+07"


def test_only_partners_of_today_are_listed(client):
    march = an_action()
    a_partner(march.coalition, name="Partner still")
    a_partner(march.coalition, name="Has left", partner_until=TODAY)
    a_partner(march.coalition, name="Was removed", removed_at=timezone.now())
    sign_in(client, march.coalition)
    words = text_of(client.get(address(march)))
    assert "Partner still" in words
    assert "Has left" not in words
    assert "Was removed" not in words


def test_a_partner_sees_title_place_time_and_its_own_line_only(client):
    coalition = a_coalition(critical_mass=6161)
    own = a_partner(coalition, name="Own group", community="own-community")
    other = a_partner(coalition, name="CANARY", community="CANARY")
    held = a_held_action(coalition, title="Vigil", place="Depot")
    march = an_action(coalition, title="March to City Hall", place="City Hall square")
    canary = a_member(coalition, name="CANARY")
    for action, factor in ((held, 1), (march, 2)):
        a_pledge(action, organization=own, low=71 * factor, likely=72 * factor, high=73 * factor)
        a_pledge(action, organization=other, low=5551, likely=5552, high=5553, by=canary, note="CANARY")
    a_count(held, of="pledged", organization=own, best=50, is_independent=False, counted_by="Own group")
    a_count(held, of="pledged", organization=other, best=4443, counted_by="CANARY", is_independent=False)
    a_count(held, best=3333, low=3331, high=3335, counted_by="CANARY")
    an_overlap(own, other, share=0.37)
    scores.rescore(coalition.pk, now=timezone.now())
    result = march.forecast.result
    rate = coalition.show_rates.get(organization=own).rate
    secrets = [
        "CANARY",
        "5,55",
        "555",
        "4,443",
        "3,33",
        "6,161",
        "37%",
        "Forecast",
        "Critical mass",
        f"{rate:.2f}",
    ]
    secrets += [f"{round(result[name]):,}" for name in ("median", "sum", "unique", "upper")]
    sign_in(client, coalition, Role.PARTNER, organization=own)
    asked = [
        (address(march), {}),
        (address(held), {}),
        (address(march, f"pledges/{own.public_id}/"), {}),
        (address(march, f"pledges/{own.public_id}/"), HTMX),
        (address(march, f"pledges/{own.public_id}/log/"), {}),
        (address(march, f"pledges/{own.public_id}/log/"), HTMX),
        (address(held, f"pledges/{own.public_id}/?as=page"), HTMX),
        (address(march, f"pledges/{own.public_id}/?as=row"), HTMX),
    ]
    for path, headers in asked:
        response = client.get(path, **headers)
        body = re.sub(
            r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}|csrf\S*|\"x-csrftoken\"[^}]*",
            "",
            response.content.decode(),
        )
        assert response.status_code == 200
        assert "Own group" in body
        for secret in secrets:
            assert secret not in body, (path, secret)
    words = text_of(client.get(address(march)))
    assert "City Hall square" in words
    assert "144 people, 142 to 146" in words


@pytest.mark.parametrize("path", ["head/", "forecast/", "pledges/", "counts/"])
def test_what_everybody_brings_together_is_closed_to_partners(client, path):
    march = a_march()
    sign_in(client, march.coalition, Role.PARTNER)
    assert client.get(address(march, path), **HTMX).status_code == 403


def test_another_partners_line_does_not_exist_for_a_partner(client):
    march = a_march()
    other = march.coalition.organizations.get(name="Partner 000")
    sign_in(client, march.coalition, Role.PARTNER)
    unknown = "00000000-0000-4000-8000-000000000000"
    for path in ("pledges/{}/", "pledges/{}/log/"):
        for organization_id in (other.public_id, unknown):
            assert client.get(address(march, path.format(organization_id))).status_code == 404
            assert client.post(address(march, path.format(organization_id)), {}).status_code in {404, 405}


def test_hostile_names_are_escaped(client):
    coalition = a_coalition()
    first = a_partner(coalition, name=HOSTILE, community=HOSTILE)
    second = a_partner(coalition, name=HOSTILE + "2")
    action = a_held_action(coalition, title=HOSTILE, place=HOSTILE)
    for organization in (first, second):
        a_pledge(action, organization=organization, note=HOSTILE, by=a_member(coalition, name=HOSTILE))
    an_overlap(first, second)
    a_count(action, counted_by=HOSTILE)
    sign_in(client, coalition)
    for path in ("", f"pledges/{first.public_id}/", f"pledges/{first.public_id}/log/", "counts/log/"):
        body = client.get(address(action, path)).content.decode()
        assert "<script>alert" not in body
        assert "&lt;script&gt;alert" in body


def test_hours_are_the_coalitions_own(client):
    coalition = a_coalition(time_zone="Pacific/Auckland")
    action = an_action(coalition)
    pledge = a_pledge(action)
    pledge.refresh_from_db()
    sign_in(client, coalition)
    body = client.get(address(action, f"pledges/{pledge.organization.public_id}/")).content.decode()
    local = timezone.localtime(pledge.at, ZoneInfo("Pacific/Auckland"))
    assert f"{local:%H:%M}</time>" in body
