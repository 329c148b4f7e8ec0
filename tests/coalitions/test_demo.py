"""The demo coalition is whole: made once, the same on any day, and like one that was typed in."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from coalitions import scores
from coalitions.demo import world
from coalitions.management.commands.demo import make
from coalitions.method import measure
from coalitions.models import ActionStatus, Coalition, ForecastPoint, Role, ScorePoint, User
from coalitions.services.actions import ACTION_FIELDS
from coalitions.services.directory import ORGANIZATION_FIELDS
from coalitions.services.editing import snapshot
from coalitions.services.history import undo
from coalitions.services.reconciling import differences
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(monkeypatch):
    monkeypatch.setenv("MUSTER_DEMO_PASSWORD", PASSWORD)
    call_command("demo", verbosity=0)
    return Coalition.objects.get(slug=world.SLUG)


def test_it_is_made_once_and_says_nothing_when_asked_to_be_quiet(demo, capsys):
    revision = demo.revision
    call_command("demo", verbosity=0)
    assert capsys.readouterr().out == ""
    demo.refresh_from_db()
    assert demo.revision == revision
    assert Coalition.objects.count() == 1
    said = StringIO()
    call_command("demo", stdout=said)
    assert "exists already" in said.getvalue()


def test_without_a_password_nothing_is_made(monkeypatch):
    monkeypatch.delenv("MUSTER_DEMO_PASSWORD", raising=False)
    with pytest.raises(CommandError, match="MUSTER_DEMO_PASSWORD"):
        call_command("demo")
    assert not Coalition.objects.exists()


def test_there_is_enough_to_look_at(demo):
    partners = demo.organizations.partners()
    held = demo.actions.filter(status=ActionStatus.HELD)
    planned = demo.actions.filter(status=ActionStatus.PLANNED)
    assert (demo.organizations.count(), partners.count(), held.count(), planned.count()) == (40, 28, 12, 3)
    assert planned.filter(is_big=True).count() == 1
    assert demo.overlaps.count() == 8
    assert demo.critical_mass == 1400
    assert partners.filter(bond_mandate__isnull=True).exists()
    assert demo.current_pledges.filter(latest__is_held_back=True).count() == 1
    assert all(action.counts.exists() and action.current_pledges.exists() for action in held)
    assert not [action.title for action in planned if not action.current_pledges.exists()]


def test_four_people_can_sign_in_each_in_another_role(demo, client):
    members = {
        member.user.email: member for member in demo.memberships.select_related("user", "organization")
    }
    assert {email: member.role for email, member in members.items()} == {
        "lead@demo.example": Role.LEAD,
        "organizer@demo.example": Role.ORGANIZER,
        "observer@demo.example": Role.OBSERVER,
        "partner@demo.example": Role.PARTNER,
    }
    assert members["partner@demo.example"].organization.name.startswith("Night Nurses")
    assert all(client.login(username=email, password=PASSWORD) for email in members)


def test_its_rollup_agrees_with_its_ledger(demo):
    assert demo.current_pledges.count() > 80
    assert differences(demo) == []


def test_its_history_is_whole_and_ends_at_the_rows_as_they_are(demo):
    changes = list(demo.changes.order_by("revision"))
    assert [change.revision for change in changes] == list(range(1, demo.revision + 1))
    moments = [change.at for change in changes]
    assert moments == sorted(moments)
    assert moments[-1] <= timezone.now()
    told = {}
    for change in changes:
        kind = change.verb.partition(".")[0]
        if kind in {"organization", "action"}:
            after = dict(change.after)
            fragment = f"{kind}-id-{after.pop('id')}" if "id" in after else change.fragment
            told.setdefault(fragment, {}).update(after)
    rows = {
        row: {**told[f"{row.fragment_name}-id-{row.pk}"], **told.get(row.fragment, {})}
        for row in [*demo.organizations.all(), *demo.actions.all()]
    }
    assert len(rows) == 55
    for row, history in rows.items():
        fields = ACTION_FIELDS if row.fragment_name == "action" else ORGANIZATION_FIELDS
        assert history == snapshot(row, fields)


def test_its_past_was_measured_from_the_facts_that_the_database_gives_today(demo):
    """The story keeps its own facts while it is told; at its end they are the ones that the worker reads."""
    now = timezone.now()
    measured = measure(scores.gather(demo.pk, today=demo.local_day(now)))
    assert demo.score.digest == measured.digest
    last = ScorePoint.objects.filter(coalition=demo).order_by("-day")[:2]
    yesterday = last[1]
    assert yesterday.day == demo.local_day(now) - timedelta(days=1)
    untouched = [change for change in demo.changes.all() if demo.local_day(change.at) == demo.local_day(now)]
    assert untouched == []
    assert yesterday.digest == measured.digest


def test_the_page_is_complete_at_once(demo):
    now = timezone.now()
    assert demo.score.is_fresh(revision=demo.revision, today=demo.local_day(now))
    forecast = demo.score.result["forecast"]
    assert forecast["interval"][0] < demo.critical_mass < forecast["interval"][1]
    march = demo.actions.get(title="March to City Hall")
    assert forecast["action"] == march.pk
    assert ForecastPoint.objects.filter(action=march).count() > 30
    assert ScorePoint.objects.filter(coalition=demo).count() > 28
    held = demo.actions.filter(status=ActionStatus.HELD)
    assert [action.title for action in held if not action.forecast_points.exists()] == []


def test_the_story_is_the_same_on_whatever_day_it_is_told():
    assert measured_on(datetime(2026, 3, 4, 0, 20, tzinfo=UTC)) == measured_on(
        datetime(2027, 8, 22, 23, 50, tzinfo=UTC)
    )


def measured_on(now):
    with transaction.atomic():
        coalition = make(password=PASSWORD, now=now)
        digest = measure(scores.gather(coalition.pk, today=coalition.local_day(now))).digest
        revision = coalition.revision
        transaction.set_rollback(True)
    assert not Coalition.objects.exists()
    return digest, revision


def test_what_happened_in_it_can_be_undone_like_anything_else(demo):
    by = User.objects.get(email="organizer@demo.example")
    change = demo.changes.filter(verb="overlap.changed").get()
    undo(change, by=by)
    pair = next(pair for pair in world.OVERLAPS if pair.later_share)
    assert demo.overlaps.filter(share=pair.share).exists()
