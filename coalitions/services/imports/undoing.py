"""Take an import back: what it added goes, what it changed returns, and work done since stays."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from coalitions import changes
from coalitions.models import (
    Action,
    Change,
    Coalition,
    Count,
    CurrentPledge,
    ExternalId,
    Import,
    ImportNote,
    ImportState,
    Membership,
    Organization,
    Overlap,
    Participation,
    Pledge,
    User,
)
from coalitions.services.editing import Refused, from_snapshot, one_transaction, snapshot
from coalitions.services.imports.copying import batches, copy, numbers, reserve
from coalitions.services.imports.directory import IMPORTED, UNDONE
from coalitions.services.imports.notes import kept
from coalitions.services.imports.uploads import tell, tell_lists
from coalitions.services.imports.writing import lock_actions, roll_up

Ranges = list[list[int]]
COUNTED = ("of", "low", "best", "high", "method", "counted_by", "is_independent", "source")


@one_transaction
def undo_import(change: Change, *, by: User | None) -> Change:
    """Rows that somebody has worked on since the import stay, and their number is told."""
    coalition = change.coalition
    upload = coalition.imports.select_for_update().filter(change=change, state=ImportState.DONE).first()
    done = kept(upload, ImportNote.Kind.UNDO) if upload else None
    if upload is None or done is None:
        raise Refused(_("This import cannot be undone any more."))
    tallies = _take_back(upload, done, by=by)
    transaction.on_commit(lambda: tell(upload), robust=True)
    transaction.on_commit(lambda: tell_lists(coalition), robust=True)
    upload.notes.filter(kind=ImportNote.Kind.UNDO).delete()
    Import.objects.filter(coalition=coalition, pk=upload.pk).update(state=ImportState.UNDONE)
    return changes.record(
        coalition,
        by=by,
        verb="import.undone",
        subject=change.subject,
        fragment="imports",
        after=tallies | {"import": str(upload.public_id)},
        undoes=change,
    )


def _take_back(upload: Import, done: dict[str, Any], *, by: User | None) -> dict[str, int]:
    """How many rows of each kind were taken back, and how many of those that the import added stay."""
    coalition = upload.coalition
    tallies = {
        "counts": _take_back_counts(coalition, numbers(done["counts"]), upload=upload, by=by),
        "pledges": _take_back_pledges(coalition, numbers(done["pledges"]), upload=upload, by=by),
        "participations": _delete_participations(coalition, done["participations"]),
        "stayed": 0,
    }
    _put_links_back(coalition, done)
    for kind, model in (("actions", Action), ("organizations", Organization)):
        _put_values_back(coalition, model, done[kind]["changed"])
        created = done[kind]["created"]
        tallies[kind] = _remove_untouched(coalition, model, created)
        tallies["stayed"] += len(numbers(created)) - tallies[kind]
    _delete_links(coalition, done["links"])
    return tallies


def _remove_untouched(coalition: Coalition, model: type[Organization | Action], created: Ranges) -> int:
    """Rows as the import left them, and with nothing of people's own hanging on them."""
    own = {"action": OuterRef("pk")} if model is Action else {"organization": OuterRef("pk")}
    by_hand = ~Q(idempotency_key__startswith=IMPORTED) & ~Q(idempotency_key__startswith=UNDONE)
    touched = [
        Exists(Pledge.objects.filter(by_hand, coalition=coalition, **own)),
        Exists(Count.objects.filter(by_hand, coalition=coalition, **own)),
        Exists(Participation.objects.filter(coalition=coalition, **own)),
    ]
    if model is Organization:
        touched.append(Exists(Membership.objects.filter(coalition=coalition, **own)))
        pair = Q(first=OuterRef("pk")) | Q(second=OuterRef("pk"))
        touched.append(Exists(Overlap.objects.filter(pair, coalition=coalition)))
    removed = 0
    for first_and_last in created:
        rows = model.objects.filter(coalition=coalition, pk__range=first_and_last)
        rows = rows.filter(version=1, removed_at__isnull=True)
        for condition in touched:
            rows = rows.exclude(condition)
        removed += rows.update(removed_at=Now(), version=F("version") + 1)
    return removed


def _put_values_back(
    coalition: Coalition, model: type[Organization | Action], changed: list[list[Any]]
) -> None:
    """Newest first, each field only where it still is what the import wrote."""
    for pk, before, after in reversed(changed):
        row = model.objects.select_for_update().get(coalition=coalition, pk=pk)
        now = snapshot(row, after)
        values = {name: before[name] for name, value in after.items() if now[name] == value}
        if not values:
            continue
        restored: dict[str, Any] = from_snapshot(model, values)
        model.objects.filter(coalition=coalition, pk=pk).update(**restored, version=F("version") + 1)


def _delete_participations(coalition: Coalition, created: Ranges) -> int:
    rows = coalition.participations
    return sum(rows.filter(pk__range=first_and_last).delete()[0] for first_and_last in created)


def _put_links_back(coalition: Coalition, done: dict[str, Any]) -> None:
    rows = [ExternalId(pk=pk, imported=before) for pk, before in done["said"]]
    coalition.external_ids.bulk_update(rows, ["imported"], batch_size=500)


def _delete_links(coalition: Coalition, created: Ranges) -> None:
    """Only those of rows that are gone: a row that stays is still known by its id elsewhere."""
    gone = Q(organization__removed_at__isnull=False) | Q(action__removed_at__isnull=False)
    for first_and_last in created:
        rows = coalition.external_ids.filter(pk__range=first_and_last)
        coalition.external_ids.filter(pk__in=rows.filter(gone).values("pk")).delete()


def _take_back_counts(coalition: Coalition, pks: list[int], *, upload: Import, by: User | None) -> int:
    """The ledger only grows: a count is withdrawn by a row, a corrected one gets its old figures by a row."""
    names = ("action_id", "organization_id", *COUNTED)
    own = ("id", "coalition", "by", "corrects", "is_withdrawn", "idempotency_key")
    rows = coalition.counts.filter(corrected_by__isnull=True).select_related("corrects").order_by("pk")
    taken = 0
    for batch in batches(pks):
        lock_actions(
            coalition, set(coalition.counts.filter(pk__in=batch).values_list("action_id", flat=True))
        )
        standing = list(rows.filter(pk__in=batch))
        new = (
            (
                pk,
                coalition.pk,
                by and by.pk,
                row.pk,
                row.corrects is None or row.corrects.is_withdrawn,
                _undo_key(row.idempotency_key, upload),
                *(getattr(row.corrects or row, name) for name in names),
            )
            for pk, row in zip(reserve(Count, len(standing)), standing, strict=True)
        )
        copy(Count, [*own, "action", "organization", *COUNTED], new, step=_ignore)
        taken += len(standing)
    return taken


def _take_back_pledges(coalition: Coalition, pks: list[int], *, upload: Import, by: User | None) -> int:
    """Where the import's pledge is still the newest, what counted before is said once more, 0 if nothing."""
    if not pks:
        return 0
    lock_actions(coalition, set(coalition.pledges.filter(pk__in=pks).values_list("action_id", flat=True)))
    current = list(
        coalition.current_pledges.filter(latest_id__in=pks).select_related("latest").order_by("pk")
    )
    before = _counted_before(coalition, current, mine=pks)
    rows = [
        _said_again(row, before.get((row.action_id, row.organization_id)))
        | {"id": pk, "key": _undo_key(row.latest.idempotency_key, upload)}
        for pk, row in zip(reserve(Pledge, len(current)), current, strict=True)
    ]
    copied = ("id", "action_id", "organization_id", "low", "likely", "high", "key")
    copy(
        Pledge,
        ["id", "action", "organization", "low", "likely", "high", "idempotency_key", "coalition", "by"],
        ((*(row[name] for name in copied), coalition.pk, by and by.pk) for row in rows),
        step=_ignore,
    )
    roll_up(coalition, rows)
    return len(rows)


def _counted_before(
    coalition: Coalition, current: list[CurrentPledge], *, mine: list[int]
) -> dict[tuple[int, int], Pledge]:
    """The newest pledge of each pair that counted, other than those of the import."""
    actions = {row.action_id for row in current}
    earlier = coalition.pledges.filter(action_id__in=actions, is_held_back=False).exclude(pk__in=mine)
    return {(pledge.action_id, pledge.organization_id): pledge for pledge in earlier.order_by("pk")}


def _said_again(row: CurrentPledge, old: Pledge | None) -> dict[str, Any]:
    return {
        "action_id": row.action_id,
        "organization_id": row.organization_id,
        "low": old.low if old else 0,
        "likely": old.likely if old else 0,
        "high": old.high if old else 0,
        "is_held_back": False,
        "seen_version": row.version,
    }


def _undo_key(key: str, upload: Import) -> str:
    return f"{UNDONE}{key.split(':')[1]}:{upload.public_id.hex[:12]}"


def _ignore(_number: int) -> None:
    pass
