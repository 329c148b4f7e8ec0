"""Tell every browser that looks at a coalition which fragment went stale.

A message is a revision and a fragment's name. The browser fetches the fragment itself, so what a person
may see is decided by the ordinary views, never here. Redis may be away: then nothing is told now, the page's
next look (replay on reconnect, or polling) finds the change in PostgreSQL, and the edit is not delayed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import cache

import kombu.exceptions
import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from coalitions.models import Change, Coalition

logger = logging.getLogger(__name__)

# After a failure nobody waits for Redis again until this many seconds have passed.
REST_AFTER_FAILURE = 3.0
_rest_until = 0.0

CHANNEL_PREFIX = "live:"
# "Fetch everything anew": said when too much was missed to name it.
RESYNC = "resync"
REPLAY_AT_MOST = 200


@cache
def client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=0.5, retry=Retry(NoBackoff(), 0)
    )


def attempt(call: Callable[[], object]) -> bool:
    """Do something that needs Redis, if Redis is there. Return whether it was done."""
    global _rest_until  # noqa: PLW0603  (one circuit breaker per process)
    if time.monotonic() < _rest_until:
        return False
    try:
        call()
    except (redis.RedisError, kombu.exceptions.OperationalError, OSError) as error:
        _rest_until = time.monotonic() + REST_AFTER_FAILURE
        logger.warning("Redis is away (%s); edits go on, scores follow later", type(error).__name__)
        return False
    return True


def publish(coalition_id: int, *, fragment: str, revision: int) -> bool:
    return attempt(lambda: client().publish(channel(coalition_id), f"{revision} {fragment}"))


def channel(coalition_id: int) -> str:
    return f"{CHANNEL_PREFIX}{coalition_id}"


def claim(key: str, *, seconds: float) -> bool:
    """Whether nobody else holds the key at the moment; it frees itself after the seconds given."""
    return bool(client().set(key, 1, nx=True, px=round(1000 * seconds)))


def release(key: str) -> bool:
    return attempt(lambda: client().delete(key))


def missed(coalition_id: int, since: int) -> list[tuple[int, str]]:
    """(revision, fragment) of all that a browser which saw `since` must fetch again, the score always."""
    now = Coalition.objects.values_list("revision", flat=True).get(pk=coalition_id)
    if since >= now:
        return [(now, "score")]
    fragments = Change.objects.filter(coalition_id=coalition_id).fragments_since(since)
    if len(fragments) > REPLAY_AT_MOST:
        return [(now, RESYNC)]
    return [(now, fragment) for fragment in [*fragments, "score"]]
