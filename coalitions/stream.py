"""The live process: one open stream per browser tab, none of which holds a database connection.

A plain ASGI application. One Redis subscription per process fans out to bounded queues; permissions are read
from PostgreSQL when a stream opens and again every few seconds for all streams in one query, so that a person
who was removed, demoted or signed out stops hearing within five seconds even if no message ever arrives.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

import redis.asyncio
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.db import DatabaseError, connections
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from coalitions import live
from coalitions.models import Membership, Session, User
from coalitions.sessions import SessionStore, is_alive

logger = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PATH = re.compile(r"^/live/(?P<slug>[-a-zA-Z0-9_]+)/$")
MOST_STREAMS = 4000
QUEUE_LENGTH = 64
HEARTBEAT = 20.0  # proxies cut what is silent for 30 s
CHECK_EVERY = 3.0
SLOWEST_WRITE = 30.0  # a reader that takes longer for one message has gone
GOODBYE = "goodbye"


@dataclass(eq=False, slots=True)
class Stream:
    coalition_id: int
    session_key: str
    role: int
    partner_of: int | None
    events: asyncio.Queue[tuple[int, str]] = field(default_factory=lambda: asyncio.Queue(QUEUE_LENGTH))
    overflowed: bool = False

    def tell(self, revision: int, fragment: str) -> None:
        """Never waits: a reader that fell behind is told once to fetch everything anew."""
        try:
            self.events.put_nowait((revision, fragment))
        except asyncio.QueueFull:
            while not self.events.empty():
                self.events.get_nowait()
            self.events.put_nowait((revision, live.RESYNC))


class Streams:
    """The ASGI application; its state is one loop's, made when the server starts."""

    def __init__(self) -> None:
        self.open: dict[int, set[Stream]] = {}
        self.workers: list[asyncio.Task[None]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live_as_long_as_the_server(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    @property
    def count(self) -> int:
        return sum(len(streams) for streams in self.open.values())

    async def _live_as_long_as_the_server(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.workers = [asyncio.create_task(self._listen()), asyncio.create_task(self._recheck())]
                await send({"type": "lifespan.startup.complete"})
            else:
                for worker in self.workers:
                    worker.cancel()
                for stream in self._all():
                    stream.tell(0, GOODBYE)
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/live/healthz":
            await _refuse(send, 200, b"ok", cors=())
            return
        cors = _cors(scope)
        match = PATH.match(scope["path"])
        if scope["method"] != "GET" or match is None:
            await _refuse(send, 405 if match else 404, b"", cors=cors)
            return
        if self.count >= MOST_STREAMS:
            await _refuse(send, 503, b"", cors=(*cors, (b"retry-after", b"15")))
            return
        try:
            stream = await _in_thread(_admit)(_session_key(scope), match["slug"])
        except DatabaseError:
            await _refuse(send, 503, b"", cors=(*cors, (b"retry-after", b"5")))
            return
        if stream is None:
            await _refuse(send, 404, b"", cors=cors)
            return
        await self._serve(stream, _since(scope), cors=cors, receive=receive, send=send)

    async def _serve(
        self,
        stream: Stream,
        since: int | None,
        *,
        cors: tuple[tuple[bytes, bytes], ...],
        receive: Receive,
        send: Send,
    ) -> None:
        # Listen first, then read what was missed: nothing can fall between the two.
        self.open.setdefault(stream.coalition_id, set()).add(stream)
        gone = asyncio.create_task(_until_gone(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": [*_STREAM_HEADERS, *cors]})
            await _write(send, b"retry: 2000\n\n")
            if since is not None:
                for revision, fragment in await _in_thread(live.missed)(stream.coalition_id, since):
                    await _write(send, _event(revision, fragment))
            await self._pass_on(stream, gone, send)
        except (TimeoutError, OSError, DatabaseError):
            pass  # the browser comes back by itself and says what it saw last
        finally:
            gone.cancel()
            self.open[stream.coalition_id].discard(stream)
            if not self.open[stream.coalition_id]:
                del self.open[stream.coalition_id]
            with contextlib.suppress(Exception):
                await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _pass_on(self, stream: Stream, gone: asyncio.Task[None], send: Send) -> None:
        while not gone.done():
            waiting = asyncio.create_task(stream.events.get())
            await asyncio.wait({waiting, gone}, timeout=HEARTBEAT, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                waiting.cancel()
                await _write(send, b": still here\n\n")
                continue
            revision, fragment = waiting.result()
            if fragment == GOODBYE:
                return
            await _write(send, _event(revision, fragment))

    async def _listen(self) -> None:
        """One subscription for the whole process. After an outage everybody fetches anew."""
        interrupted = False
        while True:
            try:
                async with (
                    redis.asyncio.Redis.from_url(settings.REDIS_URL) as client,
                    client.pubsub() as pubsub,
                ):
                    await pubsub.psubscribe(f"{live.CHANNEL_PREFIX}*")
                    if interrupted:
                        for stream in self._all():
                            stream.tell(0, live.RESYNC)
                    interrupted = False
                    async for message in pubsub.listen():
                        if message["type"] == "pmessage":
                            self._fan_out(message["channel"], message["data"])
            except (redis.RedisError, OSError) as error:
                logger.warning(
                    "Redis is away (%s); streams stay open and catch up later", type(error).__name__
                )
                interrupted = True
                await asyncio.sleep(1)

    def _fan_out(self, channel: bytes, data: bytes) -> None:
        coalition_id = channel.decode().removeprefix(live.CHANNEL_PREFIX)
        revision, _, fragment = data.decode().partition(" ")
        if coalition_id.isdigit() and revision.lstrip("-").isdigit() and fragment:
            for stream in self.open.get(int(coalition_id), ()):
                stream.tell(int(revision), fragment)

    async def _recheck(self) -> None:
        while True:
            await asyncio.sleep(CHECK_EVERY)
            streams = self._all()
            if not streams:
                continue
            try:
                allowed = await _in_thread(_still_allowed)({stream.session_key for stream in streams})
            except DatabaseError:
                continue  # PostgreSQL is away: nothing can change meanwhile, and nothing can be fetched
            for stream in streams:
                if (stream.session_key, stream.coalition_id, stream.role, stream.partner_of) not in allowed:
                    stream.tell(0, GOODBYE)

    def _all(self) -> list[Stream]:
        return [stream for streams in self.open.values() for stream in streams]


_STREAM_HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
)


def _in_thread(call: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """Run database work in a thread and give its connection back at once: streams live for hours."""

    def and_let_go(*args: Any) -> Any:
        try:
            return call(*args)
        finally:
            connections.close_all()

    return sync_to_async(and_let_go)


def _admit(session_key: str, slug: str) -> Stream | None:
    session = Session.objects.filter(session_key=session_key).select_related("user").first()
    if session is None or session.user is None or not _is_signed_in(session, session.user):
        return None
    membership = Membership.objects.filter(user=session.user, coalition__slug=slug).first()
    if membership is None:
        return None
    return Stream(membership.coalition_id, session_key, membership.role, membership.organization_id)


def _is_signed_in(session: Session, user: User) -> bool:
    data = SessionStore(session.session_key).decode(session.session_data)
    return (
        is_alive(session, now=timezone.now())
        and user.is_active
        and str(data.get(SESSION_KEY)) == str(user.pk)
        and constant_time_compare(data.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
    )


def _still_allowed(session_keys: set[str]) -> set[tuple[str, int, int, int | None]]:
    """Who may go on: (session, coalition, role, partner's organization) in one query."""
    rows = Session.objects.filter(
        session_key__in=session_keys, expire_date__gt=timezone.now(), user__is_active=True
    ).values_list(
        "session_key",
        "user__memberships__coalition_id",
        "user__memberships__role",
        "user__memberships__organization_id",
    )
    return set(rows)


def _event(revision: int, fragment: str) -> bytes:
    identity = f"id: {revision}\n" if revision > 0 else ""
    return f"{identity}event: stale\ndata: {fragment}\n\n".encode()


async def _write(send: Send, body: bytes) -> None:
    async with asyncio.timeout(SLOWEST_WRITE):
        await send({"type": "http.response.body", "body": body, "more_body": True})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refuse(send: Send, status: int, body: bytes, *, cors: tuple[tuple[bytes, bytes], ...]) -> None:
    headers = [(b"content-type", b"text/plain"), (b"cache-control", b"no-store"), *cors]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _session_key(scope: Scope) -> str:
    with contextlib.suppress(CookieError):
        morsel = SimpleCookie(_header(scope, b"cookie")).get(settings.SESSION_COOKIE_NAME)
        return morsel.value if morsel else ""
    return ""


def _since(scope: Scope) -> int | None:
    """The revision that the browser saw last: on reconnect it says so itself, at first the page did."""
    seen = (
        _header(scope, b"last-event-id")
        or parse_qs(scope["query_string"].decode("latin-1")).get("since", [""])[0]
    )
    return int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 19 else None


def _cors(scope: Scope) -> tuple[tuple[bytes, bytes], ...]:
    """Only our own pages may read a stream: same host, and on one's own machine the neighbouring port."""
    origin = _header(scope, b"origin")
    if not origin or urlsplit(origin).hostname != urlsplit(f"//{_header(scope, b'host')}").hostname:
        return ()
    if (
        urlsplit(origin).hostname not in settings.ALLOWED_HOSTS
        or urlsplit(origin).port != urlsplit(settings.BASE_URL).port
    ):
        return ()
    return (
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"origin"),
    )
