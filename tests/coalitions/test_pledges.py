"""Logging a pledge from a page: inline and without a script, twice sent once saved, jumps, conflicts."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from django.template.loader import render_to_string
from django.test import SimpleTestCase
from django.utils import timezone

from coalitions import charts, scores
from coalitions.models import ActionStatus, Role, Score
from coalitions.presenting import marks
from coalitions.services.ledgers import pledge_fragment
from tests.factories import a_coalition, a_count, a_held_action, a_member, a_partner, a_pledge, an_action

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true"}


class Desk:
    """Somebody at the page of one action, with one partner's line in front of them."""

    def __init__(self, client, *, role=Role.ORGANIZER, action=None, organization=None):
        self.client = client
        self.action: Any = action or an_action()
        self.coalition: Any = self.action.coalition
        self.organization = organization or a_partner(self.coalition, name="Harbor Dockworkers")
        own = self.organization if role == Role.PARTNER else None
        self.user = a_member(self.coalition, role=role, organization=own)
        client.force_login(self.user)
        self.page = f"/c/{self.coalition.slug}/actions/{self.action.public_id}/"
        self.line = f"{self.page}pledges/{self.organization.public_id}/"

    def form(self, **fields):
        key = uuid4().hex
        return {"low": "80", "likely": "100", "high": "120", "note": "", "version": "0", "key": key} | fields

    def log(self, *, htmx=True, query="", **fields):
        return self.client.post(f"{self.line}log/{query}", self.form(**fields), **(HTMX if htmx else {}))

    @property
    def said(self):
        return list(self.action.pledges.order_by("pk").values_list("low", "likely", "high"))


def test_an_organizer_logs_a_pledge_in_the_line_and_gets_line_sums_and_message(client):
    desk = Desk(client)
    form = client.get(f"{desk.line}log/", **HTMX).content.decode()
    fragment = pledge_fragment(desk.action, desk.organization)
    assert f'class="is-edit" id="{fragment}"' in form
    assert re.search(r'name="key" value="[0-9a-f]{32}"', form)
    body = desk.log(likely="1,000", high="1,200", note="after the meeting").content.decode()
    assert body.strip().startswith(f'<tr id="{fragment}"')
    assert "1,000" in body
    assert 'id="totals" hx-swap-oob="true"' in body
    assert "The pledge of Harbor Dockworkers was saved." in body
    assert desk.said == [(80, 1000, 1200)]
    assert desk.action.pledges.get().by == desk.user


def test_without_a_script_the_form_is_a_page_and_saving_leads_back(client):
    desk = Desk(client)
    assert "<html" in client.get(f"{desk.line}log/").content.decode()
    response = desk.log(htmx=False)
    assert response.url == desk.line
    assert "The pledge of Harbor Dockworkers was saved." in client.get(response.url).content.decode()


def test_one_number_is_enough(client):
    desk = Desk(client)
    desk.log(low="", likely="50", high="")
    assert desk.said == [(50, 50, 50)]


def test_the_same_form_sent_twice_is_one_row_and_the_same_answer(client):
    desk = Desk(client)
    key = uuid4().hex
    answers = [desk.log(key=key), desk.log(key=key)]
    lines = [re.findall(r"<tr.*?</tr>", answer.content.decode(), re.S)[0] for answer in answers]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert re.sub(r'csrf\w*" value="\w+"', "", lines[0]) == re.sub(r'csrf\w*" value="\w+"', "", lines[1])
    assert len(desk.said) == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"likely": ""}, "required"),
        ({"likely": "many"}, "whole number"),
        ({"likely": "-3"}, "greater than or equal to 0"),
        ({"low": "200"}, "This is more than the likely number."),
        ({"high": "50"}, "This is less than the likely number."),
        ({"likely": "60000", "high": "60000"}, "above 50,000"),
        ({"likely": "1" * 30}, "less than or equal to"),
    ],
)
def test_a_wrong_figure_is_answered_in_its_place_and_what_was_typed_is_kept(client, wrong, said):
    desk = Desk(client)
    response = desk.log(note="typed with care", **wrong)
    body = response.content.decode()
    assert response.status_code == 422
    assert said in body
    assert 'aria-invalid="true"' in body
    assert "typed with care" in body
    assert desk.said == []


def test_a_form_without_key_or_version_is_refused(client):
    desk = Desk(client)
    assert desk.log(key="").status_code == 422
    assert desk.log(version="").status_code == 422
    assert desk.said == []


def test_a_stale_pledge_shows_both_versions_and_the_next_save_keeps_yours(client):
    desk = Desk(client)
    amara = a_member(desk.coalition, name="Amara Mbeki")
    a_pledge(desk.action, organization=desk.organization, low=40, likely=50, high=60, by=amara)
    for headers in (True, False):
        response = desk.log(htmx=headers, version="0")
        body = response.content.decode()
        assert response.status_code == 409
        assert "Amara Mbeki saved this while you were editing" in body
        assert 'data-l="Theirs">50<' in body
        assert 'value="100"' in body
        assert 'name="version" value="1"' in body
    assert len(desk.said) == 1
    assert desk.log(version="1").status_code == 200
    assert desk.said[-1] == (80, 100, 120)


def test_a_jump_is_shown_beside_what_counts_and_a_lead_can_count_on_it(client):
    desk = Desk(client)
    a_pledge(desk.action, organization=desk.organization, likely=50)
    body = desk.log(low="900", likely="1200", high="1500", version="1").content.decode()
    assert "waits: a jump like this counts once a lead agrees" in body
    assert "Count on it" not in body
    page = client.get(desk.page).content.decode()
    assert "said since, not counted on" in page
    lead = a_member(desk.coalition, role=Role.LEAD)
    client.force_login(lead)
    page = client.get(desk.page).content.decode()
    (line,) = re.findall(r'<form method="post" action="[^"]*/log/".*?</form>', page, re.S)
    assert "Count on it" in line
    sent = dict(re.findall(r'name="(low|likely|high|note|version|key)" value="([^"]*)"', line))
    assert sent.keys() == {"low", "likely", "high", "note", "version", "key"}
    answer = client.post(f"{desk.line}log/", sent, **HTMX)
    assert answer.status_code == 200
    current = desk.action.current_pledges.get()
    assert (current.likely, current.counted_id == current.latest_id) == (1200, True)
    assert "not counted on" not in answer.content.decode()


def test_every_rendered_count_on_it_button_carries_a_key_of_its_own(client):
    desk = Desk(client, role=Role.LEAD)
    for organization in (desk.organization, a_partner(desk.coalition)):
        a_pledge(desk.action, organization=organization, likely=50)
        a_pledge(desk.action, organization=organization, likely=5000, role=Role.ORGANIZER, by=desk.user)
    # The lead's own figures count at once elsewhere; here both were logged as an organizer would.
    page = client.get(desk.page).content.decode()
    keys = re.findall(r'name="key" value="([0-9a-f]{32})"', page)
    assert len(keys) == len(set(keys)) == 2


def test_the_line_shows_rate_record_and_what_to_expect(client):
    coalition = a_coalition()
    held, march = a_held_action(coalition), an_action(coalition)
    desk = Desk(client, action=march, role=Role.OBSERVER, organization=a_partner(coalition))
    a_pledge(held, organization=desk.organization, likely=100)
    from_pledge = {"of": "pledged", "organization": desk.organization, "is_independent": False}
    a_count(held, best=60, **from_pledge)
    a_pledge(march, organization=desk.organization, low=100, likely=200, high=330)
    a_partner(coalition, name="No record")
    scores.rescore(coalition.pk, now=timezone.now())
    rate = desk.organization.show_rate.rate
    row = client.get(desk.line, **HTMX).content.decode()
    assert f"{rate:.2f}" in row
    assert f"<strong>{round(210 * rate)}</strong>" in row
    assert "60%" in row
    page = client.get(desk.page).content.decode()
    own_rate = Score.objects.get(coalition=coalition).result["record"]["rate"]
    assert re.search(rf"{own_rate:.2f}<span class=\"sub\">all partners", page)


def test_lines_stand_by_what_they_are_expected_to_bring(client):
    desk = Desk(client)
    a_pledge(desk.action, organization=desk.organization, likely=100)
    a_pledge(desk.action, organization=a_partner(desk.coalition, name="Bakers"), likely=300)
    a_partner(desk.coalition, name="Aaa without a pledge")
    scores.rescore(desk.coalition.pk, now=timezone.now())
    body = client.get(desk.page).content.decode()
    names = re.findall(r'<th scope="row"><a [^>]*>([^<]*)</a>', body)
    assert names == ["Bakers", "Harbor Dockworkers", "Aaa without a pledge"]


def test_everything_that_was_said_stays_readable_with_who_and_when(client):
    desk = Desk(client, role=Role.OBSERVER)
    amara = a_member(desk.coalition, name="Amara Mbeki")
    a_pledge(desk.action, organization=desk.organization, likely=50, by=amara, note="first guess")
    a_pledge(desk.action, organization=desk.organization, likely=70)
    body = client.get(desk.line).content.decode()
    assert body.index("<strong>70</strong>") < body.index("<strong>50</strong>")
    assert "Amara Mbeki" in body
    assert "first guess" in body


def test_a_partner_logs_its_own_pledge(client):
    desk = Desk(client, role=Role.PARTNER)
    assert "How many people will you bring?" in client.get(desk.page).content.decode()
    assert desk.log(htmx=False).url == desk.page
    assert "100" in client.get(desk.page).content.decode()
    body = desk.log(likely="110", version="1").content.decode()
    assert f'<div id="{pledge_fragment(desk.action, desk.organization)}"' in body
    assert desk.said == [(80, 100, 120), (80, 110, 120)]


def test_a_partner_whose_jump_waits_is_told_so(client):
    desk = Desk(client, role=Role.PARTNER)
    desk.log(low="10", likely="20", high="30")
    desk.log(low="900", likely="1200", high="1500", version="1")
    body = client.get(desk.page).content.decode()
    assert "1,200" in body
    assert "Until then 20 count." in body


def test_a_partner_cannot_log_for_another_one(client):
    desk = Desk(client, role=Role.PARTNER)
    other = a_partner(desk.coalition)
    response = client.post(f"{desk.page}pledges/{other.public_id}/log/", desk.form())
    assert response.status_code == 404
    assert desk.said == []


def test_a_partner_cannot_rewrite_what_it_had_promised_afterwards(client):
    desk = Desk(client, role=Role.PARTNER, action=a_held_action())
    assert "Log a pledge" not in client.get(desk.page).content.decode()
    assert desk.log().status_code == 422
    assert desk.said == []


def test_an_observer_logs_nothing(client):
    desk = Desk(client, role=Role.OBSERVER)
    assert client.get(f"{desk.line}log/").status_code == 403
    assert desk.log().status_code == 403
    assert "Log a pledge" not in client.get(desk.page).content.decode()
    assert desk.said == []


def test_organizations_and_actions_of_other_coalitions_are_not_found(client):
    desk = Desk(client)
    foreign_partner, foreign_action = a_partner(), an_action()
    where = f"/c/{desk.coalition.slug}/actions/"
    for action, organization in ((desk.action, foreign_partner), (foreign_action, desk.organization)):
        path = f"{where}{action.public_id}/pledges/{organization.public_id}/log/"
        assert client.post(path, desk.form()).status_code == 404
    assert desk.said == []


def test_a_cancelled_action_takes_no_pledge_and_says_why(client):
    desk = Desk(client, action=an_action(status=ActionStatus.CANCELLED))
    response = desk.log()
    assert response.status_code == 422
    assert "cancelled" in response.content.decode()


def test_reading_a_line_changes_nothing(client):
    desk = Desk(client)
    assert client.post(desk.line, desk.form()).status_code == 405
    assert client.head(f"{desk.line}log/").status_code == 200
    assert not desk.coalition.changes.exists()


@pytest.mark.parametrize("values", [[], [0.8], [0.35, 0.48, 1.1], [None, 0.2]])
def test_the_quick_sparkline_is_the_one_of_the_design(values):
    drawn = charts.spark(values)
    part = render_to_string("parts/spark.html", {"spark": drawn})
    assert_html(marks.spark(drawn), part.strip())


def assert_html(one, other):
    SimpleTestCase().assertHTMLEqual(one, other)
