"""What a person does with an account of their own: password, name, sessions."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.utils.translation import gettext as _

from coalitions import tasks
from coalitions.models import OutgoingMail, Session, User
from coalitions.services import limits
from coalitions.services.editing import Refused, one_transaction

RESETS_AN_HOUR = 3


@one_transaction
def ask_for_reset(email: str, *, now: datetime) -> None:
    """The same work whether or not there is such an account: only the worker looks the address up."""
    email = email.strip().lower()
    wanted = limits.key("reset", email)
    if limits.allow(wanted, most=RESETS_AN_HOUR, within=timedelta(hours=1), now=now):
        OutgoingMail.objects.create(kind=OutgoingMail.Kind.RESET, to=email)
        transaction.on_commit(tasks.queue_mail, robust=True)


def person_of_reset_link(uid: str, token: str) -> User | None:
    """The person whom an unused link of the last hour was made for."""
    return _person_of_reset_link(uid, token, lock=False)


@one_transaction
def reset_password(uid: str, token: str, *, password: str, now: datetime) -> User:
    """Ends every session and opens none: who resets a password still has to sign in, second step included."""
    user = _person_of_reset_link(uid, token, lock=True)
    if user is None:
        raise Refused(_("This link does not work any more. Ask for a new one."))
    _set_password(user, password)
    end_other_sessions(user, keep=None)
    # Whoever reads the account's mail is not the one who was guessing.
    limits.forget_tries(limits.key("sign-in", user.email), now=now)
    return user


@one_transaction
def change_password(user: User, *, password: str, keep: str | None) -> None:
    _set_password(user, password)
    end_other_sessions(user, keep=keep)


def rename(user: User, *, name: str) -> None:
    user.name = name
    user.save(update_fields=["name"])


def end_session(user: User, public_id: str) -> bool:
    """Whether there was such a session of this person."""
    deleted, _rows = Session.objects.filter(user=user, public_id=public_id).delete()
    return deleted > 0


def end_other_sessions(user: User, *, keep: str | None) -> None:
    Session.objects.filter(user=user).exclude(session_key=keep or "").delete()


@one_transaction
def deactivate(user: User) -> None:
    """The account stays as the author of what it did, and opens nothing any more."""
    User.objects.filter(pk=user.pk).update(is_active=False)
    end_other_sessions(user, keep=None)


def forget_what_has_expired(*, now: datetime) -> None:
    Session.objects.filter(expire_date__lt=now).delete()
    limits.forget_old(now=now)


def _set_password(user: User, password: str) -> None:
    user.set_password(password)
    user.save(update_fields=["password"])


def _person_of_reset_link(uid: str, token: str, *, lock: bool) -> User | None:
    try:
        public_id = uuid.UUID(uid)
    except ValueError:
        return None
    users = User.objects.select_for_update() if lock else User.objects.all()
    user = users.filter(public_id=public_id, is_active=True).first()
    return user if user is not None and default_token_generator.check_token(user, token) else None
