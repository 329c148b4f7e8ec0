"""The worker's side: alone with an import, interrupted, doubled, cancelled, resumed."""

from __future__ import annotations

import os
import signal
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.utils import timezone

from coalitions import jobs, live
from coalitions.models import Import, ImportState
from coalitions.services.directory import add_organization
from coalitions.services.imports import cancel, start_commit, uploads
from coalitions.services.imports.committing import commit_import
from coalitions.services.imports.running import Cancelled, alone_with
from coalitions.services.imports.writing import MovedOn
from tests.coalitions.importing import OWN, TWIN_CITIES, bring_in, check
from tests.factories import a_coalition, a_member
from tests.stack import running, until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def coalition():
    return a_coalition()


@pytest.fixture
def organizer(coalition):
    return a_member(coalition)


@pytest.fixture
def started(coalition, organizer):
    upload = check(coalition, organizer, OWN)
    start_commit(upload, by=organizer)
    upload.refresh_from_db()
    return upload


def in_another_thread(work):
    """On a connection of its own, as another process would be."""
    found = []

    def run():
        try:
            found.append(work())
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    return found[0]


def test_a_message_that_comes_twice_imports_once(coalition, started):
    jobs.commit_import(started.pk)
    jobs.commit_import(started.pk)
    jobs.check_import(started.pk)
    assert coalition.changes.count() == 1
    assert coalition.organizations.count() == 2


@pytest.mark.parametrize("nonsense", [None, "1", [1], 10**15])
def test_a_message_that_makes_no_sense_does_nothing(coalition, nonsense):
    jobs.check_import(nonsense)
    jobs.commit_import(nonsense)
    assert coalition.imports.count() == 0


def test_two_workers_never_have_one_import(started):
    with alone_with(started.pk, state=ImportState.COMMITTING) as first:
        assert first is not None

        def try_too():
            with alone_with(started.pk, state=ImportState.COMMITTING) as second:
                return second

        assert in_another_thread(try_too) is None
    # The control: once the first one is gone, the next one gets it.
    with alone_with(started.pk, state=ImportState.COMMITTING) as next_one:
        assert next_one is not None


def test_progress_is_seen_while_the_transaction_is_open(started):
    seen = []

    def look():
        row = Import.objects.across_coalitions().get(pk=started.pk)
        return row.done, row.total, row.coalition.organizations.count()

    with alone_with(started.pk, state=ImportState.COMMITTING) as run:

        def step(number):
            run.step(number)
            run._beat()
            seen.append(in_another_thread(look))

        commit_import(
            run.upload, records=jobs._read(run, progress=run.reach).records, begin=run.begin, step=step
        )
    assert seen[0] == (2, 11, 0)
    assert [done for done, _total, _visible in seen] == sorted({done for done, _total, _visible in seen})
    assert {visible for _done, _total, visible in seen} == {0}
    assert started.coalition.organizations.count() == 2


def test_progress_is_published_at_most_twice_a_second(started):
    listener = live.client().pubsub(ignore_subscribe_messages=True)
    listener.subscribe(live.channel(started.coalition_id))
    listener.get_message(timeout=1)
    with alone_with(started.pk, state=ImportState.COMMITTING) as run:
        run.begin(5000)
        for _turn in range(5000):
            run.step(1)
    heard = []
    while (message := listener.get_message(timeout=0.3)) is not None:
        heard.append(message["data"].decode())
    listener.close()
    assert {text.split()[1] for text in heard} == {started.fragment}
    assert 1 <= len(heard) <= 4


def test_a_worker_that_dies_leaves_nothing_half_written(coalition, started):
    def die(_number):
        raise KeyboardInterrupt

    with alone_with(started.pk, state=ImportState.COMMITTING) as run:
        records = jobs._read(run, progress=run.reach).records
        with pytest.raises(KeyboardInterrupt):
            commit_import(run.upload, records=records, begin=run.begin, step=die)
    assert coalition.organizations.count() == 0
    started.refresh_from_db()
    assert started.state == "committing"
    # Later somebody notices that it fell silent, and the next worker does all of it.
    assert started not in uploads.silent(now=timezone.now())
    assert started in uploads.silent(now=timezone.now() + timedelta(minutes=1))
    jobs.commit_import(started.pk)
    assert coalition.organizations.count() == 2
    assert uploads.silent(now=timezone.now() + timedelta(minutes=1)) == []


def test_silent_imports_are_queued_again(started):
    live.client().delete("jobs")
    jobs.resume_imports()
    assert live.client().llen("jobs") == 0
    Import.objects.across_coalitions().update(beat_at=timezone.now() - timedelta(minutes=1))
    jobs.resume_imports()
    assert live.client().llen("jobs") == 1


def test_an_import_that_kills_its_worker_is_given_up(started):
    for _turn in range(3):
        with alone_with(started.pk, state=ImportState.COMMITTING) as run:
            assert run is not None
    jobs.commit_import(started.pk)
    started.refresh_from_db()
    assert (started.state, started.failure) == ("failed", "gave_up")
    assert started.files.first().chunks.count() == 0


def test_cancelling_stops_a_running_import_and_takes_its_work_back(coalition, started):
    with alone_with(started.pk, state=ImportState.COMMITTING) as run:

        def step(_number):
            in_another_thread(lambda: cancel(started))
            run._beat()

        records = jobs._read(run, progress=run.reach).records
        with pytest.raises(Cancelled):
            commit_import(run.upload, records=records, begin=run.begin, step=step)
    started.refresh_from_db()
    assert started.state == "cancelled"
    assert coalition.organizations.count() == 0
    assert coalition.changes.count() == 0


def test_cancelling_at_the_last_moment_is_noticed(coalition, started):
    """Between the last sign of life and the end the state is looked at once more, under a lock."""
    cancelled = []

    def step(_number):
        if not cancelled:
            cancelled.append(in_another_thread(lambda: cancel(started)))

    with alone_with(started.pk, state=ImportState.COMMITTING) as run:
        records = jobs._read(run, progress=run.reach).records
        with pytest.raises(uploads.Refused):
            commit_import(run.upload, records=records, begin=lambda _n: None, step=step)
    assert coalition.organizations.count() == 0


def test_an_organization_that_somebody_adds_meanwhile_is_found_at_the_second_look(
    coalition, organizer, started
):
    """The unique name is taken between our look and our writing."""
    added = []
    with alone_with(started.pk, state=ImportState.COMMITTING) as run:

        def begin(_total):
            if not added:
                added.append(
                    in_another_thread(
                        lambda: add_organization(coalition, by=None, values={"name": "DOCKERS"})
                    )
                )

        records = jobs._read(run, progress=run.reach).records
        with pytest.raises(uploads.Refused):
            commit_import(run.upload, records=records, begin=begin, step=run.step)
    jobs.commit_import(started.pk)
    started.refresh_from_db()
    assert started.state == "done"
    assert sorted(coalition.organizations.values_list("name", flat=True)) == ["DOCKERS", "Tenants"]


def test_a_row_that_somebody_edits_meanwhile_is_not_overwritten(coalition, organizer):
    bring_in(coalition, organizer, OWN)
    news = OWN | {"organizations.csv": "id,name,place\na,Dockers,Harbor\n"}
    upload = check(coalition, organizer, news)
    start_commit(upload, by=organizer)
    dockers = coalition.organizations.get(name="Dockers")

    def edit():
        type(dockers).objects.filter(coalition=coalition, pk=dockers.pk).update(place="Old Port", version=2)

    with alone_with(upload.pk, state=ImportState.COMMITTING) as run:
        records = jobs._read(run, progress=run.reach).records
        with pytest.raises(MovedOn):
            commit_import(
                run.upload, records=records, begin=lambda _n: in_another_thread(edit), step=run.step
            )
    jobs.commit_import(upload.pk)
    dockers.refresh_from_db()
    upload.refresh_from_db()
    assert (upload.state, dockers.place) == ("done", "Old Port")
    assert upload.summary["kept"] == [["organizations", 0, 2, "place", "Old Port", "Harbor"]]


def test_rows_that_are_gone_since_the_check_fail_the_import(coalition, organizer):
    first = bring_in(coalition, organizer, OWN)
    upload = check(coalition, organizer, {"p.csv": "action_id,organization_id\nm,b\n"})
    start_commit(upload, by=organizer)
    coalition.external_ids.all().delete()
    jobs.commit_import(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.failure) == ("failed", "rows_gone")
    assert first.state == "done"


def waiting_for_a_turn() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return cursor.fetchone()[0]


def test_two_imports_of_one_coalition_take_turns(coalition, organizer):
    first, second = (check(coalition, organizer, TWIN_CITIES) for _turn in range(2))
    for upload in (first, second):
        start_commit(upload, by=organizer)
    other = threading.Thread(target=lambda: (jobs.commit_import(second.pk), connections.close_all()))

    def begin(total):
        other.start()
        until(lambda: waiting_for_a_turn() == 1)
        run.begin(total)

    with alone_with(first.pk, state=ImportState.COMMITTING) as run:
        records = jobs._read(run, progress=run.reach).records
        commit_import(run.upload, records=records, begin=begin, step=run.step)
    other.join(60)
    states = [Import.objects.across_coalitions().get(pk=upload.pk).state for upload in (first, second)]
    assert states == ["done", "done"]
    assert coalition.organizations.count() == 70
    # The second one found everything there already.
    assert coalition.changes.count() == 1


def test_a_worker_that_is_killed_is_followed_by_one_that_finishes(coalition, started, tmp_path):
    """SIGKILL in the middle of the writing. The worker is held there by taking its turn away."""
    turn = connections.create_connection("default")
    try:
        with turn.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtextextended('imports of', %s))", [coalition.pk])
        with running(tmp_path, only=frozenset({"jobs"})) as stack:
            uploads.queue(started)
            until(lambda: waiting_for_a_turn() == 1, seconds=60)
            os.killpg(stack.programs["jobs"].pid, signal.SIGKILL)
            until(lambda: stack.programs["jobs"].exit_code() is not None)
            turn.close()
            # PostgreSQL notices that nobody is there as soon as it has something to say.
            until(lambda: waiting_for_a_turn() == 0)
            started.refresh_from_db()
            assert (started.state, coalition.organizations.count()) == ("committing", 0)
            stack.restart("jobs")
            Import.objects.across_coalitions().update(beat_at=timezone.now() - timedelta(minutes=1))
            jobs.resume_imports()

            def is_done():
                started.refresh_from_db()
                return started.state == "done"

            until(is_done, seconds=60)
    finally:
        turn.close()
    assert coalition.organizations.count() == 2
    assert coalition.changes.count() == 1


def test_an_upload_that_nobody_wanted_is_forgotten_with_its_files(coalition, organizer):
    upload = check(coalition, organizer, OWN)
    uploads.forget_old(now=timezone.now())
    upload.refresh_from_db()
    assert upload.state == "checked"
    uploads.forget_old(now=timezone.now() + timedelta(days=8))
    upload.refresh_from_db()
    assert upload.state == "cancelled"
    assert upload.files.first().chunks.count() == 0


def test_files_are_gone_once_the_import_is_done(coalition, organizer):
    upload = bring_in(coalition, organizer, OWN)
    assert [file.chunks.count() for file in upload.files.all()] == [0] * 5


def test_redis_away_loses_no_import(coalition, organizer):
    live._rest_until = time.monotonic() + 60
    upload = uploads.start_import(coalition, by=organizer, files=[("o.csv", [b"id,name\na,Dockers\n"])])
    jobs.check_import(upload.pk)
    start_commit(upload, by=organizer)
    jobs.commit_import(upload.pk)
    upload.refresh_from_db()
    assert upload.state == "done"
    assert not connection.in_atomic_block
