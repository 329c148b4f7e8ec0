"""Servers of their own, so that they can be stopped, hung and killed."""

from __future__ import annotations

import http.client
import json
import os
import signal
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from tests.stack import House, own_house, until

FRESH_WITHIN = 60.0


@dataclass
class Ground:
    """A house, one coalition in it, and somebody who logs pledges through the API."""

    house: House
    names: dict
    gate: Path
    statuses: list[int] = field(default_factory=list)
    sent: int = 0

    def log(self, likely: int, *, patience: float = 40.0, slug: str = "small") -> None:
        """Log one pledge; on 503 or a broken line the same key is sent again, as any good client does."""
        key, end = uuid4().hex, time.monotonic() + patience
        body = {
            "action": self.names["action"],
            "organization": self.names["organizations"][likely % 40],
            "low": likely,
            "likely": likely,
            "high": likely + 5,
        }
        self.sent += 1
        while True:
            status, headers = self.call("POST", f"/api/v1/c/{slug}/pledges/", body, {"Idempotency-Key": key})
            if status == 201:
                return
            assert status in {0, 503}, status
            assert status == 0 or int(headers["retry-after"]) > 0
            assert time.monotonic() < end, "nobody answers any more"
            time.sleep(0.1)

    def call(self, method: str, path: str, body: dict | None, headers: dict) -> tuple[int, dict]:
        address = ("127.0.0.1", self.house.addresses.web_port)
        sent = headers | {
            "Authorization": f"Bearer {self.names['token']}",
            "Content-Type": "application/json",
        }
        with closing(http.client.HTTPConnection(*address, timeout=30)) as line:
            try:
                line.request(method, path, json.dumps(body) if body else None, sent)
                answer = line.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                return 0, {}
        self.statuses.append(answer.status)
        return answer.status, {name.lower(): value for name, value in answer.headers.items()}

    def ask(self, sql: str):
        """One value from the database, or None while it is away."""
        with suppress(psycopg.OperationalError), psycopg.connect(self.house.postgres.url()) as connection:
            row = connection.execute(sql).fetchone()
            return row[0] if row else None
        return None

    def is_fresh(self) -> bool:
        return bool(
            self.ask(
                "SELECT bool_and(s.revision >= c.revision) FROM coalitions_coalition c"
                " JOIN coalitions_score s ON s.coalition_id = c.id"
            )
        )

    def becomes_fresh(self) -> None:
        until(self.is_fresh, seconds=FRESH_WITHIN)

    def hold_the_worker(self) -> None:
        """From here on a worker that gathers facts stays there."""
        self.gate.touch()

    def until_the_worker_is_held(self) -> None:
        until(
            lambda: self.ask(
                "SELECT s.attempted_revision = c.revision AND s.revision < c.revision"
                " FROM coalitions_coalition c JOIN coalitions_score s ON s.coalition_id = c.id"
                " WHERE c.slug = 'small'"
            ),
            seconds=30,
        )

    def let_the_worker_go(self) -> None:
        self.gate.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faults")
    gate = folder / "gate"
    # Durable: a commit that PostgreSQL has not yet written may be lost, and would look like ours.
    with own_house(folder, durable=True, SLOW_FACTS=str(gate)) as house:
        yield house, gate, house.rows("small")


@pytest.fixture
def ground(house):
    """Begins and ends with everything up and every score fresh."""
    ground = Ground(house[0], house[2], house[1])
    for name, program in ground.house.programs.items():
        if not program.healthy():
            ground.house.restart(name)
    ground.becomes_fresh()
    yield ground
    ground.let_the_worker_go()
    if ground.house.valkey.pid:
        with suppress(ProcessLookupError):
            os.kill(ground.house.valkey.pid, signal.SIGCONT)
