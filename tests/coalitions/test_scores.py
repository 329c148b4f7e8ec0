"""A score is fenced by revision, claimed before it starts, and parked when it cannot be computed."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.db.models.functions import Now

from coalitions import live, scores, tasks
from coalitions.method import measure
from coalitions.models import Coalition, Forecast, ForecastPoint, Score, ScorePoint, ShowRate
from coalitions.services import actions as action_services
from coalitions.services import directory
from tests.factories import a_coalition, a_count, a_held_action, a_partner, a_pledge, an_action, an_overlap

pytestmark = pytest.mark.django_db


def now():
    return datetime.now(UTC)


@pytest.fixture
def coalition():
    """One closed action with a record, one ahead with a pledge."""
    coalition = a_coalition(critical_mass=100)
    dockers = a_partner(coalition, name="Dockers", bond_agreement=True, bond_mandate=False, community="labor")
    nurses = a_partner(coalition, name="Nurses", community="health")
    held = a_held_action(coalition)
    a_pledge(held, organization=dockers, likely=100)
    a_count(held, best=90)
    a_count(held, best=80, of="pledged", organization=dockers)
    ahead = an_action(coalition, title="March")
    a_pledge(ahead, organization=dockers, likely=120)
    a_pledge(ahead, organization=nurses, likely=60)
    an_overlap(dockers, nurses, share=0.1)
    coalition.refresh_from_db()
    return coalition


def test_a_rescore_stores_everything_that_the_pages_read(coalition):
    assert scores.rescore(coalition.pk, now=now())

    score = Score.objects.get(coalition=coalition)
    march = coalition.actions.get(title="March")
    assert (score.revision, score.attempts) == (coalition.revision, 0)
    assert score.is_fresh(revision=coalition.revision, today=coalition.local_day(now()))
    assert score.result["forecast"]["action"] == march.pk
    assert 5 <= score.result["index"]["value"] <= 100
    assert score.result["index"]["left_out"] == ["leverage"]
    forecast = Forecast.objects.get(coalition=coalition)
    assert forecast.action == march
    assert forecast.result["lower"] <= forecast.result["unique"] <= forecast.result["upper"]
    assert ForecastPoint.objects.get(coalition=coalition).p50 == forecast.result["median"]
    assert ScorePoint.objects.get(coalition=coalition).index == score.result["index"]["value"]
    rate = ShowRate.objects.get(coalition=coalition)
    assert rate.organization.name == "Dockers"
    assert rate.record[0]["share"] == pytest.approx(0.8)


def test_a_second_rescore_finds_nothing_to_do(coalition):
    assert scores.rescore(coalition.pk, now=now())
    assert not scores.rescore(coalition.pk, now=now())


def test_the_facts_are_gathered_in_at_most_eight_queries(coalition, django_assert_max_num_queries):
    with django_assert_max_num_queries(8):
        scores.gather(coalition.pk, today=coalition.local_day(now()))


def test_a_late_rescore_never_overwrites_a_newer_one(coalition):
    """The older worker gathered first and stores last: the fence lets nothing through."""
    today = coalition.local_day(now())
    old = Coalition.objects.get(pk=coalition.pk)
    measured = measure(scores.gather(old.pk, today=today))
    directory.add_organization(coalition, by=None, values={"name": "Newcomers"})
    assert scores.rescore(coalition.pk, now=now())
    newer = Score.objects.get(coalition=coalition)

    assert not scores._store(old, measured, today=today, now=now())

    assert Score.objects.get(coalition=coalition).revision == newer.revision == coalition.revision


def test_without_the_fence_the_older_result_would_win(coalition, monkeypatch):
    """Control: the same race with the guard off ends wrong."""
    today = coalition.local_day(now())
    old = Coalition.objects.get(pk=coalition.pk)
    measured = measure(scores.gather(old.pk, today=today))
    directory.add_organization(coalition, by=None, values={"name": "Newcomers"})
    assert scores.rescore(coalition.pk, now=now())
    monkeypatch.setattr(scores, "_outdated", lambda c, **_: Score.objects.filter(coalition=c))

    assert scores._store(old, measured, today=today, now=now())

    assert Score.objects.get(coalition=coalition).revision < coalition.revision


def test_one_attempt_at_a_time_for_one_revision(coalition):
    today = coalition.local_day(now())
    assert scores._claim(coalition, today=today)
    assert not scores._claim(coalition, today=today)


def test_a_score_of_yesterday_is_computed_anew_today(coalition):
    assert scores.rescore(coalition.pk, now=now())
    tomorrow = now() + timedelta(days=1)
    assert scores.behind(now=now(), limit=10) == []
    assert scores.behind(now=tomorrow, limit=10) == [coalition.pk]
    assert scores.rescore(coalition.pk, now=tomorrow)
    assert ScorePoint.objects.filter(coalition=coalition).count() == 2


def test_the_day_is_the_one_of_the_coalition():
    at = datetime(2026, 5, 3, 23, 0, tzinfo=UTC)
    assert a_coalition(time_zone="Pacific/Auckland").local_day(at).day == 4
    assert a_coalition(time_zone="America/Lima").local_day(at).day == 3


def test_an_action_that_is_over_or_cancelled_loses_its_forecast(coalition):
    scores.rescore(coalition.pk, now=now())
    march = coalition.actions.get(title="March")
    action_services.edit_action(march, by=None, seen_version=march.version, values={"status": "cancelled"})
    scores.rescore(coalition.pk, now=now())
    assert not Forecast.objects.filter(coalition=coalition).exists()
    assert Score.objects.get(coalition=coalition).result["forecast"]["action"] is None


def test_poison_is_tried_less_and_less_then_parked_and_an_edit_revives_it(coalition, settings):
    settings.STRENGTH_FACT_SOURCES = ["tests.coalitions.test_scores.poison"]
    pauses = []
    for _ in range(scores.PARK_AFTER):
        assert scores.behind(now=now(), limit=10) == [coalition.pk]
        with pytest.raises(ZeroDivisionError):
            scores.rescore(coalition.pk, now=now())
        score = Score.objects.annotate(now=Now()).get(coalition=coalition)
        pauses.append((score.next_attempt_at - score.now).total_seconds())
        assert scores.behind(now=now(), limit=10) == []
        Score.objects.filter(coalition=coalition).update(next_attempt_at=Now())
    assert pauses[0] == pytest.approx(5, abs=1)
    assert all(later > 1.9 * sooner for sooner, later in pairwise(pauses))
    assert scores.behind(now=now(), limit=10) == []
    assert not scores.rescore(coalition.pk, now=now())

    settings.STRENGTH_FACT_SOURCES = ["coalitions.facts.ground_floor"]
    directory.add_organization(coalition, by=None, values={"name": "Newcomers"})
    assert scores.behind(now=now(), limit=10) == [coalition.pk]
    assert scores.rescore(coalition.pk, now=now())


def poison(coalition_id, *, today):
    return 1 // 0


def test_a_coalition_that_is_gone_is_no_error():
    assert not scores.rescore(987654321, now=now())


def test_the_same_facts_give_the_same_score_to_the_bit(coalition):
    today = coalition.local_day(now())
    first, second = (measure(scores.gather(coalition.pk, today=today)).to_json() for _ in range(2))
    assert first == second


def test_rows_that_were_removed_or_left_do_not_count(coalition):
    today = coalition.local_day(now())
    nurses = coalition.organizations.get(name="Nurses")
    before = measure(scores.gather(coalition.pk, today=today)).to_json()["forecast"]
    directory.remove_organization(nurses, by=None, seen_version=1)
    after = measure(scores.gather(coalition.pk, today=today)).to_json()["forecast"]
    assert after["sum"] < before["sum"]
    assert len(after["partners"]) == len(before["partners"]) - 1


def test_a_burst_is_measured_at_most_once_in_a_window(coalition, monkeypatch):
    monkeypatch.setattr(tasks, "DEBOUNCE_SECONDS", 60)  # however slow the machine is
    live.client().flushdb()
    tasks.rescore_coalition(coalition.pk)
    first = Score.objects.get(coalition=coalition)
    directory.add_organization(coalition, by=None, values={"name": "Newcomers"})
    tasks.rescore_coalition(coalition.pk)

    assert Score.objects.get(coalition=coalition).revision == first.revision
    assert live.client().llen("scores") == 1

    live.client().delete(f"measured:{coalition.pk}")  # the window is over
    tasks.rescore_coalition(coalition.pk)
    assert Score.objects.get(coalition=coalition).revision == coalition.revision


def test_the_sweep_queues_what_is_behind_whatever_message_was_lost(coalition):
    live.client().flushdb()
    tasks.sweep()
    assert live.client().llen("scores") == 1
    scores.rescore(coalition.pk, now=now())
    live.client().flushdb()
    tasks.sweep()
    assert live.client().llen("scores") == 0
