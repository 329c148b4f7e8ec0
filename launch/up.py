"""`./muster up`: everything, from the servers to the address on the screen, until somebody stops it."""

import os
import resource
from pathlib import Path

from launch import servers
from launch.children import tail
from launch.claim import Claim, Record, take_soon
from launch.preparation import prepare, wants_demo
from launch.programs import Addresses, Program, all_programs, choose_addresses, why_it_ended
from launch.screen import CannotStart, say, seconds_so_far
from launch.signals import StopWish
from launch.state import ROOT, StateFolder
from launch.supervisor import Supervisor

FILES_AT_ONCE = 65_536
PATIENCE = 120.0
STOP_ORDER = ("web", "live", "beat", "jobs", "worker", "valkey", "postgres")
STOP_TOGETHER = frozenset({"web", "live", "beat", "jobs", "worker"})
DEMO_LOGINS = ("lead@demo.example", "organizer@demo.example", "observer@demo.example", "partner@demo.example")


def up() -> int:
    stopping = StopWish()
    state = servers.state_folder()
    claim = Claim(state, doing="./muster")
    if not take_soon(claim):
        raise CannotStart(refusal(state, claim.holder()))
    with claim:
        supervisor = Supervisor(stopping=stopping, log_folder=state.folder("log"), on_start=claim.note_child)
        try:
            run(state, claim, supervisor, stopping)
        finally:
            say("Stopping.")
            supervisor.stop(STOP_ORDER, together=STOP_TOGETHER)
    say("Stopped.")
    return 0


def run(state: StateFolder, claim: Claim, supervisor: Supervisor, stopping: StopWish) -> None:
    raise_file_limit()
    for log in state.folder("log").glob("*.log"):
        start_new_log_if_long(log)
    embedded = servers.needed(state)
    addresses = choose_addresses()
    claim.record.address = addresses.web
    claim.publish()
    supervisor.start(embedded)
    for server in embedded:
        say(f"{server.about} is up")
    shared = servers.variables(state, embedded) | addresses.variables()
    prepare(state, embedded, shared, stopping=stopping)
    if stopping():
        return
    claim.record.environment = shared
    programs = all_programs(state, addresses, os.environ | shared)
    # People wait for the pages; loading everything at once would make them wait for the workers too.
    serving = [program for program in programs if program.health]
    supervisor.start(serving)
    if wait_for(serving, supervisor, stopping):
        greet(state, addresses, shared)
        supervisor.start([program for program in programs if program not in serving])
        supervisor.watch()
    elif not stopping():
        raise CannotStart(what_failed(serving))


def wait_for(serving: list[Program], supervisor: Supervisor, stopping: StopWish) -> bool:
    """Until they answer; who waits long is told where to look."""
    ready = supervisor.wait_until_healthy(
        lambda: all(one.healthy() for one in serving), patience=PATIENCE / 6
    )
    if ready or stopping() or supervisor.somebody_died():
        return ready
    say(f"This takes long. What the processes say is in {supervisor.log_folder}")
    return supervisor.wait_until_healthy(lambda: all(one.healthy() for one in serving), patience=PATIENCE)


def refusal(state: StateFolder, holder: Record | None) -> str:
    if holder is None:
        return f"Another Muster is using {state.path}. Wait for its end, or set MUSTER_VAR to another folder."
    where = f" at {holder.address}" if holder.address else ""
    return (
        f"Muster already runs in this folder: {holder.doing}, pid {holder.pid}{where}. "
        f"Stop it with Ctrl-C there, or with: kill {holder.pid}"
    )


def what_failed(programs: list[Program]) -> str:
    for program in programs:
        code = program.exit_code()
        if code is not None or not program.healthy():
            log = program.child.log
            what = "does not answer" if code is None else why_it_ended(code)
            return f"{program.name} {what}. What it said last ({log}):\n{tail(log)}"
    return "Muster did not start in time."


def greet(state: StateFolder, addresses: Addresses, shared: dict[str, str]) -> None:
    say(f"\nMuster is ready after {seconds_so_far():.1f} s:  {addresses.web}\n")
    if wants_demo():
        say(f"  Demo logins   {DEMO_LOGINS[0]}")
        for login in DEMO_LOGINS[1:]:
            say(f"                {login}")
        say(f"  Password      {shared['MUSTER_DEMO_PASSWORD']}")
    else:
        say("  No demo data on your own database. Begin with: ./muster manage createcoalition")
    folder = state.path.relative_to(ROOT) if state.path.is_relative_to(ROOT) else state.path
    say(f"  Data, logs    {folder}/, {folder}/log/\n\nStop with Ctrl-C.")


def raise_file_limit() -> None:
    """Every open stream is a file; the usual soft limit of 1,024 would be the number of readers."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_AT_ONCE if hard == resource.RLIM_INFINITY else min(hard, FILES_AT_ONCE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def start_new_log_if_long(log: Path, *, limit: int = 10_000_000) -> None:
    if log.stat().st_size > limit:
        log.replace(log.with_suffix(".log.1"))
