"""What a person can do with an upload: start it, choose about look-alikes, import it, cancel it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from coalitions import live
from coalitions.models import (
    RUNNING,
    Coalition,
    Import,
    ImportChunk,
    ImportFile,
    ImportNote,
    ImportState,
    User,
)
from coalitions.services.editing import Refused, one_transaction
from coalitions.services.imports import notes
from coalitions.services.imports.choices import DIFFERENT, SAME, Lookalike

FRAGMENT = "imports"
CHUNK = 1024 * 1024
MOST_RUNNING = 3
MOST_WAITING = 10
MOST_TRIES = 3
# A running import that has not been heard of for this long has lost its worker.
SILENT_AFTER = timedelta(seconds=20)
# An upload that nobody imported is not kept for ever.
FORGOTTEN_AFTER = timedelta(days=7)
JOBS = {
    ImportState.CHECKING: "coalitions.jobs.check_import",
    ImportState.COMMITTING: "coalitions.jobs.commit_import",
}


class MostRunning(Refused):
    """Enough imports of this coalition are under way."""


@transaction.atomic
def start_import(coalition: Coalition, *, by: User, files: Iterable[tuple[str, Iterable[bytes]]]) -> Import:
    """Keep the files and have them checked. Nothing in the coalition changes yet.

    Not tried again by itself like other services: the bytes of an upload can be read only once.
    """
    if coalition.imports.filter(state__in=RUNNING).count() >= MOST_RUNNING:
        raise MostRunning(_("Other imports are still under way. Wait until one of them is done."))
    if coalition.imports.filter(state=ImportState.CHECKED).count() >= MOST_WAITING:
        raise MostRunning(_("Many files wait to be imported. Import or cancel some of them first."))
    upload = Import.objects.create(coalition=coalition, by=by)
    for name, pieces in files:
        file = ImportFile.objects.create(upload=upload, name=name[:120])
        for number, piece in enumerate(pieces):
            ImportChunk.objects.create(file=file, number=number, content=piece)
            file.size += len(piece)
        file.save(update_fields=["size"])
    _queue(upload)
    return upload


@one_transaction
def keep_choices(upload: Import, *, choices: dict[str, str]) -> None:
    """Remember what the person chose about look-alikes; what is not mentioned stays as it was."""
    row = _locked(upload, ImportState.CHECKED)
    known = {str(number) for number in range(len(row.lookalikes))}
    row.choices |= {
        number: choice
        for number, choice in choices.items()
        if number in known and choice in {SAME, DIFFERENT}
    }
    row.save(update_fields=["choices"])
    upload.choices = row.choices


@one_transaction
def start_commit(upload: Import, *, by: User) -> None:
    """Hand the import to a worker. Pressing the button twice starts it once."""
    row = _locked(upload, ImportState.CHECKED)
    row.state, row.by, row.done, row.total, row.attempts = ImportState.COMMITTING, by, 0, 0, 0
    row.save(update_fields=["state", "by", "done", "total", "attempts"])
    Import.objects.filter(coalition_id=row.coalition_id, pk=row.pk).update(beat_at=Now())
    transaction.on_commit(lambda: tell(row), robust=True)
    _queue(row)


@one_transaction
def cancel(upload: Import) -> None:
    """Give the upload up; a worker that is busy with it notices and takes its work back."""
    settle(_locked(upload, *RUNNING, ImportState.CHECKED), ImportState.CANCELLED)


def note_checked(
    upload: Import,
    *,
    summary: dict[str, Any],
    lookalikes: Sequence[Lookalike],
    choices: dict[str, str],
    problems: list[Any],
) -> None:
    """What the check found. An upload with problems is refused as a whole."""
    with transaction.atomic():
        row = _locked(upload, ImportState.CHECKING)
        row.summary, row.lookalikes, row.choices = summary, list(lookalikes), choices
        row.save(update_fields=["summary", "lookalikes", "choices"])
        if problems:
            notes.keep(row, ImportNote.Kind.PROBLEMS, problems)
        settle(row, ImportState.REFUSED if problems else ImportState.CHECKED)


def settle(row: Import, state: ImportState, *, failure: str = "") -> None:
    """Inside a transaction. Files are kept only as long as they are needed."""
    row.state, row.failure = state, failure
    row.save(update_fields=["state", "failure"])
    if state != ImportState.CHECKED:
        ImportChunk.objects.filter(file__in=list(row.files.all())).delete()
    transaction.on_commit(lambda: tell(row), robust=True)


def fail(upload: Import, *, word: str) -> None:
    with transaction.atomic():
        row = Import.objects.select_for_update().get(coalition_id=upload.coalition_id, pk=upload.pk)
        if row.state in RUNNING:
            settle(row, ImportState.FAILED, failure=word)


def tell(upload: Import) -> None:
    """Browsers that look at this import, or at the list of imports, fetch it again."""
    revision = Coalition.objects.values_list("revision", flat=True).get(pk=upload.coalition_id)
    for fragment in (upload.fragment, FRAGMENT):
        live.publish(upload.coalition_id, fragment=fragment, revision=revision)


def tell_lists(coalition: Coalition) -> None:
    """Open lists cannot know from one change how much of them it touched."""
    for fragment in ("organizations", "actions"):
        live.publish(coalition.pk, fragment=fragment, revision=coalition.revision)


def pieces(file: ImportFile) -> Iterator[bytes]:
    """The bytes of a file, a piece at a time."""
    for number in file.chunks.order_by("number").values_list("number", flat=True):
        yield bytes(file.chunks.values_list("content", flat=True).get(number=number))


def silent(*, now: datetime) -> list[Import]:
    """Imports that should have a worker and seem to have none."""
    overdue = Q(state__in=RUNNING, beat_at__lt=now - SILENT_AFTER)
    return list(Import.objects.across_coalitions().filter(overdue).order_by("pk")[:50])


def queue(upload: Import) -> bool:
    job = JOBS[ImportState(upload.state)]
    return live.attempt(lambda: current_app.send_task(job, (upload.pk,)))


def forget_old(*, now: datetime) -> None:
    old = Q(state=ImportState.CHECKED, created_at__lt=now - FORGOTTEN_AFTER)
    for row in Import.objects.across_coalitions().filter(old).order_by("pk")[:50]:
        cancel(row)


def _queue(upload: Import) -> None:
    transaction.on_commit(lambda: queue(upload), robust=True)


def _locked(upload: Import, *states: ImportState) -> Import:
    row = Import.objects.select_for_update().get(coalition_id=upload.coalition_id, pk=upload.pk)
    if row.state not in states:
        raise Refused(_("This import is already %(state)s.") % {"state": row.get_state_display().lower()})
    return row
