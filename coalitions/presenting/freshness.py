"""How old the numbers on a page are, so that nobody takes an old one for a new one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from coalitions.models import Coalition, Score
from coalitions.scores import PARK_AFTER

# A rescore takes well under a second; after this long without one something is in the way.
PATIENCE = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Freshness:
    """`state` is fresh, updating or stale; `since` is when the shown numbers were computed, None if never."""

    state: str
    since: datetime | None
    is_parked: bool = False


def freshness(coalition: Coalition, score: Score, *, now: datetime) -> Freshness:
    if score.is_fresh(revision=coalition.revision, today=coalition.local_day(now)):
        return Freshness("fresh", score.computed_at)
    if score.attempts >= PARK_AFTER and score.attempted_revision >= coalition.revision:
        return Freshness("stale", score.computed_at, is_parked=True)
    if now - coalition.changed_at < PATIENCE:
        return Freshness("updating", score.computed_at)
    return Freshness("stale", score.computed_at)
