"""Take over what a file says about a row, and leave what somebody has typed since the last import."""

from __future__ import annotations

from datetime import date, time
from typing import Any, NamedTuple

# Fields that only make sense together: all of them are taken over, or none.
TOGETHER = (("latitude", "longitude"), ("partner_since", "partner_until"))
_ABSENT = object()


class Merged(NamedTuple):
    """`taken` is to be written; `kept` are fields whose value here differs and stays."""

    taken: dict[str, Any]
    kept: list[str]


def merged(
    *,
    here: dict[str, Any],
    said: dict[str, Any],
    said_before: dict[str, Any] | None,
    is_current: bool = False,
) -> Merged:
    """Field by field. An empty field of the file says nothing.

    `said_before` is what the last import said (None: this row was never imported), in JSON's types. A value
    here that differs from it was typed by somebody, and stays. `is_current`: the file carries our own newest
    version, so everything in it was written on purpose.
    """
    taken: dict[str, Any] = {}
    kept: list[str] = []
    for name, value in said.items():
        mine = here[name]
        if plain(value) == plain(mine):
            continue
        before = (said_before or {}).get(name, _ABSENT)
        if is_current or before == plain(mine) or (before is _ABSENT and is_blank(name, mine)):
            taken[name] = value
        elif before != plain(value):
            kept.append(name)
    for names in TOGETHER:
        if any(name in kept for name in names) or not _fit(here | taken, names):
            kept += [name for name in names if taken.pop(name, None) is not None]
    return Merged(taken, kept)


def is_blank(name: str, value: object) -> bool:
    return value is None or value == "" or (name == "kind" and value == "other")


def plain(value: Any) -> Any:
    """As JSON holds it."""
    return value.isoformat() if isinstance(value, date | time) else value


def plainly(values: dict[str, Any]) -> dict[str, Any]:
    return {name: plain(value) for name, value in values.items()}


def _fit(values: dict[str, Any], names: tuple[str, str]) -> bool:
    first, second = values.get(names[0]), values.get(names[1])
    if names[0] == "latitude":
        return (first is None) == (second is None)
    return second is None or (first is not None and second >= first)
