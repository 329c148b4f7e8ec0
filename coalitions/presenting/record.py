"""What one organization promised, action by action, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from coalitions import facts
from coalitions.models import Action, ActionStatus, Coalition, CountOf, CurrentPledge, Organization
from coalitions.services.ledgers import pledge_fragment

# A page holds the latest years of a campaign, not a ledger without an end.
MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class Line:
    """The pledge for one action; `came` is None while nobody has counted these people."""

    action: Action
    low: int
    likely: int
    high: int
    is_held_back: bool
    came: int | None

    @property
    def share(self) -> float | None:
        return None if self.came is None or not self.likely else self.came / self.likely


def lines(coalition: Coalition, organization: Organization) -> list[Line]:
    """The newest action first."""
    cells = (
        coalition.current_pledges.filter(organization=organization, action__removed_at__isnull=True)
        .select_related("action", "latest")
        .order_by("-action__day", "-action_id")[:MOST_LINES]
    )
    counts = facts.best_counts(coalition, of=CountOf.PLEDGED).filter(organization=organization)
    came = dict(counts.values_list("action_id", "best"))
    return [_line(cell, came.get(cell.action_id)) for cell in cells]


def _line(cell: CurrentPledge, came: int | None) -> Line:
    said = cell.latest
    return Line(
        action=cell.action,
        low=said.low,
        likely=said.likely,
        high=said.high,
        is_held_back=said.is_held_back,
        came=came,
    )


def next_promise(found: Sequence[Line], *, today: date) -> Line | None:
    """The pledge for the action that comes first."""
    ahead = [
        line for line in found if line.action.status == ActionStatus.PLANNED and line.action.day >= today
    ]
    return min(ahead, key=lambda line: (line.action.day, line.action.pk), default=None)


def fragments(organization: Organization, found: Sequence[Line]) -> list[str]:
    """Everything in the history that is about this organization."""
    return [organization.fragment, *(pledge_fragment(line.action, organization) for line in found)]
