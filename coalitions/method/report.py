"""What was measured as plain dictionaries and lists, ready for JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter
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
    everybody = list(range(len(facts.partners)))
    if found is None:
        rows = [_partner(facts, rates, each, None, None, None) for each in everybody]
        return {"action": None, "partners": _ranked(rows), **NOT_FORECAST}
    pledged: dict[int, list[float]] = dict(zip(found.partners.tolist(), found.pledged.tolist(), strict=True))
    people, whole = expected.tolist(), found.crowd.sum
    rows = [_partner(facts, rates, each, people[each], pledged.get(each), whole) for each in everybody]
    return {"action": facts.actions[found.action], "partners": _ranked(rows), **_turnout(facts, found)}


def other_forecasts(facts: Columns, rates: Rates, found: Sequence[Forecast]) -> list[Json]:
    """Other planned actions with the partners that pledged, or None where too many did to list them."""
    listed = sum(len(each.partners) for each in found) <= LISTED
    return [
        {
            "action": facts.actions[each.action],
            "partners": _pledging(facts, rates, each) if listed else None,
            **_turnout(facts, each),
        }
        for each in found
    ]


def _pledging(facts: Columns, rates: Rates, found: Forecast) -> list[Json]:
    pledges = zip(found.partners.tolist(), found.expected.tolist(), found.pledged.tolist(), strict=True)
    whole = found.crowd.sum
    return _ranked([_partner(facts, rates, each, people, sizes, whole) for each, people, sizes in pledges])


def _partner(  # noqa: PLR0917 (called a hundred thousand times, and keywords cost)
    facts: Columns,
    rates: Rates,
    partner: int,
    expected: float | None,
    pledge: list[float] | None,
    whole: float | None,
) -> Json:
    return {
        "id": facts.partners[partner],
        "rate": rates.rate.item(partner),
        "information": rates.information.item(partner),
        "expected": expected,
        "share": expected / whole if expected is not None and whole and pledge is not None else None,
        "pledge": pledge,
    }


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
    pairs: dict[int, list[Json] | None] = dict.fromkeys(np.unique(seen.partner).tolist())
    if len(seen.partner) <= LISTED:
        values = (seen.partner, seen.action, seen.pledged, seen.came, seen.ratio, seen.weight)
        rows = zip(*(column.tolist() for column in values), strict=True)
        pairs = {partner: _pairs(facts, group) for partner, group in groupby(rows, key=itemgetter(0))}
    found: list[Json] = [
        {
            "id": facts.partners[partner],
            "rate": rates.rate.item(partner),
            "information": rates.information.item(partner),
            "record": known,
        }
        for partner, known in pairs.items()
    ]
    return sorted(found, key=lambda row: (-row["information"], -row["rate"], str(row["id"])))


def _pairs(facts: Columns, rows: Iterable[tuple[Any, ...]]) -> list[Json]:
    """One partner's pledges and what came of them, by action."""
    found = [dict(zip(PAIR, (facts.actions[row[1]], *row[2:]), strict=True)) for row in rows]
    return sorted(found, key=lambda pair: str(pair["action"]))


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
