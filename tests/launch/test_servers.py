"""The embedded servers: who may do what in them, and what they survive."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from launch.children import birthmark
from launch.postgres import Postgres
from launch.screen import CannotStart
from launch.servers import broker_url
from launch.state import StateFolder
from launch.valkey import Valkey
from tests.launch.starting import until


@pytest.fixture(scope="module")
def cluster():
    """Made once; each test starts and stops it."""
    folder = Path(tempfile.mkdtemp(prefix="muster-"))
    postgres = Postgres(StateFolder(folder / "var"), throw_away=True)
    postgres.start()
    postgres.stop()
    yield postgres
    postgres.stop()
    postgres.forget()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres(cluster):
    yield cluster
    cluster.stop()


@pytest.fixture(scope="module")
def durable():
    """The kind of cluster that `./muster up` has."""
    folder = Path(tempfile.mkdtemp(prefix="muster-"))
    postgres = Postgres(StateFolder(folder / "var"))
    postgres.start()
    yield postgres
    postgres.stop()
    shutil.rmtree(folder, ignore_errors=True)


def ask(server: Postgres, question: str) -> tuple[Any, ...] | None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        return connection.execute(question).fetchone()


def kill(server: Postgres | Valkey) -> None:
    assert server.pid
    os.kill(server.pid, signal.SIGKILL)
    until(lambda: server.exit_code() is not None)


def test_the_application_owns_its_database_and_is_no_superuser(postgres):
    postgres.start()
    role = "SELECT rolname, rolsuper, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname = current_user"
    assert ask(postgres, role) == ("muster", False, False, False)
    owner = (
        "SELECT pg_get_userbyid(datdba), datlocprovider FROM pg_database WHERE datname = current_database()"
    )
    assert ask(postgres, owner) == ("muster", "b")


def test_postgres_listens_on_a_private_socket_only(postgres):
    postgres.start()
    assert ask(postgres, "SELECT current_setting('listen_addresses')") == ("",)
    (socket,) = [path for path in postgres.sockets.iterdir() if path.is_socket()]
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    assert stat.S_IMODE(postgres.sockets.stat().st_mode) == 0o700


def test_postgres_asks_for_the_password_even_on_its_socket(postgres):
    postgres.start()
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://muster@/muster?host={postgres.sockets}")


def test_the_application_makes_no_databases_in_the_cluster_that_lasts(postgres, durable):
    powers = "SELECT rolcreatedb FROM pg_roles WHERE rolname = current_user"
    postgres.start()
    assert ask(postgres, powers) == (True,)
    assert ask(durable, powers) == (False,)


def test_the_cluster_that_lasts_keeps_everything_over_a_kill_with_open_connections(durable):
    assert ask(durable, "SELECT current_setting('fsync')") == ("on",)
    with psycopg.connect(durable.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (number int)")
        kill(durable)
        durable.start()
    assert ask(durable, "SELECT to_regclass('kept')::text") == ("kept",)


def test_a_pid_file_that_names_a_stranger_is_ignored_and_the_stranger_lives(postgres):
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        (postgres.data / "postmaster.pid").write_text(f"{stranger.pid}\n{postgres.data}\n")
        postgres.start()
        assert ask(postgres, "SELECT 1") == (1,)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("garbage", ["", "not a number\n"])
def test_a_broken_pid_file_does_not_stop_a_start(postgres, garbage):
    (postgres.data / "postmaster.pid").write_text(garbage)
    postgres.start()
    assert ask(postgres, "SELECT 1") == (1,)


def test_a_server_that_a_killed_launcher_left_behind_is_stopped_first(postgres):
    postgres.start()
    left_behind = postgres.pid
    successor = Postgres(postgres.state, throw_away=True)
    try:
        successor.start()
        assert postgres.exit_code() is not None
        assert not birthmark(left_behind)
        assert ask(successor, "SELECT 1") == (1,)
    finally:
        successor.stop()


def test_data_of_another_version_are_left_alone(postgres):
    version = postgres.data / "PG_VERSION"
    ours = version.read_text()
    version.write_text("14\n")
    try:
        with pytest.raises(CannotStart, match="made by PostgreSQL 14"):
            postgres.start()
    finally:
        version.write_text(ours)
    postgres.start()


def test_an_interrupted_first_start_leaves_nothing_half_made(var):
    postgres = Postgres(StateFolder(var), throw_away=True)
    half = postgres.home / "data.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    try:
        postgres.start()
        assert ask(postgres, "SELECT 1") == (1,)
        assert not half.exists()
        assert not (postgres.home / "password").exists()
    finally:
        postgres.stop()


@pytest.mark.skipif(os.getuid() != 0, reason="only root needs to become somebody else")
def test_root_without_user_namespaces_runs_postgres_as_nobody(var, monkeypatch):
    monkeypatch.setenv("MUSTER_NO_USERNS", "1")
    postgres = Postgres(StateFolder(var), throw_away=True)
    try:
        postgres.start()
        assert Path(f"/proc/{postgres.pid}").stat().st_uid == 65534
        assert ask(postgres, "SELECT 1") == (1,)
        assert stat.S_IMODE(postgres.data.stat().st_mode) == 0o700
    finally:
        postgres.stop()
        postgres.forget()
    assert not postgres.home.exists()


def test_a_wrong_pg_bin_is_named(var, monkeypatch, tmp_path):
    monkeypatch.setenv("PG_BIN", str(tmp_path))
    with pytest.raises(CannotStart, match="PG_BIN"):
        Postgres(StateFolder(var))


def test_valkey_wants_its_password_and_keeps_what_it_was_told_over_a_kill(var):
    valkey = Valkey(StateFolder(var))
    try:
        valkey.start()
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(unix_socket_path=str(valkey.socket)).ping()
        client = redis.from_url(valkey.variables()["REDIS_URL"])
        client.set("queue", "a task")
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        kill(valkey)
        valkey.start()
        assert redis.from_url(valkey.variables()["REDIS_URL"]).get("queue") == b"a task"
        client.close()
    finally:
        valkey.stop()
    assert stat.S_IMODE(valkey.configuration.stat().st_mode) == 0o600


def test_a_state_folder_with_an_awkward_name_works(var):
    state = StateFolder(var / 'two words, "quoted" 100%')
    valkey, postgres = Valkey(state), Postgres(state, throw_away=True)
    try:
        valkey.start()
        postgres.start()
        assert redis.from_url(valkey.variables()["REDIS_URL"]).ping()
        assert ask(postgres, "SELECT 1") == (1,)
    finally:
        for server in (valkey, postgres):
            server.stop()
            server.forget()
    assert not valkey.socket.parent.exists()
    assert not postgres.sockets.exists()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("redis://:word@host:6379/2", "redis://:word@host:6379/2"),
        ("unix://:word@/run/v.sock?db=4", "redis+socket://:word@/run/v.sock?virtual_host=4"),
        ("unix:///run/v.sock", "redis+socket:///run/v.sock?virtual_host=0"),
    ],
)
def test_celery_gets_the_address_of_a_socket_in_its_own_words(given, expected):
    assert broker_url(given) == expected
