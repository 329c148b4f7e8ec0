"""`manage`, `exec` and `test`: a command in the foreground, with servers up for as long as it runs."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from launch import servers
from launch.children import before_exec, birthmark
from launch.claim import Claim, Record
from launch.screen import CannotStart, say
from launch.signals import StopWish
from launch.state import ROOT, StateFolder

# These read no database: starting servers for them would only cost time.
WITHOUT_DATABASE = frozenset(
    {"measure", "power", "check", "collectstatic", "compilemessages", "makemessages", "help", "version"}
)
HELD_UP = 2.0


def manage(arguments: list[str]) -> int:
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    if needs_no_database(arguments):
        replace_ourselves(command, without_database())
    return with_servers(command, doing=" ".join(["./muster manage", *arguments[:1]]))


def needs_no_database(arguments: list[str]) -> bool:
    if not arguments or {"--help", "-h", "--version"} & set(arguments):
        return True
    return arguments[0] in WITHOUT_DATABASE and "--database" not in arguments


def execute(arguments: list[str]) -> int:
    if not arguments:
        raise CannotStart("Say what to run: ./muster exec COMMAND [its arguments]")
    return with_servers(arguments, doing=f"./muster exec {Path(arguments[0]).name}")


def test(arguments: list[str]) -> int:
    """Servers of its own in a folder of its own, so that a running Muster is not disturbed."""
    stopping = StopWish()
    runs = servers.state_folder().folder("test")
    remove_old_runs(runs)
    state = StateFolder(runs / f"{os.getpid()}")
    command = [sys.executable, "-m", "pytest", *arguments]
    try:
        with Claim(state, doing="./muster test") as claim:
            claim.take()
            return run_with(command, state, claim, stopping, throw_away=True, folder=ROOT)
    finally:
        shutil.rmtree(state.path, ignore_errors=True)


def with_servers(command: list[str], *, doing: str) -> int:
    """Inside the servers of a running Muster, else inside our own for as long as the command runs."""
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        replace_ourselves(command, servers.variables(servers.state_folder(), []))
    state = servers.state_folder()
    claim = Claim(state, doing=doing)
    began, told = time.monotonic(), False
    while not claim.take():
        holder = claim.holder()
        if holder and holder.environment:
            replace_ourselves(command, holder.environment)
        if holder and not told and time.monotonic() - began > HELD_UP:
            say(f"Waiting for {describe(holder)}.")
            told = True
        time.sleep(0.1)
    with claim:
        return run_with(command, state, claim, StopWish(), throw_away=False, folder=caller_folder())


def describe(holder: Record) -> str:
    return f"{holder.doing} (pid {holder.pid})"


def run_with(
    command: list[str],
    state: StateFolder,
    claim: Claim,
    stopping: StopWish,
    *,
    throw_away: bool,
    folder: Path,
) -> int:
    embedded = servers.needed(state, throw_away=throw_away)
    try:
        for server in embedded:
            server.start(stopping=stopping)
            claim.note_child(server.name, server.pid)
        if stopping():
            return stopping.exit_code
        return run_in_foreground(command, servers.variables(state, embedded), stopping, folder=folder)
    finally:
        for server in reversed(embedded):
            server.stop()
            if throw_away:
                server.forget()


def run_in_foreground(
    command: list[str], variables: dict[str, str], stopping: StopWish, *, folder: Path
) -> int:
    """The command has the terminal: it gets Ctrl-C itself, and we wait until it has dealt with it."""
    try:
        process = subprocess.Popen(
            command,
            env=environment_with(variables),
            cwd=folder,
            preexec_fn=before_exec(signal.SIGTERM),  # noqa: PLW1509  we have one thread
        )
    except (FileNotFoundError, PermissionError) as error:
        raise CannotStart(f"{command[0]} cannot be run: {error.strerror}.") from error
    seen = 0
    while True:
        with suppress(subprocess.TimeoutExpired):
            code = process.wait(0.1)
            return code if code >= 0 else 128 - code
        for number in stopping.received[seen:]:
            if number != signal.SIGINT:
                process.send_signal(number)
        seen = len(stopping.received)


def replace_ourselves(command: list[str], variables: dict[str, str]) -> None:
    """Become the command: its input, output, signals and exit code need no help from us."""
    os.chdir(caller_folder())
    try:
        os.execvpe(command[0], command, environment_with(variables))  # noqa: S606  no shell is wanted
    except OSError as error:
        raise CannotStart(f"{command[0]} cannot be run: {error.strerror}.") from error


def environment_with(variables: dict[str, str]) -> dict[str, str]:
    """Ours on top of the caller's, and the programs of .venv before the system's."""
    programs = str(Path(sys.executable).parent)
    return os.environ | variables | {"PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def caller_folder() -> Path:
    """Where the person is: the files they name are named from there."""
    return Path(os.environ.get("MUSTER_CWD") or Path.cwd())


def without_database() -> dict[str, str]:
    """Settings need these to load; nothing connects to them."""
    nowhere = {"DATABASE_URL": "postgresql:///nowhere?host=/nonexistent", "REDIS_URL": "unix:///nonexistent"}
    plain = {"MUSTER_ENV": "development", "SECRET_KEY": "unused by a command without database"}
    return {name: value for name, value in (nowhere | plain).items() if not os.environ.get(name)}


def remove_old_runs(runs: Path) -> None:
    """Folders of test runs that were killed. Each is named after its process."""
    for folder in runs.iterdir():
        if birthmark(int(folder.name)):
            continue
        with Claim(StateFolder(folder), doing="cleaning up") as claim:
            if claim.take():
                shutil.rmtree(folder, ignore_errors=True)
