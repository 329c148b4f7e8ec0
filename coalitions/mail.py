"""Mail that waits in PostgreSQL until the worker has sent it."""

from __future__ import annotations

from datetime import datetime


def send_waiting(*, now: datetime) -> None:
    raise NotImplementedError
