"""What a change sets in motion. Messages are hints: truth is in PostgreSQL, the sweep heals the rest."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from coalitions import live, mail, scores

# A burst of edits is measured at most this often, and once more when it is over.
DEBOUNCE_SECONDS = 0.2
SWEEP_LIMIT = 200


def queue_rescore(coalition_id: int) -> bool:
    """One waiting message per coalition is enough: whoever takes it reads all edits up to then."""

    def send() -> None:
        if live.claim(_waiting(coalition_id), seconds=30):
            rescore_coalition.delay(coalition_id)

    return live.attempt(send)


@shared_task(soft_time_limit=60, time_limit=75)
def rescore_coalition(coalition_id: int) -> None:
    if not isinstance(coalition_id, int):
        return
    # From here on a new edit queues a new message: it may be too late for our reading of the facts.
    live.release(_waiting(coalition_id))
    if not live.claim(_window(coalition_id), seconds=DEBOUNCE_SECONDS):
        if live.claim(_waiting(coalition_id), seconds=30):
            rescore_coalition.apply_async((coalition_id,), countdown=DEBOUNCE_SECONDS)
        return
    scores.rescore(coalition_id, now=timezone.now())


@shared_task(soft_time_limit=20, time_limit=30)
def sweep() -> None:
    """Queue every coalition whose score is behind and due for an attempt, whatever message was lost."""
    for coalition_id in scores.behind(now=timezone.now(), limit=SWEEP_LIMIT):
        rescore_coalition.apply_async((coalition_id,), expires=60)


@shared_task(soft_time_limit=60, time_limit=75)
def send_waiting_mail() -> None:
    mail.send_waiting(now=timezone.now())


def queue_mail() -> bool:
    return live.attempt(send_waiting_mail.delay)


def _waiting(coalition_id: int) -> str:
    return f"rescore:{coalition_id}"


def _window(coalition_id: int) -> str:
    return f"measured:{coalition_id}"
