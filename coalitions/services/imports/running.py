"""A worker at work on one import: alone with it, heard of twice a second, and told when it was cancelled."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from coalitions import live
from coalitions.models import RUNNING, Import, ImportState
from coalitions.services.imports import uploads

BEAT_EVERY = 0.5


class Cancelled(Exception):
    """Somebody gave the import up while it was running."""


class Run:
    """Progress goes through a connection of its own, so that others see it while the transaction is open."""

    def __init__(self, upload: Import, connection: BaseDatabaseWrapper) -> None:
        self.upload = upload
        self.connection = connection
        self.done = 0
        self.total = 0
        self._next = 0.0

    def begin(self, total: int) -> None:
        self.done, self.total = 0, total
        self._beat()

    def step(self, number: int) -> None:
        self.reach(self.done + number)

    def reach(self, done: int, total: int | None = None) -> None:
        self.done = done
        self.total = self.total if total is None else total
        if time.monotonic() >= self._next:
            self._beat()

    def _beat(self) -> None:
        self._next = time.monotonic() + BEAT_EVERY
        with self.connection.cursor() as cursor:
            cursor.execute(
                "UPDATE coalitions_import SET done = %s, total = %s, beat_at = now()"
                " WHERE id = %s AND state = %s",
                [self.done, self.total, self.upload.pk, self.upload.state],
            )
            if cursor.rowcount == 0:
                raise Cancelled
        live.publish(
            self.upload.coalition_id, fragment=self.upload.fragment, revision=self.upload.coalition.revision
        )


@contextmanager
def alone_with(import_id: int, *, state: ImportState) -> Iterator[Run | None]:
    """None when there is nothing to do: another worker has it, or it is settled already.

    The lock belongs to a connection, so it ends with its worker, however that one dies.
    """
    connection = connections.create_connection("default")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(hashtextextended('import', %s))", [import_id])
            (is_ours,) = cursor.fetchone()
            upload = is_ours and _claim(cursor, import_id, state=state)
        yield Run(upload, connection) if upload else None
    finally:
        connection.close()


def _claim(cursor, import_id: int, *, state: ImportState) -> Import | None:  # type: ignore[no-untyped-def]
    cursor.execute(
        "UPDATE coalitions_import SET attempts = attempts + 1, beat_at = now()"
        " WHERE id = %s AND state = %s RETURNING attempts",
        [import_id, state],
    )
    found = cursor.fetchone()
    if found is None:
        return None
    upload = Import.objects.across_coalitions().select_related("coalition", "by").get(pk=import_id)
    if found[0] > uploads.MOST_TRIES:
        uploads.fail(upload, word="gave_up")
        return None
    return upload if upload.state in RUNNING else None
