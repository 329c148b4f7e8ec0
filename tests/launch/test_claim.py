"""One launcher per state folder, and what it leaves to the next one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from launch.children import birthmark
from launch.claim import Claim
from launch.foreground import remove_old_runs
from launch.state import StateFolder


@pytest.fixture
def state(var):
    return StateFolder(var)


@pytest.fixture
def an_ended_pid() -> int:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def test_only_one_holds_a_claim_and_the_other_reads_who(state):
    with Claim(state, doing="first") as first, Claim(state, doing="second") as second:
        assert first.take()
        assert not second.take()
        found = second.holder()
        assert found is not None
        assert found.doing == "first"


def test_who_was_refused_leaves_the_record_of_the_holder_alone(state):
    with Claim(state, doing="first") as first:
        first.take()
        with Claim(state, doing="second") as second:
            assert not second.take()
        assert first.holder() is not None
    with Claim(state, doing="third") as third:
        assert third.take()


def test_the_next_holder_stops_what_a_killed_one_left_running(state):
    left_behind = subprocess.Popen(["sleep", "60"], process_group=0)
    killed = Claim(state, doing="killed")
    killed.take()
    killed.note_child("server", left_behind.pid)
    killed._lock.close()  # as the kernel does when a process dies
    with Claim(state, doing="next") as following:
        assert following.take()
        assert left_behind.wait(5) != 0
        assert following.record.children == {}


def test_a_record_that_cannot_be_read_is_no_obstacle(state):
    (state.path / "running.json").write_text("{half a rec")
    with Claim(state, doing="next") as claim:
        assert claim.take()


def test_folders_of_killed_test_runs_go_and_those_of_running_ones_stay(state, an_ended_pid):
    runs = state.folder("test")
    running = subprocess.Popen(["sleep", "60"])
    try:
        (runs / str(running.pid)).mkdir()
        (runs / str(an_ended_pid) / "postgres").mkdir(parents=True)
        assert birthmark(running.pid)
        remove_old_runs(runs)
        assert [folder.name for folder in runs.iterdir()] == [str(running.pid)]
    finally:
        running.kill()
        running.wait()
