"""Work that a person started and waits for: checking an upload, and importing it."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from billiard.exceptions import SoftTimeLimitExceeded
from celery import shared_task
from django.db import IntegrityError
from django.utils import timezone

from coalitions.exchange import lookalikes, references
from coalitions.exchange.limits import MOST_COMPARED, MOST_LOOKALIKES
from coalitions.exchange.reading import Progress, Reading, Upload, read
from coalitions.models import ImportState
from coalitions.services.editing import Refused
from coalitions.services.imports import uploads
from coalitions.services.imports.choices import DIFFERENT, SAME, Groups
from coalitions.services.imports.committing import NotAllowed, count_rows_anew
from coalitions.services.imports.committing import commit_import as commit
from coalitions.services.imports.directory import HERE, Directory, load
from coalitions.services.imports.plan import compare
from coalitions.services.imports.running import Cancelled, Run, alone_with
from coalitions.services.imports.writing import MovedOn

logger = logging.getLogger(__name__)

SHOWN_PROBLEMS = 200
TRIES = 3
MANY_ROWS = 1_000
# Nearly always right when a person looks at them, so they are proposed as the same.
CERTAIN = {lookalikes.Reason.SAME_LETTERS, lookalikes.Reason.WORD_ORDER}


@shared_task(soft_time_limit=270, time_limit=300)
def check_import(import_id: int) -> None:
    """Read the files and say what importing them would do. Writes nothing but its findings."""
    if not isinstance(import_id, int):
        return
    with alone_with(import_id, state=ImportState.CHECKING) as run:
        if run is None:
            return
        try:
            _check(run)
        except Cancelled:
            pass
        except SoftTimeLimitExceeded:
            uploads.fail(run.upload, word="too_slow")


@shared_task(soft_time_limit=270, time_limit=300)
def commit_import(import_id: int) -> None:
    """Write everything, or nothing. Safe to run twice, late, or side by side."""
    if not isinstance(import_id, int):
        return
    with alone_with(import_id, state=ImportState.COMMITTING) as run:
        if run is None:
            return
        try:
            _commit(run)
        except Cancelled:
            pass
        except NotAllowed:
            uploads.fail(run.upload, word="not_allowed")
        except SoftTimeLimitExceeded:
            uploads.fail(run.upload, word="too_slow")


@shared_task(soft_time_limit=20, time_limit=30)
def resume_imports() -> None:
    """Start again what lost its worker or its message; forget what nobody wanted."""
    now = timezone.now()
    for upload in uploads.silent(now=now):
        uploads.queue(upload)
    uploads.forget_old(now=now)


def _check(run: Run) -> None:
    upload = run.upload
    today = upload.coalition.local_day(timezone.now())
    reading = _read(run, progress=run.reach)
    problems = reading.problems
    pairs: list[list[str]] | None = []
    summary: dict[str, Any] = {
        "files": [
            {"name": file.name, "shape": file.shape.name, "rows": file.rows, "ignored": file.ignored}
            for file in reading.files
        ]
    }
    if not problems:
        directory = load(upload.coalition)
        problems = references.check(reading.records, directory, today=today)
    if not problems:
        pairs = look_alikes(reading, directory)
        summary["too_many_names"] = pairs is None
        plan = compare(reading.records, directory, same=Groups(), may_jump=True)
        summary |= {"tallies": plan.tallies, "kept": plan.kept}
    listed = [list(problem) for problem in problems]
    summary |= {"problems": len(listed), "first_problems": listed[:SHOWN_PROBLEMS]}
    choices = {
        str(number): SAME if pair[2] in CERTAIN else DIFFERENT for number, pair in enumerate(pairs or [])
    }
    uploads.note_checked(upload, summary=summary, lookalikes=pairs or [], choices=choices, problems=listed)


def look_alikes(reading: Reading, directory: Directory) -> list[list[str]] | None:
    """[left ref, right ref, reason, left name, right name]; None for more names than can be compared.

    Names that are equal need no question.
    """
    table = directory.organizations
    names = {record.ref: record.name for record in reading.records.organizations}
    new = {ref: name for ref, name in names.items() if table.target(ref) is None}
    name_at = table.fields.index("name")
    known = {
        f"{HERE}:{row.public_id}": row.values[name_at] for row in table.rows.values() if not row.is_removed
    }
    both = known | new
    if len(both) > MOST_COMPARED:
        return None
    return [
        [pair.left, pair.right, str(pair.reason), both[pair.left], both[pair.right]]
        for pair in lookalikes.find(new, known)
        if both[pair.left].casefold() != both[pair.right].casefold()
    ][:MOST_LOOKALIKES]


def _commit(run: Run) -> None:
    for turn in range(1, TRIES + 1):
        records = _read(run, progress=lambda _done, _total: run.reach(0)).records
        try:
            commit(run.upload, records=records, begin=run.begin, step=run.step)
        except (MovedOn, IntegrityError, Refused) as error:
            # Somebody edited the same rows meanwhile: look again at how they are now.
            logger.warning("import %s: %s", run.upload.pk, type(error).__name__)
            run.begin(0)
            if turn == TRIES:
                uploads.fail(run.upload, word="moved_on")
        except LookupError:
            return uploads.fail(run.upload, word="rows_gone")
        else:
            if run.total >= MANY_ROWS:
                count_rows_anew()
            return uploads.tell_lists(run.upload.coalition)
    return None


def _read(run: Run, *, progress: Progress) -> Reading:
    files = [Upload(file.name, partial(uploads.pieces, file)) for file in run.upload.files.order_by("pk")]
    today = run.upload.coalition.local_day(timezone.now())
    return read(files, today=today, progress=progress)
