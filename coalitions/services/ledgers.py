"""The two ledgers, pledges and counts: rows are only ever added, and a key sent twice adds one row."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.db.models.functions import Now
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from coalitions import changes
from coalitions.models import (
    Action,
    ActionStatus,
    Change,
    Count,
    CountOf,
    CurrentPledge,
    Organization,
    Pledge,
    Role,
    User,
)
from coalitions.models.actions import MOST_PEOPLE
from coalitions.services.editing import Refused, StaleEdit, one_transaction

# A jump: this many times the figure that counted a day ago, and large enough to matter.
JUMP_FACTOR = 10
JUMP_PEOPLE = 200
JUMP_WITHIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Figures:
    """People: low <= likely <= high."""

    low: int
    likely: int
    high: int


@one_transaction
def log_pledge(
    action: Action,
    *,
    organization: Organization,
    by: User | None,
    role: Role,
    figures: Figures,
    idempotency_key: str,
    seen_version: int | None = None,
    note: str = "",
    undoes: Change | None = None,
) -> Pledge:
    """Add a row, and roll it up. The same key again returns the same row; a stale version raises `StaleEdit`.

    `seen_version` is the version of the current pledge that the person saw, 0 where there was none,
    None for a sender that only adds (a program, an import).
    """
    coalition = action.coalition
    # One writer at a time per action: what makes a first pledge, and a key sent twice at once, race-free.
    Action.objects.select_for_update(no_key=True).filter(coalition=coalition).get(pk=action.pk)
    sent_before = coalition.pledges.filter(by=by, idempotency_key=idempotency_key).first()
    if sent_before is not None:
        return _the_same(sent_before, action=action, organization=organization, figures=figures)
    _refuse_impossible(action, organization, figures)
    if role <= Role.PARTNER and action.status == ActionStatus.HELD:
        raise Refused(_("This action has been held. Only an organizer can still change what was pledged."))
    current = action.current_pledges.filter(organization=organization).select_related("latest").first()
    if seen_version is not None and seen_version != (current.version if current else 0):
        raise StaleEdit(current or _nothing_yet(action, organization))
    pledge = Pledge.objects.create(
        coalition=coalition,
        action=action,
        organization=organization,
        by=by,
        note=note,
        idempotency_key=idempotency_key,
        is_held_back=role < Role.LEAD and _is_jump(figures.likely, action=action, organization=organization),
        **asdict(figures),
    )
    # Read before the rollup moves on to the new row.
    before = asdict(_figures_of(current.latest)) if current else None
    _roll_up(pledge, current)
    changes.record(
        coalition,
        by=by,
        verb="pledge.held_back" if pledge.is_held_back else "pledge.logged",
        subject=f"{organization.name} · {action.title}",
        fragment=pledge_fragment(action, organization),
        before=before,
        after=asdict(figures) | {"action": action.pk, "organization": organization.pk},
        undoes=undoes,
    )
    return pledge


def _roll_up(pledge: Pledge, current: CurrentPledge | None) -> None:
    """The newest row becomes the latest one; it is counted on unless it is held back."""
    if current is None:
        current = _nothing_yet(pledge.action, pledge.organization)
    current.latest = pledge
    current.version += 1
    if not pledge.is_held_back:
        current.counted = pledge
        current.low, current.likely, current.high = pledge.low, pledge.likely, pledge.high
    current.save()


def _figures_of(row: Pledge | CurrentPledge) -> Figures:
    return Figures(low=row.low, likely=row.likely, high=row.high)


def _is_jump(likely: int, *, action: Action, organization: Organization) -> bool:
    """Whether the figure needs a second look before anybody counts on it. A first pledge only has the cap."""
    if likely < JUMP_PEOPLE:
        return False
    believed = _believed(action, organization)
    return believed is not None and likely > JUMP_FACTOR * max(believed, 1)


def _believed(action: Action, organization: Organization) -> int | None:
    """What counted a day ago, or at first, or what a lead counted on since: small steps add up."""
    counted = action.pledges.filter(organization=organization, is_held_back=False)
    by_a_lead = Q(by__memberships__coalition=action.coalition_id, by__memberships__role=Role.LEAD)
    places = (
        counted.order_by("pk"),
        counted.filter(at__lte=Now() - JUMP_WITHIN).order_by("-pk"),
        counted.filter(by_a_lead | Q(by__isnull=True)).order_by("-pk"),
    )
    known = [row for rows in places for row in rows.values_list("pk", "likely")[:1]]
    return max(known)[1] if known else None


def pledge_fragment(action: Action, organization: Organization) -> str:
    """One row of the action's pledge table: unique on that page, heard by nobody else."""
    return f"pledge-{action.public_id.hex[:12]}-{organization.public_id}"


@one_transaction
def log_count(
    action: Action,
    *,
    by: User | None,
    idempotency_key: str,
    values: dict[str, Any],
    corrects: Count | None = None,
    undoes: Change | None = None,
) -> Count:
    """Add a row; a correction names the row that it replaces, and that row stays on record."""
    coalition = action.coalition
    Action.objects.select_for_update(no_key=True).filter(coalition=coalition).get(pk=action.pk)
    sent_before = coalition.counts.filter(by=by, idempotency_key=idempotency_key).first()
    if sent_before is not None:
        return _the_same_count(sent_before, action=action, corrects=corrects, values=values)
    _refuse_impossible_count(action, values)
    if corrects is not None:
        _refuse_second_correction(action, corrects)
    count = Count.objects.create(
        coalition=coalition,
        action=action,
        by=by,
        idempotency_key=idempotency_key,
        corrects=corrects,
        **values,
    )
    shown = ("low", "best", "high", "of", "method", "counted_by", "is_independent", "is_withdrawn")
    changes.record(
        coalition,
        by=by,
        verb="count.corrected" if corrects else "count.logged",
        subject=action.title,
        fragment=f"counts-{action.public_id}",
        before={name: getattr(corrects, name) for name in shown} if corrects else None,
        after={name: getattr(count, name) for name in shown} | {"id": count.pk},
        undoes=undoes,
    )
    return count


def _refuse_second_correction(action: Action, corrects: Count) -> None:
    if corrects.action_id != action.pk:
        raise Refused(_("A correction belongs to the same action."))
    newer = action.counts.filter(corrects=corrects).first()
    if newer is not None:
        raise StaleEdit(newer)


def _refuse_impossible(action: Action, organization: Organization, figures: Figures) -> None:
    if action.coalition_id != organization.coalition_id or action.removed_at or organization.removed_at:
        raise Refused(_("This action or organization is not part of the coalition."))
    if action.status == ActionStatus.CANCELLED:
        raise Refused(_("This action is cancelled, so nothing was saved. Plan it again first."))
    if figures.low < 0:
        raise Refused(_("A pledge cannot be below zero."), field="low")
    if not figures.low <= figures.likely <= figures.high:
        raise Refused(_("Low must not be above likely, and likely not above high."), field="likely")
    cap = action.coalition.pledge_cap
    if figures.high > cap:
        message = _(
            "%(high)s is above %(cap)s, the largest pledge this coalition believes."
            " A lead can raise that in the settings."
        )
        named = {"high": figures.high, "cap": cap}
        raise Refused(
            message % {name: number_format(n, force_grouping=True) for name, n in named.items()}, field="high"
        )


def _refuse_impossible_count(action: Action, values: dict[str, Any]) -> None:
    if action.removed_at:
        raise Refused(_("This action is not part of the coalition."))
    if action.status == ActionStatus.CANCELLED:
        raise Refused(_("This action is cancelled, so nobody can be counted."))
    if not 0 <= values["low"] <= values["best"] <= values["high"]:
        raise Refused(_("Low must not be above best, and best not above high."), field="best")
    if values["high"] > MOST_PEOPLE:
        raise Refused(_("Nobody has ever counted that many people."), field="high")
    organization = values.get("organization")
    if (values["of"] == CountOf.PLEDGED) != (organization is not None):
        raise Refused(_("Name the partner for its own people, and for nothing else."), field="organization")
    if organization is not None and organization.coalition_id != action.coalition_id:
        raise Refused(_("Choose an organization of this coalition."), field="organization")


def _the_same(pledge: Pledge, *, action: Action, organization: Organization, figures: Figures) -> Pledge:
    same = (pledge.action_id, pledge.organization_id) == (action.pk, organization.pk)
    if not (same and _figures_of(pledge) == figures):
        raise Refused(_("This key was already used for another pledge."), field="idempotency_key")
    return pledge


def _the_same_count(count: Count, *, action: Action, corrects: Count | None, values: dict[str, Any]) -> Count:
    same = (count.action_id, count.corrects_id) == (action.pk, corrects.pk if corrects else None)
    if not (same and all(getattr(count, name) == value for name, value in values.items())):
        raise Refused(_("This key was already used for another count."), field="idempotency_key")
    return count


def _nothing_yet(action: Action, organization: Organization) -> CurrentPledge:
    return CurrentPledge(
        coalition=action.coalition,
        action=action,
        organization=organization,
        low=0,
        likely=0,
        high=0,
        version=0,
    )
