"""Pledges and counts: sent twice they stand once, jumps wait for a lead, nothing is rewritten."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, connections, transaction

from coalitions.models import ActionStatus, Count, CountMethod, CountOf, CurrentPledge, Pledge, Role
from coalitions.services.editing import Refused, StaleEdit
from coalitions.services.ledgers import Figures, log_count, log_pledge
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


def in_threads(number, call):
    """Run `call(0..number-1)` at once, each with a connection of its own."""

    def run(turn):
        try:
            return call(turn)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=10) as pool:
        return list(pool.map(run, range(number)))


def a_crowd(**values):
    defaults = {
        "of": CountOf.CROWD,
        "organization": None,
        "low": 900,
        "best": 1000,
        "high": 1100,
        "method": CountMethod.CLICKER,
        "counted_by": "Two students",
        "is_independent": True,
    }
    return defaults | values


@pytest.mark.django_db(transaction=True)
def test_fifty_parallel_posts_with_one_key_make_one_row_and_fifty_equal_answers():
    action = an_action()
    organization, by = a_partner(action.coalition), a_member(action.coalition)

    def send(_turn):
        return log_pledge(
            action,
            organization=organization,
            by=by,
            role=Role.ORGANIZER,
            figures=Figures(80, 100, 120),
            idempotency_key="the-same-key",
            seen_version=0,
        ).pk

    answers = in_threads(50, send)
    assert len(answers) == 50
    assert len(set(answers)) == 1
    assert action.pledges.count() == 1
    assert action.current_pledges.get().version == 1
    assert action.coalition.changes.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_hundred_concurrent_increments_lose_none():
    """Each reads the current pledge and adds one; whoever is told of a newer version reads again."""
    action = an_action()
    organization, by = a_partner(action.coalition), a_member(action.coalition)
    a_pledge(action, organization=organization, low=100, likely=100, high=100)

    def add_one(_turn):
        while True:
            current = CurrentPledge.objects.get(action=action, organization=organization)
            people = current.likely + 1
            try:
                return log_pledge(
                    action,
                    organization=organization,
                    by=by,
                    role=Role.ORGANIZER,
                    figures=Figures(people, people, people),
                    idempotency_key=uuid4().hex,
                    seen_version=current.version,
                )
            except StaleEdit:
                continue

    in_threads(100, add_one)
    assert action.current_pledges.get().likely == 200
    assert action.pledges.count() == 101


@pytest.mark.django_db(transaction=True)
def test_two_first_pledges_at_once_one_is_saved_and_the_other_is_told():
    action = an_action()
    organization, by = a_partner(action.coalition), a_member(action.coalition)

    def send(turn):
        try:
            log_pledge(
                action,
                organization=organization,
                by=by,
                role=Role.ORGANIZER,
                figures=Figures(10 + turn, 10 + turn, 10 + turn),
                idempotency_key=f"key-{turn}",
                seen_version=0,
            )
        except StaleEdit:
            return "told"
        return "saved"

    assert sorted(in_threads(8, send)) == ["saved", *["told"] * 7]
    assert action.pledges.count() == 1


def test_a_retry_after_the_commit_gets_the_same_row_even_with_the_version_it_saw_before():
    action = an_action()
    organization, by = a_partner(action.coalition), a_member(action.coalition)
    sent: dict[str, Any] = {
        "organization": organization,
        "by": by,
        "role": Role.ORGANIZER,
        "figures": Figures(1, 2, 3),
        "idempotency_key": "k",
        "seen_version": 0,
    }
    first = log_pledge(action, **sent)
    a_pledge(action, organization=organization, likely=50)
    assert log_pledge(action, **sent) == first
    assert action.pledges.count() == 2
    assert action.current_pledges.get().likely == 50


@pytest.mark.parametrize("changed", ["figures", "organization"])
def test_a_key_that_was_used_for_something_else_is_refused(changed):
    action = an_action()
    organization, by = a_partner(action.coalition), a_member(action.coalition)
    sent: dict[str, Any] = {"organization": organization, "figures": Figures(1, 2, 3)}
    common: dict[str, Any] = {"by": by, "role": Role.ORGANIZER, "idempotency_key": "k"}
    log_pledge(action, **sent, **common)
    other: Any = {"figures": Figures(1, 2, 4), "organization": a_partner(action.coalition)}[changed]
    with pytest.raises(Refused) as refusal:
        log_pledge(action, **sent | {changed: other}, **common)
    assert refusal.value.field == "idempotency_key"
    assert action.pledges.count() == 1


def test_the_same_key_of_another_person_is_another_key():
    action = an_action()
    a_pledge(action, by=a_member(action.coalition), idempotency_key="k")
    a_pledge(action, by=a_member(action.coalition), idempotency_key="k")
    assert action.pledges.count() == 2


def test_a_pledge_above_the_cap_is_refused_and_says_the_cap():
    action = an_action(a_coalition(pledge_cap=5000))
    with pytest.raises(Refused, match="5,000") as refusal:
        a_pledge(action, likely=10**9)
    assert refusal.value.field == "high"
    assert not action.pledges.exists()


def test_a_jump_is_kept_but_not_counted_on_until_a_lead_does():
    action = an_action()
    organization = a_partner(action.coalition)
    partner = a_member(action.coalition, role=Role.PARTNER, organization=organization)
    lead = a_member(action.coalition, role=Role.LEAD)
    a_pledge(action, organization=organization, likely=50, by=partner, role=Role.PARTNER)
    jump = a_pledge(action, organization=organization, likely=5000, by=partner, role=Role.PARTNER)
    current = action.current_pledges.get()
    assert jump.is_held_back
    assert (current.likely, current.latest.likely) == (50, 5000)
    a_pledge(action, organization=organization, likely=5000, by=lead, role=Role.LEAD)
    current.refresh_from_db()
    assert (current.likely, current.latest_id == current.counted_id) == (5000, True)


def test_many_small_steps_within_a_day_are_a_jump_too():
    action = an_action()
    organization = a_partner(action.coalition)
    partner = a_member(action.coalition, role=Role.PARTNER, organization=organization)
    held_back = [
        a_pledge(action, organization=organization, likely=likely, by=partner, role=Role.PARTNER).is_held_back
        for likely in (40, 300, 2500)
    ]
    assert held_back == [False, False, True]


def test_a_step_from_what_a_lead_counted_on_is_no_jump():
    action = an_action()
    organization = a_partner(action.coalition)
    partner = a_member(action.coalition, role=Role.PARTNER, organization=organization)
    lead = a_member(action.coalition, role=Role.LEAD)
    a_pledge(action, organization=organization, likely=40, by=partner, role=Role.PARTNER)
    a_pledge(action, organization=organization, likely=2500, by=lead, role=Role.LEAD)
    again = a_pledge(action, organization=organization, likely=2600, by=partner, role=Role.PARTNER)
    assert not again.is_held_back


def test_a_partner_cannot_rewrite_its_pledge_once_the_action_was_held():
    action = a_held_action()
    organization = a_partner(action.coalition)
    with pytest.raises(Refused, match="has been held"):
        a_pledge(action, organization=organization, role=Role.PARTNER)
    a_pledge(action, organization=organization, role=Role.ORGANIZER)
    assert action.pledges.count() == 1


@pytest.mark.parametrize(("low", "likely", "high"), [(-1, 2, 3), (3, 2, 4), (1, 5, 4)])
def test_figures_out_of_order_or_below_zero_are_refused(low, likely, high):
    action = an_action()
    with pytest.raises(Refused):
        a_pledge(action, low=low, likely=likely, high=high)
    assert not action.pledges.exists()


def test_a_cancelled_action_takes_no_pledge_and_no_count():
    action = an_action(status=ActionStatus.CANCELLED)
    with pytest.raises(Refused, match="cancelled"):
        a_pledge(action)
    with pytest.raises(Refused, match="cancelled"):
        a_count(action)


def test_an_organization_of_another_coalition_is_refused():
    action = an_action()
    with pytest.raises(Refused):
        a_pledge(action, organization=a_partner())


def test_ledger_rows_cannot_be_changed_or_deleted_even_by_hand():
    pledge, count = a_pledge(), a_count()
    for table, pk in ((Pledge, pledge.pk), (Count, count.pk)):
        with pytest.raises(DatabaseError, match="only ever added"), transaction.atomic():
            table.objects.across_coalitions().filter(pk=pk).update(high=10**6)
        with (
            pytest.raises(DatabaseError, match="only ever added"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"DELETE FROM {table._meta.db_table} WHERE id = %s", [pk])
    pledge.refresh_from_db()
    assert pledge.high == 120


def test_the_time_of_a_row_is_the_servers():
    pledge = a_pledge()
    pledge.refresh_from_db()
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        (now,) = cursor.fetchone()
    assert abs(now - pledge.at) < timedelta(minutes=1)


def test_a_count_sent_twice_is_one_row():
    action, key = a_held_action(), "the-same-key"
    first = a_count(action, idempotency_key=key)
    assert a_count(action, idempotency_key=key) == first
    assert action.counts.count() == 1
    with pytest.raises(Refused):
        a_count(action, idempotency_key=key, low=1)


def test_a_correction_is_a_new_row_and_the_first_stays():
    first = a_count(best=1000)
    second = a_count(first.action, best=800, corrects=first)
    assert [row.best for row in first.action.counts.order_by("pk")] == [1000, 800]
    assert second.corrects == first
    change: Any = first.action.coalition.changes.latest("revision")
    assert (change.verb, change.before["best"], change.after["best"]) == ("count.corrected", 1000, 800)


def test_the_second_correction_of_one_count_is_told_of_the_first():
    first = a_count(best=1000)
    second = a_count(first.action, best=800, corrects=first)
    with pytest.raises(StaleEdit) as stale:
        a_count(first.action, best=700, corrects=first)
    assert stale.value.theirs == second


def test_a_correction_belongs_to_the_same_action():
    first = a_count()
    with pytest.raises(Refused):
        a_count(a_held_action(first.coalition), corrects=first)


@pytest.mark.parametrize(
    "wrong",
    [
        {"low": 2000},
        {"low": -5},
        {"high": 10**8, "best": 10**8},
        {"of": CountOf.PLEDGED},
        {"of": CountOf.WALK_INS, "organization": "own"},
        {"of": CountOf.PLEDGED, "organization": "foreign"},
    ],
)
def test_an_impossible_count_is_refused(wrong):
    action = a_held_action()
    organizations = {"own": a_partner(action.coalition), "foreign": a_partner()}
    if "organization" in wrong:
        wrong = wrong | {"organization": organizations[wrong["organization"]]}
    with pytest.raises(Refused):
        log_count(action, by=None, idempotency_key="k", values=a_crowd(**wrong))
    assert not action.counts.exists()
