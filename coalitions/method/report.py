"""What was measured as plain dictionaries and lists, ready for JSON."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import numpy as np

from coalitions.method.columns import Columns, Numbers
from coalitions.method.crowd import Crowd
from coalitions.method.forecast import Forecast
from coalitions.method.rates import Rates
from coalitions.method.strength import (
    Community,
    Strength,
    bonds_held,
    communities,
    strategic_allies,
    support_left,
)

Json = dict[str, Any]

LISTED = 20_000
PAIR = ("action", "pledged", "came", "share", "weight")

NOT_FORECAST: Json = dict.fromkeys(
    (
        "sum",
        "base",
        "unique",
        "lower",
        "upper",
        "walk_in_share",
        "expected",
        "median",
        "interval",
        "quantiles",
        "p_critical",
        "histogram",
    )
)


def next_forecast(facts: Columns, rates: Rates, found: Forecast | None, expected: Numbers) -> Json:
    """The next big action with every partner, also who has not pledged; nulls while nothing is planned."""
    people: list[float | None] = expected.tolist() if found else [None] * len(facts.partners)
    rows = [_partner(facts, rates, partner, each) for partner, each in enumerate(people)]
    if found is None:
        return {"action": None, "partners": _ranked(rows), **NOT_FORECAST}
    for partner, sizes in zip(found.partners.tolist(), found.pledged.tolist(), strict=True):
        rows[partner] |= _share(rows[partner], sizes, found)
    return {"action": facts.actions[found.action], "partners": _ranked(rows), **_turnout(facts, found)}


def forecast(facts: Columns, rates: Rates, found: Forecast) -> Json:
    """One planned action with the partners that pledged for it."""
    pledges = zip(found.partners.tolist(), found.expected.tolist(), found.pledged.tolist(), strict=True)
    bare = [(_partner(facts, rates, partner, people), sizes) for partner, people, sizes in pledges]
    rows = [row | _share(row, sizes, found) for row, sizes in bare]
    return {"action": facts.actions[found.action], "partners": _ranked(rows), **_turnout(facts, found)}


def _partner(facts: Columns, rates: Rates, partner: int, expected: float | None) -> Json:
    return {
        "id": facts.partners[partner],
        "rate": float(rates.rate[partner]),
        "information": float(rates.information[partner]),
        "expected": expected,
        "share": None,
        "pledge": None,
    }


def _share(row: Json, sizes: list[float], found: Forecast) -> Json:
    return {"share": row["expected"] / found.crowd.sum, "pledge": sizes}


def _ranked(rows: list[Json]) -> list[Json]:
    """Those who bring most first; partners with equal numbers by name."""
    return sorted(rows, key=lambda row: (-(row["expected"] or 0), -row["rate"], str(row["id"])))


def _turnout(facts: Columns, found: Forecast) -> Json:
    mass, people, quantiles = facts.coalition.critical_mass, found.crowd, found.quantiles()
    edges, counts = found.histogram()
    return {
        **_people(people),
        "walk_in_share": found.walk_ins,
        "expected": found.everybody,
        "median": quantiles[2],
        "interval": [quantiles[0], quantiles[4]],
        "quantiles": dict(zip(("10", "25", "50", "75", "90"), quantiles, strict=True)),
        "p_critical": None if mass is None else found.chance_of(mass),
        "histogram": {"edges": edges, "counts": counts},
    }


def _people(found: Crowd) -> Json:
    return {
        "sum": found.sum,
        "base": found.base,
        "unique": found.unique,
        "lower": found.lower,
        "upper": found.upper,
    }


def index(found: Strength) -> Json:
    return {
        "value": found.value,
        "interval": None if found.interval is None else list(found.interval),
        "plug_in": found.plug_in,
        "left_out": list(found.left_out),
        "sensitivity": None if found.sensitivity is None else list(found.sensitivity),
        "weights": dict(found.weights),
        "people_power_interval": (
            None if found.people_power_interval is None else list(found.people_power_interval)
        ),
    }


def why(facts: Columns, expected: Numbers, critical_mass: float | None) -> Json:
    """What each dimension was computed from, so that it can be checked by hand."""
    found = why_without_turnout(facts)
    if critical_mass is not None:
        rows = [
            _community(facts, each)
            for each in communities(facts, expected, critical_mass)
            if each.expected > 0
        ]
        found["communities"] = sorted(
            rows, key=lambda row: (-row["expected"], str(row["community"] or row["partner"]))
        )
    coming = np.flatnonzero(expected > 0).tolist()
    held = bonds_held(facts.bonds)
    rows = [
        {"id": facts.partners[at], "expected": float(expected[at]), "held": _or_none(held[at])}
        for at in coming
    ]
    found["cohesion"] = sorted(rows, key=lambda row: (-row["expected"], str(row["id"])))
    return found


def _community(facts: Columns, found: Community) -> Json:
    name = facts.communities[facts.community[found.partner]] if found.named else None
    return {
        "community": name,
        "partner": None if found.named else facts.partners[found.partner],
        "expected": found.expected,
        "reached": found.reached,
    }


def why_without_turnout(facts: Columns) -> Json:
    allies: list[Json] = [
        {
            "id": facts.allies[at],
            "dependence": float(facts.ally_numbers[at, 3]),
            "stance": float(facts.ally_numbers[at, 2]),
            "support_left": float(support_left(facts.ally_numbers[at, 2])),
        }
        for at in strategic_allies(facts)
    ]
    ranked = sorted(allies, key=lambda row: (-row["dependence"], row["stance"], str(row["id"])))
    return {"communities": [], "cohesion": [], "leverage": ranked}


def record(facts: Columns, rates: Rates, walk_ins: float) -> Json:
    """What past actions taught: the coalition's own rate, and what came of each partner's pledges."""
    return {
        "rate": rates.coalition,
        "spread": rates.spread,
        "uncertainty": rates.uncertainty,
        "weight": rates.weight,
        "actions": rates.actions,
        "observations": len(rates.observations.partner),
        "walk_in_share": walk_ins,
        "partners": _records(facts, rates),
    }


def _records(facts: Columns, rates: Rates) -> list[Json]:
    seen = rates.observations
    values = (seen.partner, seen.action, seen.pledged, seen.came, seen.ratio, seen.weight)
    rows = zip(*(column.tolist() for column in values), strict=True)
    found = []
    for partner, group in groupby(rows, key=lambda row: row[0]):
        pairs = [dict(zip(PAIR, (facts.actions[row[1]], *row[2:]), strict=True)) for row in group]
        found.append(
            {
                "id": facts.partners[partner],
                "rate": float(rates.rate[partner]),
                "information": float(rates.information[partner]),
                "record": sorted(pairs, key=lambda pair: str(pair["action"]))
                if len(seen.partner) <= LISTED
                else None,
            }
        )
    return sorted(found, key=lambda row: (-row["information"], -row["rate"], str(row["id"])))


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
