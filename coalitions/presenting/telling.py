"""The history as it is told: who did what and when, what it changed, and whether it can be undone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from django.core.exceptions import ObjectDoesNotExist
from django.utils.safestring import SafeString

from coalitions.models import Change
from coalitions.services.history import may_undo
from coalitions.wording import differences, sentence


@dataclass(frozen=True, slots=True)
class Told:
    """One change; `at` in the coalition's own time."""

    change: Change
    at: datetime
    sentence: SafeString
    differences: list[tuple[str, str, str]]
    is_undo: bool
    is_undone: bool
    may_undo: bool


def told(changes: Iterable[Change], *, zone: str, role: int) -> list[Told]:
    """Expects the changes with `by` and `undone_by` fetched along."""
    return [_told(change, ZoneInfo(zone), role) for change in changes]


def by_day(lines: list[Told]) -> list[tuple[date, list[Told]]]:
    return [(day, list(group)) for day, group in groupby(lines, key=lambda line: line.at.date())]


def _told(change: Change, zone: ZoneInfo, role: int) -> Told:
    is_undone = _is_undone(change)
    return Told(
        change=change,
        at=change.at.astimezone(zone),
        sentence=sentence(change),
        differences=[(each.label, each.before, each.after) for each in differences(change)],
        is_undo=change.undoes_id is not None,
        is_undone=is_undone,
        may_undo=not is_undone and may_undo(change.verb, role=role),
    )


def _is_undone(change: Change) -> bool:
    try:
        return change.undone_by is not None
    except ObjectDoesNotExist:
        return False
