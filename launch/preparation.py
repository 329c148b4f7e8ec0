"""Migrations, demo coalition and static files before the programs start: skipped when nothing has changed."""

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from launch.children import Child, tail, wait_until
from launch.screen import CannotStart
from launch.servers import Server
from launch.signals import StopWish
from launch.state import ROOT, StateFolder

PATIENCE = 600.0
# What a prepared database and the collected files were made from.
SOURCES = (
    "requirements/run.txt",
    "config/settings.py",
    "*/migrations/*.py",
    "coalitions/demo/*",
    "static/**/*",
)


def prepare(
    state: StateFolder, embedded: list[Server], variables: dict[str, str], *, stopping: StopWish
) -> None:
    """One Django process does it all: each costs seconds to load."""
    stamp = stamp_of(embedded)
    now = fingerprint()
    collected = (state.path / "static" / "staticfiles.json").exists()
    if collected and stamp and stamp.exists() and stamp.read_text() == now:
        return
    log = state.log("prepare")
    log.unlink(missing_ok=True)
    words = [sys.executable, "-m", "launch.prepare", *(["--demo"] if wants_demo() else [])]
    child = Child(words, log=log, environment=os.environ | variables)
    child.start()
    wait_until(lambda: child.exit_code() is not None or stopping(), PATIENCE)
    child.stop(patience=5.0)
    if stopping():
        return
    if child.exit_code() != 0:
        raise CannotStart(f"The database could not be prepared. The whole story is in {log}\n{tail(log)}")
    if stamp:
        stamp.write_text(now)


def wants_demo() -> bool:
    """The demo coalition belongs into our own database, and into somebody else's only if they say so."""
    default = "0" if os.environ.get("DATABASE_URL") else "1"
    return os.environ.get("MUSTER_DEMO", default) == "1"


def stamp_of(embedded: list[Server]) -> Path | None:
    """Beside the data, so that it goes when they go. What happens to somebody's own server we cannot know."""
    return next((server.home / "prepared" for server in embedded if server.name == "postgres"), None)


def fingerprint() -> str:
    lines = [f"demo {wants_demo()}", *sorted(sources())]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def sources() -> Iterator[str]:
    for pattern in SOURCES:
        for path in ROOT.glob(pattern):
            if path.is_file():
                found = path.stat()
                yield f"{path.relative_to(ROOT)} {found.st_size} {found.st_mtime_ns}"
