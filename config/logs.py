"""Keep secrets out of the log: the addresses of invitations and resets hold a token."""

from __future__ import annotations

import logging
import re

SECRET_ADDRESS = re.compile(r"/(join|reset-password)/[^\s\"']+")


class HideTokens(logging.Filter):
    """Rewrites a record instead of dropping it: the fault itself has to be seen."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if SECRET_ADDRESS.search(message):
            record.msg, record.args = SECRET_ADDRESS.sub(r"/\1/...", message), ()
        return True
