from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from coalitions.models import Score
from coalitions.scores import rescore
from coalitions.services.actions import remove_action
from tests.factories import a_count, a_held_action, a_partner, a_pledge, an_action


@pytest.fixture
def measured(coalition):
    partners = [a_partner(coalition, community=name, bond_agreement=True) for name in ("Harbor", "", "Hill")]
    held, ahead = a_held_action(coalition), an_action(coalition)
    for partner in partners:
        a_pledge(held, organization=partner, likely=100)
        a_count(held, of="pledged", organization=partner, best=70)
        a_pledge(ahead, organization=partner, likely=400)
    a_count(held, best=230)
    coalition.refresh_from_db()
    assert rescore(coalition.pk, now=timezone.now())
    return coalition, partners, ahead


def test_before_the_first_measurement_everything_is_unknown(lead):
    found = lead.get("score/").json()

    assert (found["is_fresh"], found["coalition_revision"]) == (False, 0)
    unknown = (
        "revision",
        "computed_at",
        "day",
        "algorithm",
        "digest",
        "index",
        "dimensions",
        "why",
        "next_action",
    )
    assert [found[name] for name in unknown] == [None] * len(unknown)


def test_the_strength_says_what_it_describes_and_since_when(measured, lead):
    coalition, partners, ahead = measured

    found = lead.get("score/").json()

    assert found["is_fresh"] is True
    assert found["revision"] == found["coalition_revision"] == coalition.revision
    score = Score.objects.get(coalition=coalition)
    assert (found["digest"], found["algorithm"]) == (score.digest, score.algorithm)
    assert found["index"]["value"] == score.result["index"]["value"]
    assert found["dimensions"] == score.result["dimensions"]
    assert found["next_action"] == str(ahead.public_id)
    named = {line["organization"] for line in found["why"]["cohesion"]["lines"]}
    assert named == {str(partner.public_id) for partner in partners}
    communities = {(line["community"], line["organization"]) for line in found["why"]["communities"]["lines"]}
    assert communities == {("Harbor", None), (None, str(partners[1].public_id)), ("Hill", None)}
    assert not any("id" in line or "partner" in line for line in found["why"]["communities"]["lines"])


def test_an_edit_makes_it_stale_and_it_says_so(measured, lead):
    lead.post("organizations/", {"name": "One more"})

    found = lead.get("score/").json()

    assert (found["is_fresh"], found["coalition_revision"]) == (False, found["revision"] + 1)
    assert found["changed_at"] > found["computed_at"]


def test_the_next_day_makes_it_stale_too(measured, lead):
    with time_machine.travel(timezone.now() + timedelta(days=2), tick=True):
        assert lead.get("score/").json()["is_fresh"] is False


def test_a_coalition_without_a_score_has_none_to_read(lead):
    Score.objects.filter(coalition=lead.coalition).delete()

    assert lead.get("score/").status_code == 404


def test_forecasts_are_listed_and_read_by_their_action(measured, lead):
    coalition, _partners, ahead = measured

    (row,) = lead.get("forecasts/").json()["items"]

    assert (row["action"], row["is_fresh"], row["revision"]) == (
        str(ahead.public_id),
        True,
        coalition.revision,
    )
    stored = coalition.forecasts.get().result
    assert (row["median"], row["interval"], row["histogram"]) == (
        stored["median"],
        stored["interval"],
        stored["histogram"],
    )
    assert lead.get(f"forecasts/{ahead.public_id}/").json() == row
    assert lead.get(f"forecasts/{a_held_action(coalition).public_id}/").status_code == 404


def test_the_forecast_of_a_removed_action_is_gone_at_once(measured, lead):
    _coalition, _partners, ahead = measured
    remove_action(ahead, by=None, seen_version=1)

    assert lead.get("forecasts/").json()["items"] == []
    assert lead.get(f"forecasts/{ahead.public_id}/").status_code == 404


def test_pages_of_forecasts(lead):
    actions = [an_action(lead.coalition) for _ in range(3)]
    for action in actions:
        a_pledge(action)
    rescore(lead.coalition.pk, now=timezone.now())

    first = lead.get("forecasts/?limit=2").json()
    second = lead.get(f"forecasts/?limit=2&after={first['next']}").json()

    assert {row["action"] for row in first["items"] + second["items"]} == {
        str(action.public_id) for action in actions
    }
    assert second["next"] is None


def test_queries_do_not_grow(measured, lead, django_assert_num_queries):
    with django_assert_num_queries(4):
        lead.get("score/")
    with django_assert_num_queries(2):
        lead.get("forecasts/")
