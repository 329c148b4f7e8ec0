"""The live process: who may listen, what is said, and that nobody is kept waiting or connected for it."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time

import pytest
import uvicorn
from django.conf import settings
from django.db import connection
from django.test import Client

from coalitions import live
from coalitions.models import Membership, Role, Session, User
from coalitions.services import directory
from coalitions.stream import HEARTBEAT, QUEUE_LENGTH, Stream, Streams, _still_allowed
from config import live as live_process
from tests.factories import a_coalition, a_member, a_user, an_organization

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def streams():
    """The real application on a real socket, in a thread of its own."""
    application = Streams()
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    application.port = listening.getsockname()[1]
    config = uvicorn.Config(application, log_level="error", timeout_graceful_shutdown=1, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    until(lambda: server.started)
    application.tabs = []
    yield application
    for tab in application.tabs:
        tab.close()
    server.should_exit = True
    thread.join(timeout=10)
    assert not thread.is_alive()


def until(holds, *, seconds=10.0):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)


def signed_in(user) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


class Tab:
    """A browser tab: opens a stream and reads events."""

    def __init__(self, streams, slug, session="", *, since=None, headers=None, method="GET"):
        self.connection = http.client.HTTPConnection("127.0.0.1", streams.port, timeout=15)
        query = "" if since is None else f"?since={since}"
        cookie = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"} if session else {}
        self.connection.request(method, f"/live/{slug}/{query}", headers=cookie | (headers or {}))
        self.response = self.connection.getresponse()
        self.status = self.response.status
        streams.tabs.append(self)

    def next_event(self) -> dict[str, str] | None:
        """None when the stream has ended."""
        event: dict[str, str] = {}
        while True:
            line = self.response.readline().decode()
            if line == "":
                return None
            if line == "\n" and "data" in event:
                return event
            key, _, value = line.rstrip("\n").partition(": ")
            if key in {"event", "data", "id"}:
                event[key] = value

    def close(self):
        self.response.close()
        self.connection.close()


@pytest.fixture
def coalition():
    return a_coalition()


def test_a_member_hears_which_fragment_went_stale_and_nothing_else(streams, coalition):
    organization = an_organization(coalition, name="CANARY dockers")
    tab = Tab(streams, coalition.slug, signed_in(a_member(coalition)), since=0)
    assert tab.status == 200
    assert tab.response.headers["Content-Type"].startswith("text/event-stream")
    assert tab.response.headers["X-Accel-Buffering"] == "no"
    assert tab.next_event() == {"event": "stale", "data": "score"}
    directory.edit_organization(organization, by=None, seen_version=1, values={"place": "CANARY place"})
    event = tab.next_event()
    assert event == {"id": "1", "event": "stale", "data": organization.fragment}
    tab.close()


@pytest.mark.parametrize("who", ["anonymous", "stranger", "forged", "inactive", "signed out"])
def test_nobody_else_is_let_in(streams, coalition, who):
    member = a_member(coalition)
    session = {"anonymous": "", "stranger": signed_in(a_user()), "forged": "x" * 32}.get(who) or signed_in(
        member
    )
    if who == "anonymous":
        session = ""
    if who == "inactive":
        User.objects.filter(pk=member.pk).update(is_active=False)
    if who == "signed out":
        Session.objects.all().delete()
    tab = Tab(streams, coalition.slug, session)
    assert (tab.status, tab.response.read()) == (404, b"")
    unknown = Tab(streams, "no-such-coalition", session)
    assert (unknown.status, unknown.response.read()) == (404, b"")


def test_a_password_change_ends_the_sessions_of_before(streams, coalition):
    member = a_member(coalition)
    session = signed_in(member)
    member.set_password("another quiet harbor")
    member.save()
    assert Tab(streams, coalition.slug, session).status == 404


def test_what_was_missed_is_replayed_on_the_way_back(streams, coalition):
    first, second = an_organization(coalition), an_organization(coalition)
    for organization in (first, second, first):
        organization.refresh_from_db()
        directory.edit_organization(
            organization, by=None, seen_version=organization.version, values={"reach": organization.version}
        )
    session = signed_in(a_member(coalition))
    tab = Tab(streams, coalition.slug, session, since=1)
    told = {tab.next_event()["data"] for _ in range(3)}
    assert told == {first.fragment, second.fragment, "score"}
    tab.close()

    back = Tab(streams, coalition.slug, session, since=0, headers={"Last-Event-ID": "2"})
    assert {back.next_event()["data"] for _ in range(2)} == {first.fragment, "score"}
    back.close()


def test_who_missed_too_much_fetches_everything(streams, coalition, monkeypatch):
    monkeypatch.setattr(live, "REPLAY_AT_MOST", 1)
    directory.add_organization(coalition, by=None, values={"name": "One"})
    directory.edit_organization(
        coalition.organizations.get(), by=None, seen_version=1, values={"name": "Two"}
    )
    tab = Tab(streams, coalition.slug, signed_in(a_member(coalition)), since=0)
    assert tab.next_event()["data"] == live.RESYNC
    tab.close()


@pytest.mark.parametrize("what", ["removed", "demoted", "deactivated", "signed out"])
def test_who_lost_the_right_stops_hearing_within_five_seconds(streams, coalition, what):
    organization = an_organization(coalition)
    member = a_member(coalition)
    tab = Tab(streams, coalition.slug, signed_in(member))
    until(lambda: streams.count == 1)
    if what == "removed":
        Membership.objects.filter(user=member).delete()
    elif what == "demoted":
        Membership.objects.filter(user=member).update(role=Role.OBSERVER)
    elif what == "deactivated":
        User.objects.filter(pk=member.pk).update(is_active=False)
    else:
        Session.objects.filter(user=member).delete()
    began = time.monotonic()
    assert tab.next_event() is None
    assert time.monotonic() - began < 5
    until(lambda: streams.count == 0)
    directory.edit_organization(organization, by=None, seen_version=1, values={"place": "Alder"})
    assert tab.response.read() == b""


def test_sixty_open_streams_hold_no_database_connection(streams, coalition):
    session = signed_in(a_member(coalition))
    before = connections_to_this_database()
    tabs = [Tab(streams, coalition.slug, session) for _ in range(60)]
    assert {tab.status for tab in tabs} == {200}
    until(lambda: streams.count == 60)
    until(lambda: connections_to_this_database() <= before)
    organization = directory.add_organization(coalition, by=None, values={"name": "Newcomers"})
    assert [tab.next_event()["data"] for tab in tabs] == ["organizations"] * 60
    assert organization.pk
    for tab in tabs:
        tab.close()
    until(lambda: streams.count == 0)


def connections_to_this_database() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return cursor.fetchone()[0]


def test_a_reader_that_fell_behind_is_told_once_to_fetch_everything():
    stream = Stream(1, "key", Role.LEAD, None)
    for revision in range(1, QUEUE_LENGTH + 2):
        stream.tell(revision, f"organization-{revision}")
    assert stream.events.qsize() == 1
    assert stream.events.get_nowait() == (QUEUE_LENGTH + 1, live.RESYNC)


def test_a_full_house_says_when_to_come_back(streams, coalition, monkeypatch):
    monkeypatch.setattr("coalitions.stream.MOST_STREAMS", 0)
    tab = Tab(streams, coalition.slug, signed_in(a_member(coalition)))
    assert (tab.status, tab.response.headers["Retry-After"]) == (503, "15")


def test_a_stream_is_only_ever_read(streams, coalition):
    session = signed_in(a_member(coalition))
    assert Tab(streams, coalition.slug, session, method="POST").status == 405
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", streams.port, timeout=5)) as plain:
        plain.request("GET", "/live/healthz")
        assert plain.getresponse().read() == b"ok"
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", streams.port, timeout=5)) as plain:
        plain.request("GET", "/c/anything/")
        assert plain.getresponse().status == 404


@pytest.mark.parametrize(
    ("origin", "may_read"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://127.0.0.1:9999", False),
        ("http://evil.example", False),
        ("https://127.0.0.1.evil.example:8000", False),
    ],
)
def test_only_our_own_pages_may_read_a_stream(streams, coalition, origin, may_read):
    tab = Tab(streams, coalition.slug, signed_in(a_member(coalition)), headers={"Origin": origin})
    assert (tab.response.headers.get("Access-Control-Allow-Origin") == origin) is may_read
    tab.close()


def test_a_page_without_a_stream_asks_what_it_missed(client, coalition):
    client.force_login(a_member(coalition, role=Role.PARTNER))
    directory.add_organization(coalition, by=None, values={"name": "One"})
    answer = client.get(f"/c/{coalition.slug}/missed/0/").json()
    assert answer == {"revision": 1, "fragments": ["organizations", "score"]}
    assert client.get(f"/c/{coalition.slug}/missed/1/").json() == {"revision": 1, "fragments": ["score"]}
    assert client.get(f"/c/{coalition.slug}/missed/{10**30}/").json()["fragments"] == ["score"]


def test_a_member_who_stays_is_left_alone_by_every_check(streams, coalition, monkeypatch):
    monkeypatch.setattr("coalitions.stream.CHECK_EVERY", 0.05)
    asked = []
    monkeypatch.setattr(
        "coalitions.stream._still_allowed", lambda keys, real=_still_allowed: asked.append(keys) or real(keys)
    )
    partner = a_member(coalition, role=Role.PARTNER)
    tabs = [Tab(streams, coalition.slug, signed_in(who)) for who in (a_member(coalition), partner)]
    seen = len(asked)
    until(lambda: len(asked) > seen + 120, seconds=20)
    directory.add_organization(coalition, by=None, values={"name": "Newcomers"})
    assert [tab.next_event()["data"] for tab in tabs] == ["organizations", "organizations"]


def test_a_reader_that_stops_reading_loses_its_place(streams, coalition, monkeypatch):
    monkeypatch.setattr("coalitions.stream.SLOWEST_WRITE", 0.3)
    monkeypatch.setattr("coalitions.stream._event", lambda *_: b": " + b"x" * 4_000_000 + b"\n\n")
    Tab(streams, coalition.slug, signed_in(a_member(coalition)))
    until(lambda: streams.count == 1)
    for number in range(12):
        directory.add_organization(coalition, by=None, values={"name": f"Newcomers {number}"})
    until(lambda: streams.count == 0, seconds=20)


def test_the_kernel_gives_up_on_readers_who_are_gone_within_a_minute():
    door = live_process.listening("127.0.0.1", 0)
    with contextlib.closing(door), socket.create_connection(door.getsockname()):
        served, _address = door.accept()
        with served:
            patience = served.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    assert 0 < patience / 1000 < 60
    assert patience / 1000 > HEARTBEAT
