"""Muster's own processes: pages, streams, the worker and its clock."""

import http.client
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass

from launch.children import Child
from launch.screen import CannotStart
from launch.state import StateFolder

HOST = "127.0.0.1"  # other machines come in through a proxy that speaks TLS
FIRST_PORT = 8000
PORTS_TRIED = 40


@dataclass(frozen=True)
class Addresses:
    """Where pages and streams are served; they differ by port, so cookies reach both."""

    web_port: int
    live_port: int

    @property
    def web(self) -> str:
        return f"http://{HOST}:{self.web_port}/"

    def variables(self) -> dict[str, str]:
        base = os.environ.get("BASE_URL") or self.web.rstrip("/")
        return {"BASE_URL": base, "LIVE_PORT": str(self.live_port), "PORT": str(self.web_port)}


class Program:
    """One of Muster's own processes under the supervisor."""

    def __init__(
        self, name: str, child: Child, *, health: tuple[int, str] | None = None, patience: float = 8.0
    ) -> None:
        self.name = name
        self.child = child
        self.health = health
        self.patience = patience

    @property
    def pid(self) -> int | None:
        return self.child.pid

    def start(self, *, stopping: Callable[[], bool] = lambda: False) -> None:
        if not stopping():
            self.child.start()

    def exit_code(self) -> int | None:
        return self.child.exit_code()

    def ask_to_stop(self) -> None:
        self.child.ask_to_stop()

    def stop(self) -> None:
        self.child.stop(patience=self.patience)

    def healthy(self) -> bool:
        """Whether it answers; a program that serves nobody is healthy when it runs."""
        if self.health is None:
            return self.child.running()
        port, path = self.health
        connection = http.client.HTTPConnection(HOST, port, timeout=2)
        with suppress(OSError, http.client.HTTPException), closing(connection):
            connection.request("GET", path)
            return connection.getresponse().status == 200
        return False


def all_programs(state: StateFolder, addresses: Addresses, environment: Mapping[str, str]) -> list[Program]:
    """In the order in which they stop: what takes in new work comes first."""

    def child(name: str, command: str, *more: str) -> Child:
        words = [sys.executable, "-m", *command.split(), *more]
        return Child(words, log=state.log(name), environment=environment)

    # Each thread keeps one connection to the database. Beyond the backlog the kernel refuses connections;
    # granian's own default would silently stop serving at 1,024 open ones.
    web = child(
        "web",
        f"launch.pages --interface wsgi --host {HOST} --port {addresses.web_port} --workers 2"
        " --blocking-threads 8 --backlog 4096 --backpressure 4096 --no-ws --respawn-failed-workers"
        " --respawn-interval 1 --workers-kill-timeout 5s --log-level warning config.wsgi:application",
    )
    live = child(
        "live",
        f"config.live {HOST} {addresses.live_port}",
    )
    quiet = "-l warning --without-gossip --without-mingle"
    worker = child("worker", f"celery -A config worker -c 2 -Q scores -n scores@%h {quiet}")
    # Slow work that somebody started has a process of its own, so that scores never wait behind it.
    jobs = child("jobs", f"celery -A config worker -c 1 -Q jobs -n jobs@%h {quiet}")
    schedule = str(state.folder("beat") / "schedule")
    beat = child("beat", "celery -A config beat -l warning", "--schedule", schedule, "--pidfile", "")
    return [
        Program("web", web, health=(addresses.web_port, "/healthz")),
        Program("live", live, health=(addresses.live_port, "/live/healthz")),
        Program("beat", beat),
        Program("jobs", jobs),
        Program("worker", worker),
    ]


def choose_addresses() -> Addresses:
    """PORT and LIVE_PORT if they are set (and free), else the first free ports from 8000 on."""
    web = wanted_port("PORT") or free_port(FIRST_PORT)
    live = wanted_port("LIVE_PORT") or free_port(web + 1)
    return Addresses(web, live)


def wanted_port(variable: str) -> int | None:
    text = os.environ.get(variable, "")
    if not text:
        return None
    if not text.isdigit() or not 0 < int(text) < 65_536:
        raise CannotStart(f"{variable} must be a port number, not {text!r}.")
    if not port_is_free(int(text)):
        raise CannotStart(f"Port {text} is taken by another program. Choose another with {variable}.")
    return int(text)


def free_port(first: int) -> int:
    for port in range(first, first + PORTS_TRIED):
        if port_is_free(port):
            return port
    raise CannotStart(f"Ports {first} to {first + PORTS_TRIED - 1} are all taken. Choose another with PORT.")


def port_is_free(port: int) -> bool:
    """Also false if somebody listens on all addresses: we would take their visitors."""
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex((HOST, port)) == 0:
            return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def why_it_ended(exit_code: int) -> str:
    if exit_code >= 0:
        return f"ended with {exit_code}"
    try:
        return f"was ended by {signal.Signals(-exit_code).name}"
    except ValueError:
        return f"was ended by signal {-exit_code}"
