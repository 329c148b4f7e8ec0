"""What the launcher says to the person who started it."""

import os
import sys
import time
from contextlib import suppress

SINCE = float(os.environ.get("MUSTER_SINCE") or time.time())


class CannotStart(SystemExit):
    """Something that Muster needs is missing or failed; the text says what and what to do."""

    def __init__(self, text: str) -> None:
        super().__init__(1)
        self.text = text

    def __str__(self) -> str:
        return self.text


def say(text: str) -> None:
    # The terminal may be gone (a closed window, a broken pipe); that must not keep us from stopping in order.
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def seconds_so_far() -> float:
    return time.time() - SINCE
