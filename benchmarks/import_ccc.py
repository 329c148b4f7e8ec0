"""Import 20,382 public actions with a real worker: seconds, peak memory, again, undo; and look-alikes.

`./muster exec python -m benchmarks.import_ccc FOLDER`, where FOLDER holds the tables of the Crowd Counting
Consortium (actions, organizations, participation and org_aliases, as .csv.gz). The aliases are the truth that
suggestions are measured against: merges that somebody found by hand, of which some are certainly missing, so
that the true precision lies above the one printed.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.stack import House, own_house, run

TABLES = ("actions", "organizations", "participation")


def main(folder: Path) -> None:
    with (
        tempfile.TemporaryDirectory() as var,
        own_house(Path(var), durable=True, only=frozenset({"jobs"})) as house,
    ):
        for turn in ("first import", "the same again"):
            before = processor_seconds(house)
            found = step(house, "bring_in", str(folder))
            seconds = ", ".join(f"{name} {found[name]:.1f} s" for name in ("upload", "check", "write"))
            print(
                f"{turn}: {seconds}, worker: {processor_seconds(house) - before:.1f} s of processor,"
                f" peak {peak(house):.0f} MB; {found['tallies']}"
            )
        print(f"undo: {step(house, 'undo')['undo']:.1f} s")
    look_alikes(folder)


def step(house: House, *words: str) -> Any:
    return json.loads(
        run(["-m", "benchmarks.import_ccc", "inside", *words], house.environment).splitlines()[-1]
    )


def processes(house: House) -> list[Path]:
    """The worker and its child, which is the one that reads and writes."""
    worker = house.programs["jobs"].pid
    children = Path(f"/proc/{worker}/task/{worker}/children").read_text().split()
    return [Path("/proc") / str(pid) for pid in (worker, *children)]


def peak(house: House) -> float:
    """Megabytes of the larger of the two, at most so far."""
    told = [(process / "status").read_text() for process in processes(house)]
    return max(int(status.split("VmHWM:")[1].split()[0]) for status in told if "VmHWM:" in status) / 1024


def processor_seconds(house: House) -> float:
    """On a busy machine they say more than the clock. PostgreSQL's own are not among them."""
    told = [(process / "stat").read_text().rpartition(")")[2].split() for process in processes(house)]
    return sum(int(words[11]) + int(words[12]) for words in told) / os.sysconf("SC_CLK_TCK")


def bring_in(folder: str) -> dict[str, Any]:
    from coalitions.models import Coalition, Import
    from coalitions.services.imports import start_commit, start_import
    from tests.factories import a_coalition, a_member

    coalition = Coalition.objects.first() or a_coalition()
    member = coalition.memberships.first()
    person = member.user if member else a_member(coalition)
    files = [(f"{name}.csv.gz", in_pieces(Path(folder) / f"{name}.csv.gz")) for name in TABLES]

    def timed(start) -> float:
        began = time.perf_counter()
        start()
        while Import.objects.filter(coalition=coalition).latest("pk").state in {
            "checking",
            "committing",
        }:
            time.sleep(0.05)
        return time.perf_counter() - began

    began = time.perf_counter()
    upload = start_import(coalition, by=person, files=files)
    sent = time.perf_counter() - began
    checked = timed(lambda: None)
    written = timed(lambda: start_commit(upload, by=person))
    upload.refresh_from_db()
    assert upload.state == "done", upload.state
    return {"upload": sent, "check": checked, "write": written, "tallies": upload.summary["tallies"]}


def undo() -> dict[str, Any]:
    from coalitions.models import Coalition
    from coalitions.services import history

    change = Coalition.objects.get().changes.get(verb="import.committed")
    began = time.perf_counter()
    history.undo(change, by=change.by)
    return {"undo": time.perf_counter() - began}


def in_pieces(path: Path):
    with path.open("rb") as file:
        while piece := file.read(1024 * 1024):
            yield piece


def look_alikes(folder: Path) -> None:
    from coalitions.exchange.lookalikes import find

    with gzip.open(folder / "org_aliases.csv.gz", "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = {str(number): row["raw_name"] for number, row in enumerate(rows)}
    began = time.perf_counter()
    pairs = find(names, {})
    seconds = time.perf_counter() - began
    same = [(pair, rows[int(pair.left)]["org_id"] == rows[int(pair.right)]["org_id"]) for pair in pairs]
    found = {ref for pair, is_same in same if is_same for ref in pair[:2]}
    print(f"look-alikes of {len(names):,} names: {len(pairs)} pairs in {seconds:.1f} s")
    for method in ("spelling", "acronym_or_word_order"):
        known = [ref for ref, row in zip(names, rows, strict=True) if row["method"] == method]
        print(f"  {method}: {sum(ref in found for ref in known)} of {len(known)} known merges suggested")
    right, told = (
        Counter(pair.reason for pair, is_same in same if is_same),
        Counter(pair.reason for pair in pairs),
    )
    for reason, number in told.items():
        print(f"  {reason}: {number} pairs, {right[reason] / number:.0%} of them known merges")


if __name__ == "__main__":
    if sys.argv[1:2] == ["inside"]:
        import django

        django.setup()
        print(json.dumps(globals()[sys.argv[2]](*sys.argv[3:])))
    else:
        main(Path(sys.argv[1]))
