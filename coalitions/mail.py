"""Mail that waits in PostgreSQL until the worker has sent it.

A mail says that there is an update and where, nothing else: whoever reads over a shoulder, or runs the mail
server, learns no name. Tokens are made while sending, so that a waiting row holds none.
"""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import BadHeaderError
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from coalitions.models import Invitation, OutgoingMail, User, new_token, token_digest

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 8  # the last one about two hours after the first
MOST_AT_ONCE = 50
# What is wrong with this one message or its reader; the mail server itself is well.
UNDELIVERABLE = (BadHeaderError, ValueError, smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)


def address(path: str) -> str:
    """An absolute link: from the settings, never from what a request says about its host."""
    return f"{settings.BASE_URL}{path}"


def reset_link(user: User) -> str:
    token = default_token_generator.make_token(user)
    return address(reverse("reset-password", kwargs={"uid": user.public_id.hex, "token": token}))


def join_link(token: str) -> str:
    return address(reverse("join", kwargs={"token": token}))


def send_waiting(*, now: datetime) -> None:
    """Send what is due. Safe side by side and after a crash: a row is claimed first and deleted when sent."""
    connection = get_connection()
    for _turn in range(MOST_AT_ONCE):
        mail = _claim(now=now)
        if mail is None:
            return
        try:
            _send(mail, connection, now=now)
        except UNDELIVERABLE as error:
            logger.warning("A mail could not be delivered (%s)", type(error).__name__)
        except OSError as error:
            logger.warning("The mail server is away (%s); mails wait", type(error).__name__)
            return
        else:
            mail.delete()


@transaction.atomic
def _claim(*, now: datetime) -> OutgoingMail | None:
    """Take the oldest mail that is due, and put off its next attempt in case that we die on the way."""
    given_up = OutgoingMail.objects.filter(attempts__gte=MOST_ATTEMPTS, next_attempt_at__lte=now)
    given_up.delete()
    due = OutgoingMail.objects.select_for_update(skip_locked=True).filter(next_attempt_at__lte=now)
    mail = due.order_by("next_attempt_at", "pk").first()
    if mail is not None:
        mail.attempts += 1
        mail.next_attempt_at = now + timedelta(minutes=2 ** (mail.attempts - 1))
        mail.save(update_fields=["attempts", "next_attempt_at"])
    return mail


def _send(mail: OutgoingMail, connection: BaseEmailBackend, *, now: datetime) -> None:
    body = WRITERS[OutgoingMail.Kind(mail.kind)](mail, now)
    if body is not None:
        EmailMessage(_("You have an update"), body, to=[mail.to], connection=connection).send()


def _reset(mail: OutgoingMail, _now: datetime) -> str | None:
    """Nothing for an address without an account: the page that asked for it could not tell."""
    user = User.objects.filter(email=mail.to.lower(), is_active=True).first()
    return render_to_string("mail/reset.txt", {"link": reset_link(user)}) if user else None


def _invitation(mail: OutgoingMail, now: datetime) -> str | None:
    invitation = mail.invitation
    if invitation is None or not invitation.is_open(now=now):
        return None
    token = new_token()
    Invitation.objects.filter(coalition_id=invitation.coalition_id, pk=invitation.pk).update(
        token_digest=token_digest(token)
    )
    return render_to_string("mail/invitation.txt", {"link": join_link(token)})


WRITERS: dict[OutgoingMail.Kind, Callable[[OutgoingMail, datetime], str | None]] = {
    OutgoingMail.Kind.RESET: _reset,
    OutgoingMail.Kind.INVITATION: _invitation,
}
