"""How long the arithmetic takes, stage by stage, for a large installation and for a usual one.

    python -m benchmarks.measure

Large: 10,000 organizations, 500 actions and 200,000 pledges. Usual: 40 partners, 12 past actions, 3 planned.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from coalitions.method import Facts, measure
from coalitions.method.columns import columns
from coalitions.method.digest import digest
from coalitions.method.draws import Luck
from coalitions.method.facts import BondKind, Coalition
from coalitions.method.forecast import forecasts, walk_ins_share
from coalitions.method.rates import rates


def some_facts(*, partners: int, held: int, planned: int, pledges: int, overlaps: int) -> Facts:
    luck = np.random.default_rng(1)
    rows = luck.permutation((held + planned) * partners)[:pledges]
    action, partner = (rows // partners).tolist(), (rows % partners).tolist()
    likely = luck.integers(5, 200, pledges).tolist()
    came = (np.array(likely) * luck.uniform(0.2, 0.9, pledges)).astype(int).tolist()
    known = [BondKind.AGREEMENT, BondKind.DEMANDS]
    pairs = {(min(a, b), max(a, b)) for a, b in luck.integers(0, partners, (overlaps, 2)).tolist() if a != b}
    return Facts(
        coalition=Coalition(critical_mass=partners * 10.0),
        partners=[(each, f"community {each % 40}") for each in range(partners)],
        bonds=[(each, kind, each % 3 > 0) for each in range(partners) for kind in known],
        overlaps=[(a, b, 0.1) for a, b in pairs],
        actions=[
            (each, "held" if each < held else "planned", 40.0 * partners if each < held else None, False)
            for each in range(held + planned)
        ],
        pledges=[(a, p, n * 0.8, n, n * 1.4) for a, p, n in zip(action, partner, likely, strict=True)],
        came=[(a, p, n) for a, p, n in zip(action, partner, came, strict=True) if a < held],
    )


def milliseconds(work: Callable[[], Any], *, times: int) -> tuple[float, float]:
    """Median time by the clock, and of the processor: they differ where others use the machine."""
    clock, processor = [], []
    for _ in range(times):
        start, used = time.perf_counter(), time.process_time()
        work()
        clock.append(1000 * (time.perf_counter() - start))
        processor.append(1000 * (time.process_time() - used))
    return statistics.median(clock), statistics.median(processor)


def stages(name: str, facts: Facts, *, times: int) -> None:
    found = columns(facts)
    learned = rates(found)
    walk_ins = walk_ins_share(found)
    measured = measure(facts)
    result = measured.to_json()
    work: dict[str, Callable[[], Any]] = {
        "columns": lambda: columns(facts),
        "digest": lambda: digest(found),
        "rates": lambda: rates(found),
        "walk-ins": lambda: walk_ins_share(found),
        "forecasts": lambda: forecasts(found, learned, Luck(learned), walk_ins),
        "measure, all of it": lambda: measure(facts),
        "to_json": measured.to_json,
        "json.dumps": lambda: json.dumps(result),
    }
    print(f"{name}: result {len(json.dumps(result)) / 1000:.0f} kB; median ms of {times} (clock, processor)")
    for stage, step in work.items():
        clock, processor = milliseconds(step, times=times)
        print(f"  {stage:20} {clock:9.1f} {processor:9.1f}")


def main() -> None:
    usual = {"partners": 40, "held": 12, "planned": 3, "pledges": 450}
    stages("usual", some_facts(**usual, overlaps=0), times=20)
    stages("usual, with overlaps", some_facts(**usual, overlaps=60), times=20)
    large = {"partners": 10_000, "pledges": 200_000}
    stages("large, 490 held", some_facts(**large, held=490, planned=10, overlaps=0), times=3)
    stages("large, with overlaps", some_facts(**large, held=490, planned=10, overlaps=2000), times=3)
    stages("large, 250 planned", some_facts(**large, held=250, planned=250, overlaps=0), times=3)


if __name__ == "__main__":
    main()
