"""Overview and action page against a floor: the same SQL through psycopg and HTML put together by hand.

`./muster exec python -m benchmarks.pages`; ratios of medians from one run, for the small coalition (40
partners) and the large one (10,000 organizations, 200,000 ledger rows), with the number of queries.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from html import escape
from pathlib import Path
from statistics import median

from tests.stack import House, own_house, run

TURNS = 30
PAGES = {
    "overview": "",
    "action": "actions/{action}/",
    "organizations": "organizations/",
    "actions": "actions/",
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, _servers(Path(folder)) as house:
        for size in ("small", "large"):
            names = house.rows(size)
            found = json.loads(run(["-m", "benchmarks.pages", json.dumps(names)], house.environment))
            for page, row in found.items():
                print(
                    f"{size:>6} {page:<14} {row['page']:7.1f} ms  floor {row['floor']:7.1f} ms"
                    f"  ratio {row['page'] / row['floor']:5.1f}  {row['queries']} queries"
                    f"  {row['bytes']:,} bytes  database {row['database']:.1f} ms"
                )


def _servers(folder: Path) -> AbstractContextManager[House]:
    return own_house(folder, durable=True, only=frozenset())


def inside(names: dict) -> None:
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.utils import timezone

    from coalitions import scores

    scores.rescore(names["coalition_id"], now=timezone.now())
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = names["session"]
    found = {}
    for page, path in PAGES.items():
        address = f"/c/{names['slug']}/{path.format(**names)}"
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(address)
        assert answer.status_code == 200, answer.status_code
        statements = [query["sql"] for query in captured if query["sql"].startswith("SELECT")]
        page_time, floor_time = side_by_side(
            partial(client.get, address), partial(floor, connection, statements)
        )
        found[page] = {
            "page": page_time,
            "floor": floor_time,
            "queries": len(captured),
            "bytes": len(answer.content),
            "database": timed(partial(only_sql, connection, statements)),
        }
    print(json.dumps(found))


def side_by_side(one: Callable[[], object], other: Callable[[], object]) -> tuple[float, float]:
    """Medians in milliseconds, taken in turns so that a noisy machine disturbs both alike."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(TURNS):
        for call, taken in zip((one, other), times, strict=True):
            began = time.perf_counter()
            call()
            taken.append(1000 * (time.perf_counter() - began))
    return median(times[0]), median(times[1])


def timed(call: Callable[[], object]) -> float:
    taken = []
    for _ in range(TURNS):
        began = time.perf_counter()
        call()
        taken.append(1000 * (time.perf_counter() - began))
    return median(taken)


def only_sql(connection, statements: list[str]) -> list[list[tuple]]:
    rows = []
    with connection.connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
            rows.append(cursor.fetchall())
    return rows


def floor(connection, statements: list[str]) -> bytes:
    """Every value that the queries return, escaped, in a table: less than any real page does with them."""
    parts = ["<!doctype html><title>floor</title>"]
    for rows in only_sql(connection, statements):
        parts.append("<table>")
        for row in rows:
            cells = "".join(f"<td>{escape(str(value))}</td>" for value in row)
            parts.append(f"<tr>{cells}</tr>")
        parts.append("</table>")
    return "".join(parts).encode()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    if len(sys.argv) > 1:
        inside(json.loads(sys.argv[1]))
    else:
        main()
