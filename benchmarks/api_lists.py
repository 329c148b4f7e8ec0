"""How far a list of the API is from the least it could cost: the same SQL by bare psycopg, bytes by orjson.

    python -m benchmarks.api_lists [--organizations 10000] [--rounds 200]

All sides run in one process against the database of DATABASE_URL, turn by turn, so that noise hits all.
The API side is all that a server would call: the WSGI application, its middleware, the token, the query.
The floor does the query only; a second floor also looks the token up, as any endpoint has to.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import django
import orjson
import psycopg

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from coalitions.api.authentication import QUERY  # noqa: E402
from coalitions.models import (  # noqa: E402
    ApiToken,
    Coalition,
    Membership,
    Organization,
    OrganizationKind,
    Role,
    User,
    new_token,
    token_digest,
)

PAGES = (200, 500)
application = get_wsgi_application()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--organizations", type=int, default=10_000)
    options.add_argument("--rounds", type=int, default=200)
    given = options.parse_args()
    with a_large_coalition(given.organizations) as (coalition, token), a_bare_connection() as bare:
        print(f"{given.organizations} organizations, {given.rounds} rounds; the target is a ratio of 2.5")
        heads = ("page", "bytes", "floor ms", "+ token", "API ms", "ratio", "+ token")
        print("".join(f"{head:>9}" for head in heads))
        for size in PAGES:
            measure(coalition, token, bare, size=size, rounds=given.rounds)


def measure(coalition: Coalition, token: str, bare: psycopg.Connection, *, size: int, rounds: int) -> None:
    path, query = f"/api/v1/c/{coalition.slug}/organizations/", f"limit={size}"

    def api() -> bytes:
        return call(path, query, token)

    with CaptureQueriesContext(connection) as captured:
        whole = api()
    sql = captured.captured_queries[-1]["sql"]
    keys, more = list(orjson.loads(whole)["items"][0]), orjson.loads(whole)["next"]

    def floor() -> bytes:
        with bare.cursor() as cursor:
            rows = cursor.execute(sql).fetchall()
        items = [dict(zip(keys, row, strict=True)) for row in rows[:size]]
        return orjson.dumps({"items": items, "next": more}, option=orjson.OPT_UTC_Z)

    def floor_with_token() -> bytes:
        with bare.cursor() as cursor:
            assert cursor.execute(QUERY, [token_digest(token), timezone.now()]).fetchone()
        return floor()

    assert floor() == whole, "the floor must produce the same bytes"
    floor_ms, token_ms, api_ms = turn_by_turn(floor, floor_with_token, api, rounds=rounds)
    figures = (floor_ms, token_ms, api_ms, api_ms / floor_ms, api_ms / token_ms)
    print(f"{size:>9}{len(whole):>9}" + "".join(f"{figure:>9.2f}" for figure in figures))


def turn_by_turn(*sides: Callable[[], bytes], rounds: int) -> list[float]:
    """Median milliseconds of each side."""
    taken: list[list[float]] = [[] for _ in sides]
    for turn in range(rounds + rounds // 10):
        for side, times in zip(sides, taken, strict=True):
            began = time.perf_counter()
            side()
            if turn >= rounds // 10:  # the first ones warm up
                times.append((time.perf_counter() - began) * 1000)
    return [statistics.median(times) for times in taken]


def call(path: str, query: str, token: str) -> bytes:
    """One request as a server hands it over."""
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "HTTP_AUTHORIZATION": f"Bearer {token}",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.version": (1, 0),
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    response = application(environ, lambda *_started: lambda _bytes: None)
    body = b"".join(response)
    response.close()
    assert b'"items"' in body[:10], body[:300]
    return body


@contextmanager
def a_bare_connection() -> Iterator[psycopg.Connection]:
    parts = settings.DATABASES["default"]
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    given = {libpq: parts[name] for name, libpq in names.items() if parts.get(name)}
    with psycopg.connect(**given, autocommit=True) as bare:
        bare.execute("SET TIME ZONE 'UTC'")
        yield bare


@contextmanager
def a_large_coalition(organizations: int) -> Iterator[tuple[Coalition, str]]:
    """Committed, since the API is to work as it always does; taken away again whatever happens."""
    name = f"benchmark-{uuid4().hex[:8]}"
    coalition = Coalition.objects.create(name=name, slug=name)
    user = User.objects.create_user(f"{name}@example.org", name=name)
    try:
        Organization.objects.bulk_create(
            (an_organization(coalition, number) for number in range(organizations)), batch_size=2_000
        )
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE coalitions_organization")
        membership = Membership.objects.create(coalition=coalition, user=user, role=Role.OBSERVER)
        yield coalition, a_token(membership)
    finally:
        Organization.objects.filter(coalition=coalition).delete()
        coalition.delete()
        user.delete()


def an_organization(coalition: Coalition, number: int) -> Organization:
    return Organization(
        coalition=coalition,
        name=f"Neighbors of quarter {number}",
        kind=OrganizationKind.values[number % len(OrganizationKind.values)],
        community=f"Community {number % 9}",
        place=f"Quarter {number % 40}",
        latitude=40 + number % 100 / 10,
        longitude=-70 - number % 100 / 10,
        reach=50 + number % 3_000,
        partner_since=timezone.now().date() - timedelta(days=number % 900),
        bond_agreement=bool(number % 3),
    )


def a_token(membership: Membership) -> str:
    token = new_token()
    ApiToken.objects.create(
        coalition=membership.coalition,
        membership=membership,
        name="Benchmark",
        scope=ApiToken.Scope.READ,
        token_digest=token_digest(token),
        expires_at=timezone.now() + timedelta(hours=1),
    )
    return token


if __name__ == "__main__":
    main()
