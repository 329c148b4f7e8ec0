"""Session engine: rows in PostgreSQL that know their person, with an idle and an absolute limit."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from coalitions.models import Session

BEGAN = "_began"
TOUCH_EVERY = timedelta(hours=1)
# A session from the future was made under a wrong clock; it could outlive its limits, so it ends.
CLOCK_TOLERANCE = timedelta(hours=1)


class SessionStore(DatabaseStore):
    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        now = timezone.now()
        # Kept in the data, so that neither saving nor a new key makes an old session young again.
        created_at = datetime.fromisoformat(data.setdefault(BEGAN, now.isoformat()))
        return Session(
            session_key=self._get_or_create_session_key(),  # type: ignore[attr-defined]
            session_data=self.encode(data),
            expire_date=_expiry(created_at, seen_at=now),
            user_id=data.get(SESSION_KEY),
            created_at=created_at,
            seen_at=now,
        )

    def _get_session_from_db(self) -> Session | None:
        session: Session | None = super()._get_session_from_db()  # type: ignore[misc]
        if session is None:
            return None
        now = timezone.now()
        if not is_alive(session, now=now):
            self._session_key = None
            return None
        if now - session.seen_at > TOUCH_EVERY:
            Session.objects.filter(pk=session.pk).update(
                seen_at=now, expire_date=_expiry(session.created_at, seen_at=now)
            )
        return session


def is_alive(session: Session, *, now: datetime) -> bool:
    return session.created_at <= now + CLOCK_TOLERANCE and now < session.expire_date


def _expiry(created_at: datetime, *, seen_at: datetime) -> datetime:
    idle = timedelta(seconds=settings.SESSION_COOKIE_AGE)
    absolute = timedelta(seconds=settings.SESSION_ABSOLUTE_AGE)
    return min(seen_at + idle, created_at + absolute)
