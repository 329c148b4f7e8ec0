"""Rescore of 10,000 organizations, 500 actions and 200,000 ledger rows: `python -m benchmarks.rescore`.

Run it by `./muster exec`. Prints the number of queries that gather the facts and the time of each stage,
best of five, and how much of it is our own processor time (the rest is PostgreSQL's).
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path

from tests.stack import own_house, run


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        own_house(Path(folder), durable=True, only=frozenset()) as house,
    ):
        names = house.rows("large")
        found = json.loads(run(["-m", "benchmarks.rescore", str(names["coalition_id"])], house.environment))
    print(f"{names['ledger_rows']:,} ledger rows, {found.pop('queries')} queries to gather the facts")
    for stage, milliseconds in found.items():
        print(f"{stage:>16} {milliseconds:8.0f} ms")


def inside(coalition_id: int) -> None:
    import django

    django.setup()
    from django.db import connection
    from django.test.utils import CaptureQueriesContext
    from django.utils import timezone

    from coalitions import scores
    from coalitions.method import measure
    from coalitions.models import Coalition, Score

    today = timezone.now().date()
    with CaptureQueriesContext(connection) as queries:
        facts = scores.gather(coalition_id, today=today)
    best: dict[str, float] = {}

    def timed(stage, call):
        began, busy = time.perf_counter(), time.process_time()
        result = call()
        best[stage] = min(best.get(stage, 1e9), 1000 * (time.perf_counter() - began))
        best[f"{stage}, our CPU"] = min(
            best.get(f"{stage}, our CPU", 1e9), 1000 * (time.process_time() - busy)
        )
        return result

    for turn in range(5):
        facts = timed("gather", lambda: scores.gather(coalition_id, today=today))
        timed("measure", lambda facts=facts: measure(facts))
        Coalition.objects.filter(pk=coalition_id).update(revision=2 + turn)
        timed("rescore", lambda: scores.rescore(coalition_id, now=timezone.now()))
    assert Score.objects.get(coalition=coalition_id).revision == 6
    print(json.dumps({"queries": len(queries), **best}))


if __name__ == "__main__":
    import sys

    if len(sys.argv) > 1:
        inside(int(sys.argv[1]))
    else:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
        main()
