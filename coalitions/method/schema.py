"""A facts file: JSON text to facts, strictly; whatever is wrong is named by its path."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from coalitions.method.facts import (
    Action,
    Ally,
    Bond,
    Came,
    Coalition,
    Deference,
    Facts,
    Overlap,
    Partner,
    Pledge,
    Status,
    Weights,
)
from coalitions.method.keys import (
    ACTION,
    ALLY,
    BONDS,
    CAME,
    COALITION,
    DEFERENCE,
    DOCUMENT,
    OVERLAP,
    PARTNER,
    PEOPLE,
    PLEDGE,
    WEIGHTS,
    Key,
)

MOST_PROBLEMS = 20

Json = dict[str, Any]


class BrokenFacts(Exception):
    """`problems` are pairs of a path (such as `actions[1].pledges[0].low`, empty for the whole file) and
    what is wrong there: the first twenty."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        self.problems = problems
        super().__init__("\n".join(f"{path or 'file'}: {message}" for path, message in problems))


class _Twice(dict[str, Any]):
    """An object in which `key` was given twice."""

    key: str = ""


class _Enough(Exception):
    pass


@dataclass
class _Problems:
    found: list[tuple[str, str]] = field(default_factory=list)

    def add(self, path: str, message: str) -> None:
        self.found.append((path, message))
        if len(self.found) >= MOST_PROBLEMS:
            raise _Enough


def read(text: str | bytes) -> Facts:
    """Facts from JSON text. Raises BrokenFacts."""
    try:
        document = json.loads(text, object_pairs_hook=_object)
    except RecursionError:
        raise BrokenFacts([("", "is nested too deeply")]) from None
    except ValueError as error:
        raise BrokenFacts([("", f"is not JSON: {error}")]) from None
    return from_document(document)


def from_document(document: Any) -> Facts:
    """Facts from parsed JSON. Raises BrokenFacts."""
    problems = _Problems()
    with suppress(_Enough):
        _check_document(document, problems)
    if problems.found:
        raise BrokenFacts(problems.found)
    return _facts(document)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = _Twice(pairs)
    if len(found) == len(pairs):
        return dict(pairs)
    keys = [key for key, _ in pairs]
    found.key = next(key for key in keys if keys.count(key) > 1)
    return found


def _check_document(document: Any, problems: _Problems) -> None:
    if not _keys(document, "", DOCUMENT, problems):
        return
    partners = _names(document, "partners", PARTNER, problems)
    for path, partner in _rows(document, "partners", ""):
        _keys(partner.get("bonds"), f"{path}.bonds", BONDS, problems, optional=True)
    actions = _names(document, "actions", ACTION, problems)
    allies = _names(document, "allies", ALLY, problems)
    _coalition(document.get("coalition"), actions, problems)
    for path, action in _rows(document, "actions", ""):
        _action(action, path, partners, problems)
    _pairs(document, "overlaps", OVERLAP, partners, problems)
    _pairs(document, "deference", DEFERENCE, partners | allies, problems)


def _keys(
    value: Any, path: str, known: dict[str, Key], problems: _Problems, *, optional: bool = False
) -> bool:
    """Whether `value` is an object; problems name every key that is unknown, missing or wrong."""
    if value is None and optional:
        return False
    if not isinstance(value, dict):
        problems.add(path, "must be an object")
        return False
    if isinstance(value, _Twice):
        problems.add(_join(path, value.key), "is given twice")
    for name in (name for name in value if name not in known):
        problems.add(_join(path, name), "is not a known key")
    for name, key in known.items():
        found = value.get(name)
        message = "is missing" if found is None and key.required else None
        message = message if found is None else key.check(found)
        if message:
            problems.add(_join(path, name), message)
    return True


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _rows(document: Json, name: str, path: str) -> Iterator[tuple[str, Json]]:
    """The objects of a list with their paths; whatever is no object has been reported."""
    found = document.get(name)
    for place, row in enumerate(found if isinstance(found, list) else ()):
        if isinstance(row, dict):
            yield f"{_join(path, name)}[{place}]", row


def _check_rows(document: Json, name: str, path: str, known: dict[str, Key], problems: _Problems) -> None:
    found = document.get(name)
    for place, row in enumerate(found if isinstance(found, list) else ()):
        _keys(row, f"{_join(path, name)}[{place}]", known, problems)


def _names(document: Json, name: str, known: dict[str, Key], problems: _Problems) -> dict[str, Json]:
    """Every row of a list by its id, which no two may share."""
    _check_rows(document, name, "", known, problems)
    found: dict[str, Json] = {}
    for path, row in _rows(document, name, ""):
        identity = row.get("id")
        if not isinstance(identity, str):
            continue
        if identity in found:
            problems.add(f"{path}.id", f"is given twice: {identity!r}")
        found[identity] = row
    return found


def _coalition(found: Any, actions: dict[str, Json], problems: _Problems) -> None:
    if not _keys(found, "coalition", COALITION, problems, optional=True):
        return
    weights, chosen = found.get("weights"), found.get("next_action")
    weighed = _keys(weights, "coalition.weights", WEIGHTS, problems, optional=True)
    if weighed and all(weights.get(name) == 0 for name in WEIGHTS):
        problems.add("coalition.weights", "must not all be 0")
    if isinstance(chosen, str) and actions.get(chosen, {}).get("status") != Status.PLANNED:
        reason = "names an action that is not planned" if chosen in actions else "names no action"
        problems.add("coalition.next_action", f"{reason}: {chosen!r}")


def _action(action: Json, path: str, partners: dict[str, Json], problems: _Problems) -> None:
    for name, known in (("pledges", PLEDGE), ("came", CAME)):
        _check_rows(action, name, path, known, problems)
        seen: set[str] = set()
        for place, row in _rows(action, name, path):
            _known(row, "partner", place, partners, problems)
            partner = row.get("partner")
            if isinstance(partner, str) and partner in seen:
                problems.add(f"{place}.partner", f"is given twice: {partner!r}")
            seen.add(str(partner))
    for place, pledge in _rows(action, "pledges", path):
        sizes: list[Any] = [pledge.get(name) for name in ("low", "likely", "high")]
        if any(PEOPLE(size) for size in sizes):
            continue
        low, likely, high = sizes
        if low > likely:
            problems.add(f"{place}.low", f"must be at most likely ({likely})")
        if likely > high:
            problems.add(f"{place}.likely", f"must be at most high ({high})")


def _pairs(
    document: Json, name: str, known: dict[str, Key], names: dict[str, Json], problems: _Problems
) -> None:
    """Rows between two different known things; a pair of partners is the same pair both ways round."""
    _check_rows(document, name, "", known, problems)
    first, second = list(known)[:2]
    seen: set[tuple[str, str]] = set()
    for path, row in _rows(document, name, ""):
        one, other = row.get(first), row.get(second)
        if not (isinstance(one, str) and isinstance(other, str)):
            continue
        for key in (first, second):
            _known(row, key, path, names, problems)
        pair = (one, other) if name == "deference" else (min(one, other), max(one, other))
        if one == other:
            problems.add(f"{path}.{second}", f"is the same as {first}: {other!r}")
        elif pair in seen:
            problems.add(path, f"is given twice: {one!r} and {other!r}")
        seen.add(pair)


def _known(row: Json, key: str, path: str, names: dict[str, Json], problems: _Problems) -> None:
    name = row.get(key)
    if isinstance(name, str) and name not in names:
        problems.add(f"{path}.{key}", f"is not known: {name!r}")


def _facts(document: Json) -> Facts:
    """Facts from a document in which nothing is wrong."""
    partners, actions = _objects(document, "partners"), _objects(document, "actions")
    bonds = ((row["id"], row.get("bonds") or {}) for row in partners)
    return Facts(
        coalition=_settings(document.get("coalition") or {}),
        partners=[Partner(row["id"], row.get("community")) for row in partners],
        bonds=[Bond(partner, kind, held) for partner, found in bonds for kind, held in found.items()],
        overlaps=[Overlap(row["a"], row["b"], row.get("share")) for row in _objects(document, "overlaps")],
        actions=[Action(row["id"], row["status"], row.get("crowd"), bool(row.get("big"))) for row in actions],
        pledges=[
            Pledge(row["id"], each["partner"], each["low"], each["likely"], each["high"])
            for row in actions
            for each in _objects(row, "pledges")
        ],
        came=[
            Came(row["id"], each["partner"], each.get("count"))
            for row in actions
            for each in _objects(row, "came")
        ],
        allies=[
            Ally(**{name: _ally_value(row, name) for name in ALLY}) for row in _objects(document, "allies")
        ],
        deference=[
            Deference(row["from"], row["to"], row.get("strength")) for row in _objects(document, "deference")
        ],
    )


def _objects(document: Json, name: str) -> list[Json]:
    return document.get(name) or []


def _ally_value(row: Json, name: str) -> Any:
    return bool(row.get(name)) if name in {"strategic", "natural"} else row.get(name)


def _settings(found: Json) -> Coalition:
    weights = {name: value for name, value in (found.get("weights") or {}).items() if value is not None}
    aimed_at = found.get("communities_aimed_at")
    return Coalition(
        critical_mass=found.get("critical_mass"),
        communities_aimed_at=Coalition().communities_aimed_at if aimed_at is None else int(aimed_at),
        next_action=found.get("next_action"),
        weights=Weights(**weights),
    )
