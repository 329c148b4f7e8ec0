"""The private folder that holds everything Muster writes: data, logs, sockets and secrets."""

import hashlib
import os
import re
import secrets
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from launch.screen import CannotStart

ROOT = Path(__file__).resolve().parent.parent

# A socket's path has 108 bytes on Linux and 104 on macOS, with the NUL at its end.
SOCKET_PATH_LIMIT = 103
# It also travels in URLs and in a comma-separated PostgreSQL setting, so it is kept plain.
PLAIN_PATH = re.compile(r"[A-Za-z0-9_./-]+")


def private_folder(path: Path) -> Path:
    """Make `path` a folder that only we may enter; refuse one that is somebody else's."""
    with suppress(FileExistsError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise CannotStart(f"{path} is in the way: a folder of that name is needed.")
    if found.st_uid != os.getuid():
        raise CannotStart(
            f"{path} belongs to another user. Run Muster as that user, or set MUSTER_VAR to another folder."
        )
    if stat.S_IMODE(found.st_mode) != 0o700:
        path.chmod(0o700)
    return path


class StateFolder:
    """One folder of state. A running Muster has one, each test run has its own."""

    def __init__(self, path: Path) -> None:
        self.path = private_folder(Path(os.path.abspath(path)))  # noqa: PTH100  (keeps the path short: no links resolved)

    @property
    def tag(self) -> str:
        """A short name that no other state folder on this machine has."""
        return hashlib.sha256(os.fsencode(self.path.resolve())).hexdigest()[:10]

    def folder(self, name: str) -> Path:
        return private_folder(self.path / name)

    def log(self, name: str) -> Path:
        return self.folder("log") / f"{name}.log"

    def secret(self, name: str, *, size: int = 32) -> str:
        """A random text that is made once and kept in a file that only we may read."""
        path = self.folder("secrets") / name
        if not path.exists():
            new = path.with_name(f"{name}.{os.getpid()}.new")
            write_private(new, secrets.token_urlsafe(size))
            with suppress(FileExistsError):  # another process of ours was first: its secret counts
                path.hardlink_to(new)
            new.unlink()
        return path.read_text()

    def socket_folder(self, name: str, *, longest: str) -> Path:
        """A private folder for sockets; in the state folder unless the path of `longest` gets too long."""
        inside = self.path / "run" / name
        if socket_fits(inside / longest):
            self.folder("run")
            return private_folder(inside)
        short = f"muster-{os.getuid()}-{self.tag}-{name}"
        outside = Path(tempfile.gettempdir()) / short
        if not socket_fits(outside / longest):  # TMPDIR itself may be long
            outside = Path("/tmp") / short  # noqa: S108  private_folder checks whose it is
        return private_folder(outside)


def socket_fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= SOCKET_PATH_LIMIT and PLAIN_PATH.fullmatch(str(path)) is not None


def write_private(path: Path, text: str) -> None:
    """Write a file that was never readable by anybody else, not even for a moment."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
