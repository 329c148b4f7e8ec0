"""A test-only source of facts that waits while a file exists: holds a worker in the middle of a score."""

from __future__ import annotations

import os
import time
from datetime import date
from pathlib import Path

from coalitions.method import Facts


def wait(coalition_id: int, *, today: date) -> Facts:
    gate = Path(os.environ["SLOW_FACTS"])
    while gate.exists():
        time.sleep(0.02)
    return Facts()
