"""Child processes that never outlive the launcher and never get their signals from the keyboard."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from launch.disguise import OURSELVES, Disguise, libc
from launch.screen import CannotStart
from launch.state import ROOT

PR_SET_PDEATHSIG = 1
MOMENT = 0.02


class Child:
    """One process (with whatever it starts itself), its log file and how it is asked to stop."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        environment: Mapping[str, str],
        folder: Path = ROOT,
        stop_signal: signal.Signals = signal.SIGTERM,
        disguise: Disguise = OURSELVES,
    ) -> None:
        self.command = [str(part) for part in command]
        self.log = log
        self.environment = dict(environment)
        self.folder = folder
        self.stop_signal = stop_signal
        self.disguise = disguise
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=self.environment,
                process_group=0,  # Ctrl-C reaches the launcher alone, which stops everything in order
                preexec_fn=before_exec(self.stop_signal, self.disguise),  # noqa: PLW1509  we have one thread
            )

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    def exit_code(self) -> int | None:
        """None while it runs (or was never started)."""
        if self.process is None:
            return None
        if self.process.returncode is None and has_ended(self.process.pid):
            # A killed process may leave children of its own behind, which hold its port or its work. They go
            # before it is reaped: until then nobody else can get its group's number.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        return self.process.returncode

    def running(self) -> bool:
        return self.process is not None and self.exit_code() is None

    def ask_to_stop(self) -> None:
        if self.process and self.running():
            self.process.send_signal(self.stop_signal)

    def stop(self, *, patience: float, last_word: signal.Signals = signal.SIGKILL) -> None:
        self.ask_to_stop()
        for word in (last_word, signal.SIGKILL):
            if wait_until(lambda: not self.running(), patience) or self.process is None:
                return
            self.process.send_signal(word)
        wait_until(lambda: not self.running(), patience)


def has_ended(pid: int) -> bool:
    """Whether a child of ours has ended, without reaping it."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def wait_until(happened: Callable[[], bool], patience: float) -> bool:
    deadline = time.monotonic() + patience
    while not happened():
        if time.monotonic() > deadline:
            return False
        time.sleep(MOMENT)
    return True


def before_exec(death_signal: signal.Signals, disguise: Disguise = OURSELVES) -> Callable[[], None]:
    """What a new process does before it becomes the program: disguise, then a pact to die with us."""
    launcher = os.getpid()

    def prepare() -> None:
        disguise.put_on()  # first, because a change of user cancels the pact
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(death_signal))
            if os.getppid() != launcher:
                os._exit(1)

    return prepare


def run_tool(
    command: Sequence[str | Path], *, disguise: Disguise, environment: Mapping[str, str], says: str = ""
) -> str:
    """Run a short command to its end and return what it printed; `says` is what it reads."""
    words = [str(part) for part in command]
    done = subprocess.run(
        words,
        input=says,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env=dict(environment),
        preexec_fn=before_exec(signal.SIGKILL, disguise),
    )
    printed = done.stdout + done.stderr
    if done.returncode:
        raise CannotStart(f"{words[0]} failed ({done.returncode}):\n{printed[-1500:]}")
    return printed


def command_line(pid: int) -> str:
    if sys.platform.startswith("linux"):
        with suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return ""
    listed = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listed.stdout.strip()


def birthmark(pid: int) -> str:
    """Tells a process from a later one that got the same pid; empty if there is none."""
    if sys.platform.startswith("linux"):
        with suppress(OSError):
            after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            return after_name[19] if after_name[0] != "Z" else ""
        return ""
    listed = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listed.stdout.strip()


def end_leftover(pid: int, mark: str, *, patience: float = 10.0) -> bool:
    """Stop a child of a launcher that was killed, unless the pid has meanwhile become somebody else's."""
    if not mark or birthmark(pid) != mark:
        return False
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)
    wait_until(lambda: birthmark(pid) != mark, patience)
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    return True


def tail(log: Path, size: int = 1500) -> str:
    with suppress(OSError):
        return log.read_bytes()[-size:].decode(errors="replace")
    return ""
