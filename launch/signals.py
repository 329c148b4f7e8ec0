"""Ctrl-C and its kin become a wish that is looked at, so that everything stops in order."""

import signal
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopWish:
    """Call it to ask whether somebody wants us to stop."""

    def __init__(self) -> None:
        self.received: list[int] = []
        for number in STOP_SIGNALS:
            # `nohup ./muster &` has SIGHUP ignored on purpose.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._note)

    def __call__(self) -> bool:
        return bool(self.received)

    @property
    def exit_code(self) -> int:
        """What shells report for a command that such a signal ended."""
        return 128 + self.received[0] if self.received else 0

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.received.append(number)
