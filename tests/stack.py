"""The real processes (web, live, worker, beat), on the test database or on servers of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.db import connection

from launch.postgres import Postgres
from launch.programs import Addresses, Program, all_programs, free_port
from launch.state import ROOT, StateFolder
from launch.valkey import Valkey

# Test runs side by side look for free ports in different places, so that none takes another one's.
FIRST_PORT = 20_000


@dataclass
class Stack:
    web: str
    addresses: Addresses
    programs: dict[str, Program]

    def restart(self, name: str) -> None:
        self.programs[name].start()
        until(self.programs[name].healthy, seconds=30)


@dataclass
class House(Stack):
    """A stack with a database and a broker of its own, which may be stopped and killed."""

    postgres: Postgres
    valkey: Valkey
    environment: dict[str, str]

    def manage(self, *words: str) -> str:
        return run(["manage.py", *words], self.environment)

    def rows(self, *words: str) -> dict[str, Any]:
        """Make rows with `python -m tests.rows ...`, and learn their names."""
        found: dict[str, Any] = json.loads(run(["-m", "tests.rows", *words], self.environment))
        return found


def run(words: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@contextmanager
def own_house(
    folder: Path, *, durable: bool = False, only: frozenset[str] | None = None, **environment: str
) -> Iterator[House]:
    """PostgreSQL, Valkey and all programs in a folder of their own: nobody else's server is touched."""
    state = StateFolder(folder)
    postgres, valkey = Postgres(state, throw_away=not durable), Valkey(state, throw_away=not durable)
    try:
        postgres.start()
        valkey.start()
        servers = postgres.variables() | valkey.variables()
        base = {**os.environ, "MUSTER_ENV": "development", "SECRET_KEY": state.secret("django"), **servers}
        run(
            ["manage.py", "migrate", "-v0"],
            base | {"MUSTER_VAR": str(folder), "DJANGO_SETTINGS_MODULE": "tests.settings"},
        )
        with _programs(folder, only=only, environment=base | environment) as (stack, variables):
            yield House(stack.web, stack.addresses, stack.programs, postgres, valkey, variables)
    finally:
        valkey.stop()
        postgres.stop()
        postgres.forget()
        valkey.forget()


@contextmanager
def running(folder: Path, *, only: frozenset[str] | None = None, **environment: str) -> Iterator[Stack]:
    """The programs on the database of this test run."""
    variables = {**os.environ, "DATABASE_URL": database_url(), **environment}
    with _programs(folder, only=only, environment=variables) as (stack, _):
        yield stack


@contextmanager
def _programs(
    folder: Path, *, only: frozenset[str] | None, environment: dict[str, str]
) -> Iterator[tuple[Stack, dict[str, str]]]:
    """Everything a person meets, with logs in `folder`; stopped at the end, whatever happened."""
    web_port = free_port(FIRST_PORT + os.getpid() % 400 * 20)
    addresses = Addresses(web_port, free_port(web_port + 1))
    variables = {
        **environment,
        **addresses.variables(),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "MUSTER_VAR": str(folder),
        "BASE_URL": addresses.web.rstrip("/"),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    programs = {
        program.name: program
        for program in all_programs(StateFolder(folder), addresses, variables)
        if only is None or program.name in only
    }
    try:
        for program in programs.values():
            program.start()
        until(lambda: all(program.healthy() for program in programs.values()), seconds=120)
        yield Stack(addresses.web.rstrip("/"), addresses, programs), variables
    finally:
        for program in programs.values():
            program.ask_to_stop()
        for program in programs.values():
            program.stop()


def database_url() -> str:
    """Where this test run keeps its rows, as an address for another process."""
    found = connection.settings_dict
    database, user, password = found["NAME"], quote(found["USER"] or ""), quote(found["PASSWORD"] or "")
    host, port = quote(found["HOST"] or "", safe="/"), found["PORT"]
    query = f"?host={host}" + (f"&port={port}" if port else "")
    return f"postgresql://{user}:{password}@/{database}{query}"


def until(holds: Callable[[], object], *, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise AssertionError("waited too long")
        time.sleep(0.02)
