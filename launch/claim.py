"""Who runs the servers of a state folder: one launcher at a time, and what the others may know of it."""

import fcntl
import json
import os
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from types import TracebackType

from launch.children import birthmark, end_leftover
from launch.state import StateFolder, write_private


@dataclass
class Record:
    """What a launcher writes down for the next one and for commands that reuse its servers."""

    pid: int
    doing: str
    address: str = ""
    # Filled when the servers are ready for others; a command's own short-lived servers are never shared.
    environment: dict[str, str] = field(default_factory=dict)
    children: dict[str, tuple[int, str]] = field(default_factory=dict)


class Claim:
    """A lock that the kernel frees when its holder dies, however it dies."""

    def __init__(self, state: StateFolder, *, doing: str) -> None:
        self.state = state
        self.record = Record(pid=os.getpid(), doing=doing)
        self._record_path = state.path / "running.json"
        self._lock = (state.path / "lock").open("a")
        self._held = False

    def take(self) -> bool:
        """True if the state folder is ours now; what a killed launcher left behind is then gone."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        self._held = True
        earlier = self.holder()
        self.record.children = earlier.children if earlier else {}  # if we are killed too, the next one knows
        self.publish()
        for pid, mark in self.record.children.values():
            end_leftover(pid, mark)
        self.record.children = {}
        self.publish()
        return True

    def holder(self) -> Record | None:
        """The record of whoever holds the claim (or died holding it)."""
        with suppress(FileNotFoundError, ValueError, TypeError):
            return Record(**json.loads(self._record_path.read_text()))
        return None

    def publish(self) -> None:
        """Readers see the old record or the new one, never a half."""
        new = self._record_path.with_suffix(".new")
        write_private(new, json.dumps(asdict(self.record)))
        new.replace(self._record_path)

    def note_child(self, name: str, pid: int | None) -> None:
        if pid is not None:
            self.record.children[name] = (pid, birthmark(pid))
            self.publish()

    def release(self) -> None:
        if self._held:
            self._record_path.unlink(missing_ok=True)
        self._lock.close()

    def __enter__(self) -> "Claim":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def take_soon(claim: Claim, *, patience: float = 0.5) -> bool:
    """Another command may hold the claim for the blink in which it looks."""
    deadline = time.monotonic() + patience
    while not claim.take():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
