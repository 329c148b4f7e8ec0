"""Starts `./muster` the way a person does, in a state folder of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launch.children import birthmark
from launch.state import ROOT

PATIENCE = 120.0
OURS = ("DATABASE_URL", "REDIS_URL", "PORT", "LIVE_PORT", "BASE_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE")


def a_plain_environment(var: Path, **more: str) -> dict[str, str]:
    """Nothing of the test run's own servers, so that the launcher brings its own."""
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    kept = {
        name: value for name, value in kept.items() if not name.startswith(("MUSTER_", "COV_", "PYTEST_"))
    }
    return kept | {"MUSTER_VAR": str(var)} | more


def muster(
    *words: str, var: Path, says: str = "", folder: Path = ROOT, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "launch", *words],
        input=says,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=a_plain_environment(var, MUSTER_CWD=str(folder), **more),
        timeout=PATIENCE,
        check=False,
    )


@dataclass
class Running:
    """A launcher at work."""

    process: subprocess.Popen[bytes]
    var: Path
    screen: Path

    @property
    def record(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        with contextlib.suppress(FileNotFoundError, ValueError):
            found = json.loads((self.var / "running.json").read_text())
        return found

    @property
    def said(self) -> str:
        return self.screen.read_text()

    def child(self, name: str) -> tuple[int, str]:
        pid, mark = self.record["children"][name]
        return pid, mark

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)


@contextlib.contextmanager
def started(*words: str, var: Path, **more: str) -> Iterator[Running]:
    """A launcher in the background; however the test ends, it is stopped."""
    screen = var.with_name(f"{var.name}.screen")
    with screen.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "launch", *words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=ROOT,
            env=a_plain_environment(var, **more),
        )
    try:
        yield Running(process, var, screen)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def until(happened: Callable[[], object], why: str = "", *, patience: float = PATIENCE) -> None:
    deadline = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < deadline, f"waited {patience:.0f} s in vain. {why}"
        time.sleep(0.05)


def gone(pid: int, mark: str) -> bool:
    return birthmark(pid) != mark
