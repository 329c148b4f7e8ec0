"""The keys of a facts file and what each may hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from coalitions.method.facts import BondKind, Dimension, Status

MOST_PEOPLE = 1e10

Check = Callable[[Any], str | None]
"""Says what is wrong with a value, or None."""


@dataclass(frozen=True)
class Key:
    """What a key may hold. Absent and null are the same, unknown, unless it is required."""

    check: Check
    required: bool = False


def _text(value: Any) -> str | None:
    return None if isinstance(value, str) else "must be a string"


def _flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else "must be true or false"


def _number(low: float, high: float, *, whole: bool = False) -> Check:
    def check(value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return "must be a number"
        if isinstance(value, float) and not math.isfinite(value):
            return "must be a finite number"
        if whole and value != int(value):
            return "must be a whole number"
        if value < low or value > high:
            return f"must be at least {low:g} and at most {high:g}"
        return None

    return check


def _one_of(names: Iterable[str]) -> Check:
    known = tuple(names)

    def check(value: Any) -> str | None:
        if not isinstance(value, str):
            return "must be a string"
        return None if value in known else f"must be one of {', '.join(known)}"

    return check


def _list(value: Any) -> str | None:
    return None if isinstance(value, list) else "must be a list"


def _anything(value: Any) -> None:
    """Looked at more closely elsewhere."""


PEOPLE, SHARE, SCALE = _number(0, MOST_PEOPLE), _number(0, 1), _number(0, 5)

DOCUMENT = {
    "coalition": Key(_anything),
    "partners": Key(_list),
    "overlaps": Key(_list),
    "actions": Key(_list),
    "allies": Key(_list),
    "deference": Key(_list),
}
COALITION = {
    "critical_mass": Key(_number(1, MOST_PEOPLE)),
    "communities_aimed_at": Key(_number(1, 1e6, whole=True)),
    "next_action": Key(_text),
    "weights": Key(_anything),
}
WEIGHTS = {dimension.value: Key(_number(0, 1e6)) for dimension in Dimension}
PARTNER = {"id": Key(_text, required=True), "community": Key(_text), "bonds": Key(_anything)}
BONDS = {kind.value: Key(_flag) for kind in BondKind}
OVERLAP = {"a": Key(_text, required=True), "b": Key(_text, required=True), "share": Key(SHARE)}
ACTION = {
    "id": Key(_text, required=True),
    "status": Key(_one_of(Status), required=True),
    "big": Key(_flag),
    "crowd": Key(PEOPLE),
    "pledges": Key(_list),
    "came": Key(_list),
}
PLEDGE = {
    "partner": Key(_text, required=True),
    "low": Key(PEOPLE, required=True),
    "likely": Key(PEOPLE, required=True),
    "high": Key(PEOPLE, required=True),
}
CAME = {"partner": Key(_text, required=True), "count": Key(PEOPLE)}
ALLY = {
    "id": Key(_text, required=True),
    "strategic": Key(_flag),
    "natural": Key(_flag),
    "stance": Key(_number(-2, 2, whole=True)),
    "dependence": Key(SCALE),
    "ease": Key(SCALE),
    "closeness": Key(SCALE),
    "openness": Key(SHARE),
    "effort": Key(_number(0, 1e6)),
    "pillar": Key(_text),
}
DEFERENCE = {"from": Key(_text, required=True), "to": Key(_text, required=True), "strength": Key(SHARE)}
