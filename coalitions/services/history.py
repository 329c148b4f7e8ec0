"""Put back what a change did, as a new change: nothing in the history is ever rewritten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from coalitions.models import (
    Action,
    Change,
    Count,
    CurrentPledge,
    Organization,
    Overlap,
    Pledge,
    Role,
    User,
)
from coalitions.services import directory, ledgers
from coalitions.services.editing import Refused, from_snapshot, one_transaction, save_edit, snapshot
from coalitions.services.imports import undo_import
from coalitions.services.ledgers import Figures
from coalitions.services.saying import label, said

Row = Organization | Action | Overlap
ROWS: dict[str, type[Row]] = {"organization": Organization, "action": Action, "overlap": Overlap}
FIGURES = ("low", "likely", "high")
COUNTED = ("of", "organization", "low", "best", "high", "method", "counted_by", "is_independent", "source")


@dataclass(frozen=True, slots=True)
class Way:
    """How one kind of change is undone, and who may do it."""

    run: Callable[[Change, User | None], object]
    at_least: Role = Role.ORGANIZER


@one_transaction
def undo(change: Change, *, by: User | None, role: Role = Role.ORGANIZER) -> Change:
    """A change is undone once; the undo is a change like any other and can be undone in turn."""
    # The lock makes the second of two people wait, and then see that it was done.
    known = change.coalition.changes.select_for_update(no_key=True).get(pk=change.pk)
    way = UNDOABLE.get(known.verb)
    if way is None:
        raise Refused(_("A change of this kind cannot be undone."))
    if role < way.at_least:
        raise Refused(_("Only a lead can undo this."))
    if change.coalition.changes.filter(undoes=known).exists():
        raise Refused(_("This was undone already."))
    way.run(known, by)
    return change.coalition.changes.get(undoes=known)


def may_undo(verb: str, *, role: Role | int) -> bool:
    way = UNDOABLE.get(verb)
    return way is not None and role >= way.at_least


def _put_back(change: Change, by: User | None) -> None:
    row = _row(change)
    if isinstance(row, Organization | Action) and row.removed_at is not None:
        raise Refused(_("%(name)s was removed since. Bring it back first.") % {"name": row})
    _refuse_if_changed_since(change, row)
    save_edit(
        row,
        coalition=change.coalition,
        by=by,
        seen_version=row.version,
        values=from_snapshot(type(row), change.before or {}),
        verb=change.verb,
        subject=change.subject,
        undoes=change,
    )


def _take_out(change: Change, by: User | None) -> None:
    row = _row(change)
    if isinstance(row, Overlap):
        _refuse_if_changed_since(change, row)
        directory.remove_overlap(row, by=by, seen_version=row.version, undoes=change)
        return
    if row.removed_at is not None:
        raise Refused(_("%(name)s was removed already.") % {"name": row})
    if change.verb.endswith((".added", ".planned")):
        _refuse_if_changed_since(change, row)
    save_edit(
        row,
        coalition=change.coalition,
        by=by,
        seen_version=row.version,
        values={"removed_at": timezone.now()},
        verb=f"{row.fragment_name}.removed",
        subject=str(row),
        undoes=change,
    )


def _bring_back(change: Change, by: User | None) -> None:
    row = _row(change)
    if isinstance(row, Overlap) or row.removed_at is None:
        raise Refused(_("%(name)s is back already.") % {"name": row})
    save_edit(
        row,
        coalition=change.coalition,
        by=by,
        seen_version=row.version,
        values={"removed_at": None},
        verb=f"{row.fragment_name}.restored",
        subject=str(row),
        fragment=f"{row.fragment_name}s",
        undoes=change,
    )


def _declare_again(change: Change, by: User | None) -> None:
    kept = change.before or {}
    pair = list(change.coalition.organizations.filter(pk__in=[kept["first"], kept["second"]]))
    if any(organization.removed_at for organization in pair):
        raise Refused(_("One of the two organizations was removed since. Bring it back first."))
    if change.coalition.overlaps.filter(first=kept["first"], second=kept["second"]).exists():
        raise Refused(_("This pair has been declared again since."))
    one, other = pair
    directory.declare_overlap(one, other, by=by, share=kept["share"], undoes=change)


def _log_previous_pledge(change: Change, by: User | None) -> None:
    """The ledger only grows: the figures from before are logged once more, 0 where there were none."""
    names = change.after or {}
    current = (
        change.coalition.current_pledges.filter(action=names["action"], organization=names["organization"])
        .select_related("action", "organization", "latest")
        .get()
    )
    _refuse_if_changed_since(change, current.latest)
    figures = _figures_before(change, current)
    believed = current.action.pledges.filter(
        organization=current.organization, is_held_back=False, likely=figures.likely
    ).exists()
    ledgers.log_pledge(
        current.action,
        organization=current.organization,
        by=by,
        # Figures that counted before do not need a second look again.
        role=Role.LEAD if believed else Role.ORGANIZER,
        figures=figures,
        seen_version=current.version,
        idempotency_key=f"undo-{change.public_id}",
        undoes=change,
    )


def _figures_before(change: Change, current: CurrentPledge) -> Figures:
    """What the change replaced. Where a lead only counted on what was held back, what counted until then."""
    known = {name: (change.after or {}).get(name) for name in FIGURES}
    before = change.before
    if before == known:
        counted = current.action.pledges.filter(
            organization=current.organization, is_held_back=False, pk__lt=current.latest_id
        )
        before = counted.order_by("-pk").values(*FIGURES).first()
    return Figures(**(before or dict.fromkeys(FIGURES, 0)))


def _correct_count(change: Change, by: User | None) -> None:
    """A first count is taken back; a correction is corrected to what stood before it."""
    count = Count.objects.select_related("action", "corrects").get(
        coalition=change.coalition, pk=(change.after or {})["id"]
    )
    if Count.objects.filter(coalition=change.coalition, corrects=count).exists():
        raise Refused(_("This count has been corrected since. Undo the correction first."))
    before = count.corrects
    values = {name: getattr(before or count, name) for name in COUNTED}
    ledgers.log_count(
        count.action,
        by=by,
        idempotency_key=f"undo-{change.public_id}",
        values=values | {"is_withdrawn": before.is_withdrawn if before else True},
        corrects=count,
        undoes=change,
    )


def _put_settings_back(change: Change, by: User | None) -> None:
    coalition = change.coalition
    coalition.refresh_from_db()
    _refuse_if_changed_since(change, coalition)
    save_edit(
        coalition,
        coalition=coalition,
        by=by,
        seen_version=coalition.version,
        values=from_snapshot(type(coalition), change.before or {}),
        verb=change.verb,
        subject=coalition.name,
        undoes=change,
    )


def _row(change: Change) -> Row:
    """The row that a change is about: named by its record where the fragment is that of a list."""
    model = ROWS[change.verb.partition(".")[0]]
    names: dict[str, Any] = {"coalition": change.coalition}
    if "id" in (change.after or {}):
        names["pk"] = (change.after or {})["id"]
    else:
        names["public_id"] = UUID(change.fragment.partition("-")[2])
    row: Row | None = model._base_manager.filter(**names).first()
    if row is None:
        raise Refused(_("What this change was about is no longer there."))
    return row


def _refuse_if_changed_since(change: Change, row: Any) -> None:
    """Whoever undoes must not wipe out newer work without having seen it."""
    model = type(row)
    wanted = {name: value for name, value in (change.after or {}).items() if _is_value(model, name)}
    now = snapshot(row, wanted)
    for name, value in wanted.items():
        if now[name] != value:
            raise Refused(
                _("%(field)s was changed since: it is %(now)s now. Undo the newer change first.")
                % {"field": label(model, name), "now": said(model, name, now[name]) or _("empty")}
            )


def _is_value(model: type[Any], name: str) -> bool:
    return name != "id" and not (model is Pledge and name in {"action", "organization"})


# Everything that can be undone.
UNDOABLE: dict[str, Way] = {
    "organization.added": Way(_take_out),
    "organization.edited": Way(_put_back),
    "organization.removed": Way(_bring_back),
    "organization.restored": Way(_take_out),
    "overlap.declared": Way(_take_out),
    "overlap.changed": Way(_put_back),
    "overlap.removed": Way(_declare_again),
    "action.planned": Way(_take_out),
    "action.edited": Way(_put_back),
    "action.removed": Way(_bring_back),
    "action.restored": Way(_take_out),
    "pledge.logged": Way(_log_previous_pledge),
    "pledge.held_back": Way(_log_previous_pledge),
    "count.logged": Way(_correct_count),
    "count.corrected": Way(_correct_count),
    "import.committed": Way(lambda change, by: undo_import(change, by=by)),
    "settings.changed": Way(_put_settings_back, at_least=Role.LEAD),
}
