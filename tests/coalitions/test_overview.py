"""The overview: the sentence to say aloud, numbers with their derivation, and how old they are."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from coalitions import scores
from coalitions.models import ActionStatus, Coalition, Role, Score, ScorePoint
from coalitions.presenting.freshness import freshness
from coalitions.presenting.headline import headline
from coalitions.presenting.outlook import Totals, gate_state, outlook
from coalitions.presenting.strength import strength
from coalitions.services.actions import edit_action
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


def measure(coalition):
    scores.rescore(coalition.pk, now=timezone.now())
    coalition.refresh_from_db()


def page(client, coalition, *, role=Role.OBSERVER, path="", **headers):
    client.force_login(a_member(coalition, role=role))
    return client.get(f"/c/{coalition.slug}/{path}", **headers)


def text_of(response):
    words = re.sub(r"<[^>]*>", " ", response.content.decode())
    return re.sub(r"\s+", " ", words)


def a_busy_coalition(partners=3, **fields):
    coalition = a_coalition(**{"critical_mass": 300} | fields)
    held, coming = a_held_action(coalition), an_action(coalition, title="March to City Hall")
    everybody = [
        a_partner(
            coalition, name=f"Partner {n:03}", community=f"c{n}", bond_agreement=True, bond_demands=False
        )
        for n in range(partners)
    ]
    for organization in everybody:
        a_pledge(held, organization=organization, likely=100)
        a_count(held, of="pledged", organization=organization, best=60, is_independent=False)
        a_pledge(coming, organization=organization, likely=200)
    a_count(held, best=60 * partners)
    if partners > 1:
        an_overlap(everybody[0], everybody[1], share=0.2)
    measure(coalition)
    return coalition


def test_the_overview_answers_first_and_shows_chance_interval_and_strength(client):
    coalition = a_busy_coalition()
    words = text_of(page(client, coalition))
    result = coalition.score.result
    assert re.search(r"March to City Hall (can count on|reaches|is close to|may reach|would fall)", words)
    assert f"{round(result['forecast']['median']):,} people expected" in words
    assert f"{round(100 * result['forecast']['p_critical'])} in 100" in words
    assert f" {round(result['index']['value'])} " in words
    assert "nobody mapped" in words
    assert "up to date" in words


@pytest.mark.parametrize(
    ("mass", "sentence"),
    [(50, "can count on its critical mass"), (100_000, "would fall short today")],
)
def test_the_sentence_follows_the_chance(client, mass, sentence):
    assert sentence in text_of(page(client, a_busy_coalition(critical_mass=mass)))


def test_without_a_critical_mass_nobody_says_whether_it_is_enough(client):
    coalition = a_busy_coalition(critical_mass=None)
    words = text_of(page(client, coalition))
    assert re.search(r"About [\d,]+ people are expected at March to City Hall", words)
    assert "No critical mass is set" in words
    assert "Without People power, Breadth, Leverage: unknown." in words


def test_before_the_first_score_the_page_says_that_numbers_are_on_their_way(client):
    words = text_of(page(client, a_coalition()))
    assert "The first numbers are on their way" in words
    assert "updating" in words
    assert re.search(r"\bNaN\b|\bNone\b", words) is None


def test_a_coalition_with_nothing_planned_is_told_what_to_do(client):
    coalition = a_coalition()
    measure(coalition)
    words = text_of(page(client, coalition, role=Role.ORGANIZER))
    assert "Nothing lies ahead" in words
    assert "Plan an action" in words


def test_an_action_that_nobody_pledged_for_has_no_forecast_and_no_zero(client):
    coalition = a_coalition()
    an_action(coalition, title="Vigil")
    measure(coalition)
    words = text_of(page(client, coalition))
    assert "Nobody has pledged for Vigil yet" in words
    assert "people expected" not in words


def test_an_action_just_held_gives_way_to_the_next_before_the_rescore(client):
    coalition = a_busy_coalition()
    action = coalition.actions.get(title="March to City Hall")
    an_action(coalition, title="Spring rally")
    edit_action(action, by=None, seen_version=1, values={"status": ActionStatus.HELD})
    words = text_of(page(client, coalition))
    assert "Spring rally" in words
    assert "updating" in words


def test_a_partner_is_sent_to_its_own_pages(client):
    coalition = a_busy_coalition()
    response = page(client, coalition, role=Role.PARTNER)
    assert (response.status_code, response.url) == (302, f"/c/{coalition.slug}/actions/")
    assert page(client, coalition, role=Role.PARTNER, path="score/", **HTMX).status_code == 403


def test_the_score_fragment_is_named_like_its_event_and_fetches_itself(client):
    coalition = a_busy_coalition()
    fragment = page(client, coalition, path="score/", **HTMX).content.decode()
    assert "<html" not in fragment
    assert fragment.strip().startswith('<div id="score"')
    assert f'hx-get="/c/{coalition.slug}/score/"' in fragment
    assert page(client, coalition, path="score/").url == f"/c/{coalition.slug}/"


def test_overview_queries_are_the_same_for_one_and_fifty_partners(client, django_assert_num_queries):
    counts = []
    for partners in (1, 50):
        coalition = a_busy_coalition(partners=partners)
        client.force_login(a_member(coalition, role=Role.LEAD))
        with django_assert_num_queries(7) as queries:
            assert client.get(f"/c/{coalition.slug}/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8


def test_names_are_escaped_wherever_they_appear(client):
    coalition = a_coalition(name=HOSTILE, critical_mass=100)
    action = an_action(coalition, title=HOSTILE)
    organization = a_partner(coalition, name=HOSTILE, community=HOSTILE, bond_agreement=True)
    a_pledge(action, organization=organization, by=a_member(coalition, name=HOSTILE))
    measure(coalition)
    body = page(client, coalition).content.decode()
    assert "<script>alert" not in body
    assert "&lt;script&gt;alert" in body


@pytest.mark.parametrize(
    ("age", "attempts", "state", "is_parked"),
    [
        (timedelta(seconds=5), 0, "updating", False),
        (timedelta(seconds=60), 0, "stale", False),
        (timedelta(seconds=5), scores.PARK_AFTER, "stale", True),
    ],
)
def test_a_score_of_an_older_revision_says_so(age, attempts, state, is_parked):
    coalition, now = a_busy_coalition(), timezone.now()
    Coalition.objects.filter(pk=coalition.pk).update(revision=coalition.revision + 1, changed_at=now - age)
    coalition.refresh_from_db()
    score = Score.objects.get(coalition=coalition)
    score.attempts, score.attempted_revision = attempts, coalition.revision
    found = freshness(coalition, score, now=now)
    assert (found.state, found.is_parked) == (state, is_parked)
    assert found.since == score.computed_at


def test_a_score_of_yesterday_is_not_fresh_today():
    coalition = a_busy_coalition()
    score = Score.objects.get(coalition=coalition)
    assert freshness(coalition, score, now=timezone.now()).state == "fresh"
    assert freshness(coalition, score, now=timezone.now() + timedelta(days=1)).state == "stale"


def test_a_stale_score_is_named_with_its_moment_on_the_page(client):
    coalition = a_busy_coalition(time_zone="Asia/Tokyo")
    long_ago = timezone.now() - timedelta(minutes=10)
    Coalition.objects.filter(pk=coalition.pk).update(revision=coalition.revision + 1, changed_at=long_ago)
    Score.objects.filter(coalition=coalition).update(computed_at="2026-03-01T20:30:00Z")
    assert "stale since 2 Mar, 05:30" in text_of(page(client, coalition))


def read_strength(coalition):
    names = dict(coalition.organizations.values_list("pk", "name"))
    return strength(
        coalition.score.result,
        [],
        coalition=coalition,
        today=coalition.local_day(timezone.now()),
        names=names,
    )


def test_the_index_can_be_recomputed_from_the_numbers_that_the_page_shows():
    coalition = a_busy_coalition(weight_cohesion=3)
    found = read_strength(coalition)
    product = 100.0
    for part in found.known:
        product *= max(round(part.value, 3), 0.05) ** round(part.weight, 4)
    assert len(found.known) == 3
    assert product == pytest.approx(found.value, abs=0.2)


def test_breadth_and_cohesion_can_be_recomputed_from_their_lines():
    coalition = a_busy_coalition(critical_mass=20_000)
    parts = {part.key: part for part in read_strength(coalition).parts}
    breadth, cohesion = parts["breadth"], parts["cohesion"]
    assert len(breadth.lines) == len(cohesion.lines) == 3
    for line in breadth.lines:
        assert line.counts == pytest.approx(min(1, line.amount / (0.05 * 20_000)))
    assert sum(line.counts for line in breadth.lines) / 6 == pytest.approx(breadth.value)
    assert breadth.counted == pytest.approx(breadth.value * 6)
    whole = sum(line.amount for line in cohesion.lines)
    assert sum(line.amount * line.counts for line in cohesion.lines) / whole == pytest.approx(cohesion.value)
    assert cohesion.value == pytest.approx(0.5)


def test_unknown_dimensions_have_no_dot_and_are_named_as_left_out(client):
    coalition = a_busy_coalition()
    found = read_strength(coalition)
    leverage = found.parts[-1]
    assert (leverage.value, leverage.meter.known, found.left_out) == (None, False, ("Leverage",))
    assert "not because zero: Leverage" in text_of(page(client, coalition))


def test_the_change_is_measured_against_the_point_of_a_week_ago(client):
    coalition = a_busy_coalition()
    today = coalition.local_day(timezone.now())
    now = coalition.score.result["index"]["value"]
    for days, index in ((20, 1.0), (8, now - 3.04), (2, now - 50)):
        ScorePoint.objects.create(
            coalition=coalition, day=today - timedelta(days=days), index=index, digest="", algorithm="1"
        )
    words = text_of(page(client, coalition))
    assert "+3.0 since" in words


def test_a_newcomer_is_measured_against_its_first_point():
    coalition = a_busy_coalition()
    today = coalition.local_day(timezone.now())
    history = [{"day": str(today - timedelta(days=2)), "index": 10.0, "low": None, "high": None}]
    found = strength(coalition.score.result, history, coalition=coalition, today=today, names={})
    assert found.change is not None
    assert found.change.since == today - timedelta(days=2)
    assert found.trend is None


@pytest.mark.parametrize(
    ("value", "wanted", "state"),
    [
        (0.90, 0.8, "met"),
        (0.88, 0.8, "met"),
        (0.87, 0.8, "risk"),
        (0.80, 0.8, "risk"),
        (0.73, 0.8, "risk"),
        (0.71, 0.8, "unmet"),
        (0.97, 0.95, "risk"),
        (0.996, 0.95, "met"),
        (1.0, 1.0, "met"),
    ],
)
def test_a_gate_is_at_risk_within_a_tenth_of_its_threshold(value, wanted, state):
    assert gate_state(value, wanted=wanted) == state


@pytest.mark.parametrize(
    ("chance", "sentence"),
    [
        (0.95, "can count on its critical mass"),
        (0.82, "reaches its critical mass, with little to spare"),
        (0.75, "is close to its critical mass, not there yet"),
        (0.55, "may reach its critical mass, do not count on it yet"),
        (0.10, "would fall short today"),
    ],
)
def test_the_sentence_never_sounds_surer_than_the_chance(chance, sentence):
    coalition = a_busy_coalition()
    action = coalition.actions.get(title="March to City Hall")
    result = action.forecast.result | {"p_critical": chance}
    today = coalition.local_day(timezone.now())
    coming = outlook(action, result, coalition=coalition, today=today, totals=Totals(partners=3))
    found = headline(coalition, coming, ever_measured=True)
    assert found.sentence == f"March to City Hall {sentence}"
    assert f"{round(100 * chance)} in 100" in found.lead


def test_leverage_is_drawn_with_its_gate_and_its_lines_once_allies_are_mapped():
    coalition = a_busy_coalition()
    result = Score.objects.get(coalition=coalition).result
    result["dimensions"]["leverage"] = 0.25
    line = {"id": 7, "dependence": 4.0, "stance": 1.0, "support_left": 0.75}
    result["why"]["leverage"] = {"lines": [line], "more": 2}
    found = strength(result, [], coalition=coalition, today=coalition.local_day(timezone.now()), names={})
    leverage = found.parts[-1]
    assert (leverage.gate, leverage.meter.gate, leverage.more) == (0.25, "25", 2)
    assert [(each.name, each.product) for each in leverage.lines] == [("an organization that has left", 3.0)]


def test_a_coalition_whose_score_row_is_missing_still_has_a_page(client):
    coalition = a_coalition()
    Score.objects.filter(coalition=coalition).delete()
    assert "The first numbers are on their way" in text_of(page(client, coalition))
