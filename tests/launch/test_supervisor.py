"""What dies is started again, ever later if it keeps dying, and all stop in order."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from launch.children import Child, command_line, end_leftover
from launch.programs import Program, free_port, why_it_ended
from launch.supervisor import Supervisor
from tests.launch.starting import until

STOPS_SLOWLY = """
import pathlib, signal, sys, time
def goodbye(*_):
    time.sleep(float(sys.argv[2]))
    with pathlib.Path('stopped').open('a') as file: print(sys.argv[1], file=file)
    sys.exit()
signal.signal(signal.SIGTERM, goodbye)
pathlib.Path(sys.argv[1]).touch()
while True: time.sleep(1)
"""


@pytest.fixture
def environment():
    return {"PATH": os.environ["PATH"]}


@pytest.fixture
def a_program(tmp_path, environment):
    made = []

    def make(name: str, *command: str) -> Program:
        child = Child(command, log=tmp_path / f"{name}.log", environment=environment, folder=tmp_path)
        made.append(child)
        return Program(name, child, patience=5.0)

    yield make
    for child in made:
        child.stop(patience=1.0)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def supervisor(tmp_path, clock):
    started = []
    return Supervisor(
        stopping=lambda: False,
        log_folder=tmp_path,
        on_start=lambda *what: started.append(what),
        clock=clock,
    )


def pauses_of(
    supervisor: Supervisor, clock: Clock, program: Program, *, deaths: int, life: float
) -> list[float]:
    """How long the supervisor waits after each death, when every life lasts `life` seconds."""
    pauses = []
    for _ in range(deaths):
        born = program.pid
        clock.now += life
        until(lambda: program.exit_code() is not None)
        died = clock.now
        supervisor.revive()
        while program.pid == born:
            clock.now += 0.5
            supervisor.revive()
        pauses.append(clock.now - died)
    return pauses


def test_what_keeps_dying_is_started_ever_later(supervisor, clock, a_program):
    program = a_program("broken", "false")
    supervisor.start([program])
    assert pauses_of(supervisor, clock, program, deaths=7, life=1.0) == [0, 1, 3, 7, 15, 30, 30]


def test_what_lived_long_is_started_at_once(supervisor, clock, a_program):
    program = a_program("mortal", "false")
    supervisor.start([program])
    assert pauses_of(supervisor, clock, program, deaths=4, life=60.0) == [0, 0, 0, 0]


def test_one_that_died_early_is_forgiven_after_a_long_life(supervisor, clock, a_program):
    program = a_program("moody", "false")
    supervisor.start([program])
    pauses_of(supervisor, clock, program, deaths=4, life=1.0)
    pauses_of(supervisor, clock, program, deaths=1, life=60.0)
    assert pauses_of(supervisor, clock, program, deaths=2, life=1.0) == [0, 1]


def test_services_stop_in_the_order_asked_for_and_those_together_at_once(supervisor, a_program, tmp_path):
    slow = {"web": "0.4", "live": "0.2", "worker": "0", "store": "0"}
    programs = [
        a_program(name, sys.executable, "-c", STOPS_SLOWLY, name, pause) for name, pause in slow.items()
    ]
    supervisor.start(programs)
    until(lambda: all((tmp_path / name).exists() for name in slow))
    supervisor.stop(["web", "live", "worker", "store"], together=frozenset({"web", "live"}))
    assert (tmp_path / "stopped").read_text().split() == ["live", "web", "worker", "store"]


def test_one_that_ignores_every_request_is_killed(supervisor, a_program, tmp_path):
    stubborn = "trap '' TERM; touch ready; while true; do sleep 0.1; done"
    program = a_program("stubborn", "sh", "-c", stubborn)
    program.patience = 0.3
    supervisor.start([program])
    until((tmp_path / "ready").exists)
    supervisor.stop(["stubborn"], together=frozenset())
    assert program.exit_code() == -signal.SIGKILL


def test_what_a_killed_program_started_dies_with_it(supervisor, a_program, tmp_path):
    program = a_program("parent", "sh", "-c", "sleep 4321 & echo $! > orphan; wait")
    supervisor.start([program])
    until(lambda: (tmp_path / "orphan").exists() and (tmp_path / "orphan").read_text().strip())
    orphan = int((tmp_path / "orphan").read_text())
    os.kill(program.pid, signal.SIGKILL)
    until(lambda: program.exit_code() is not None)
    until(lambda: "sleep" not in command_line(orphan), patience=20.0)


def test_a_leftover_whose_pid_is_a_strangers_now_is_left_alone(a_program):
    stranger = a_program("stranger", "sleep", "60")
    stranger.start()
    assert not end_leftover(stranger.pid, "another birth")
    assert not end_leftover(stranger.pid, "")
    assert stranger.exit_code() is None


def test_a_port_in_use_is_passed_over(a_program, tmp_path):
    first = free_port(18_400)
    server = f"s = socket.create_server(('', {first})); pathlib.Path('on').touch(); time.sleep(60)"
    a_program("server", sys.executable, "-c", f"import pathlib, socket, time; {server}").start()
    until((tmp_path / "on").exists)
    assert free_port(first) > first


@pytest.mark.parametrize(
    ("code", "words"), [(0, "ended with 0"), (-9, "was ended by SIGKILL"), (-99, "was ended by signal 99")]
)
def test_an_end_is_told_in_words(code, words):
    assert why_it_ended(code) == words
