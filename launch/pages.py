"""The `web` process: loads the application once, then granian forks its workers from it.

Loading takes seconds; a worker that has to be replaced is there at once, and the workers share the memory.
Nothing is connected yet when they part: connections are made by the first request of each thread.
"""

import django.urls
from granian.cli import entrypoint

import config.wsgi  # noqa: F401  what granian is told to serve is then loaded already

if __name__ == "__main__":
    django.urls.get_resolver().check()  # loads every view
    entrypoint()  # type: ignore[no-untyped-call]
