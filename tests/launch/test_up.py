"""The whole of Muster on one machine: it starts, survives, is found by others and stops."""

from __future__ import annotations

import os
import signal
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from launch.children import birthmark
from tests.launch.starting import Running, gone, muster, started, until

CHILDREN = ("web", "live", "beat", "jobs", "worker", "valkey", "postgres")


def healthy(record: dict[str, Any]) -> bool:
    """Pages answer (which needs PostgreSQL) and so does the live process."""
    live_port = record["environment"]["LIVE_PORT"]
    with suppress(urllib.error.URLError, OSError):
        for address in (f"{record['address']}healthz", f"http://127.0.0.1:{live_port}/live/healthz"):
            with urllib.request.urlopen(address, timeout=5) as answer:
                if answer.status != 200:
                    return False
        return True
    return False


def members_of_group(group: int) -> set[int]:
    """The processes of a child, whatever it started itself."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, IndexError):
                if int((entry / "stat").read_text().rpartition(")")[2].split()[2]) == group:
                    found.add(int(entry.name))
    return found


def workers_of(running: Running, name: str) -> set[int]:
    pid, _ = running.child(name)
    return members_of_group(pid) - {pid}


def test_it_starts_everything_and_says_where(running):
    until(lambda: set(running.record["children"]) == set(CHILDREN))
    assert running.record["address"] in running.said
    assert healthy(running.record)


def test_a_second_start_is_refused_and_names_the_first(running):
    second = muster("up", var=running.var)
    assert second.returncode == 1
    assert f"pid {running.process.pid}" in second.stderr
    assert running.record["address"] in second.stderr
    assert healthy(running.record)


def test_commands_use_the_servers_that_already_run(running):
    before = running.record["children"]
    found = muster("exec", "printenv", "DATABASE_URL", var=running.var)
    assert found.stdout.strip() == running.record["environment"]["DATABASE_URL"]
    migrated = muster("manage", "migrate", "--check", var=running.var)
    assert migrated.returncode == 0, migrated.stderr
    assert running.record["children"] == before


def test_tests_run_beside_it_on_servers_of_their_own(running, tmp_path):
    (tmp_path / "test_where.py").write_text(
        "import os\n"
        "def test_where(): print('\\nWHERE', os.environ['DATABASE_URL'], os.environ['MUSTER_VAR'])\n"
    )
    done = muster(
        *("test", "-q", "-s", "-c", "/dev/null", "--rootdir", str(tmp_path), str(tmp_path)),
        *("-p", "no:django", "-p", "no:cacheprovider"),
        var=running.var,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    where = next(line for line in done.stdout.splitlines() if line.startswith("WHERE"))
    _, database, var = where.split()
    assert database != running.record["environment"]["DATABASE_URL"]
    assert Path(var).parent == running.var / "test"
    assert not Path(var).exists()
    assert healthy(running.record)


@pytest.mark.parametrize("name", CHILDREN)
def test_a_killed_child_is_started_again(running, name):
    until(lambda: name in running.record["children"])
    pid, mark = running.child(name)
    left_behind = [(member, birthmark(member)) for member in members_of_group(pid)]
    os.kill(pid, signal.SIGKILL)
    until(lambda: running.child(name)[0] != pid, running.said)
    until(lambda: healthy(running.record), running.said)
    assert gone(pid, mark)
    until(lambda: all(gone(member, its_mark) for member, its_mark in left_behind if its_mark))
    assert f"{name} was ended by SIGKILL; starting it again" in running.said


@pytest.mark.parametrize("name", ["web", "worker"])
def test_a_killed_child_of_a_child_is_replaced_too(running, name):
    until(lambda: name in running.record["children"])
    until(lambda: len(workers_of(running, name)) >= 2, f"{name} has no workers")
    victim = max(workers_of(running, name))
    os.kill(victim, signal.SIGKILL)
    until(lambda: len(workers_of(running, name) - {victim}) >= 2)
    until(lambda: healthy(running.record), running.said)


def test_a_killed_launcher_leaves_nothing_and_the_next_start_recovers(var):
    note = var.with_name("pid of the command")
    with started("exec", "sh", "-c", 'echo $$ > "$0"; exec sleep 4321', str(note), var=var) as first:
        until(lambda: note.exists() and note.read_text().strip())
        command = int(note.read_text())
        left_behind = [*first.record["children"].values(), (command, birthmark(command))]
        assert len(left_behind) == 3
        first.process.kill()
        first.process.wait()
    again = muster("exec", "echo", "recovered", var=var)
    assert again.stdout == "recovered\n", again.stderr
    assert all(gone(pid, mark) for pid, mark in left_behind)


def test_a_taken_port_is_not_ours_to_use(running, var):
    port = running.record["environment"]["PORT"]
    refused = muster("up", var=var, PORT=port)
    assert refused.returncode == 1
    assert f"Port {port} is taken" in refused.stderr
    assert healthy(running.record)


def test_ctrl_c_stops_everything_and_leaves_nothing(running):
    """The last test of this file, because it stops what the others share."""
    until(lambda: set(running.record["children"]) == set(CHILDREN))
    children = running.record["children"]
    members = {member for pid, _ in children.values() for member in members_of_group(pid)}
    assert len(members) > len(CHILDREN)
    assert running.stop() == 0
    assert running.said.rstrip().endswith("Stopped.")
    assert all(gone(pid, mark) for pid, mark in children.values())
    assert not any(members_of_group(pid) for pid, _ in children.values())
    assert not (running.var / "running.json").exists()
    assert "database system is shut down" in (running.var / "log" / "postgres.log").read_text()
