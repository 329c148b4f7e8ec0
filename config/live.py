"""`python -m config.live HOST PORT`: the live process on a socket that notices readers who are gone.

A phone that drove into a tunnel closes nothing. Heartbeats to it wait in the kernel for a quarter of an hour
unless the socket says how long is long enough; connections inherit that from the socket that listens.
"""

from __future__ import annotations

import socket
import sys

import uvicorn

GONE_AFTER_SECONDS = 45
WAITING_AT_MOST = 4096


def listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000 * GONE_AFTER_SECONDS)
    found.bind((host, port))
    found.listen(WAITING_AT_MOST)
    return found


def main(host: str, port: int) -> None:
    settings = uvicorn.Config(
        "config.asgi:application",
        access_log=False,
        server_header=False,
        log_level="warning",
        timeout_graceful_shutdown=3,
    )
    uvicorn.Server(settings).run(sockets=[listening(host, port)])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
