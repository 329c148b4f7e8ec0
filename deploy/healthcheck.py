"""Asks a process of Muster whether it is well: `python deploy/healthcheck.py PORT PATH` ends with 0 if so."""

import http.client
import os
import sys
from urllib.parse import urlsplit


def answers_well(port: int, path: str) -> bool:
    # Django answers only to the host names it knows.
    host = urlsplit(os.environ.get("BASE_URL", "")).hostname or "localhost"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    connection.request("GET", path, headers={"Host": host, "X-Forwarded-Proto": "https"})
    return connection.getresponse().status == http.HTTPStatus.OK


if __name__ == "__main__":
    sys.exit(0 if answers_well(int(sys.argv[1]), sys.argv[2]) else 1)
