"""The embedded PostgreSQL: a cluster in the state folder, reached by a private socket only."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from launch.children import MOMENT, Child, birthmark, command_line, run_tool, tail, wait_until
from launch.disguise import Disguise, not_root
from launch.postgres_binaries import copy_for, find
from launch.screen import CannotStart
from launch.state import StateFolder, write_private

ROLE = DATABASE = "muster"
SUPERUSER = "postgres"
PATIENCE = 30.0
OUTSIDE = Path("/var/tmp/muster-postgres")  # noqa: S108  made and checked by common_folder

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    # Statements and key values would put names and addresses into the log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
THROW_AWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


class Postgres:
    """The role of the application owns its database and is no superuser."""

    name = "postgres"

    def __init__(self, state: StateFolder, *, throw_away: bool = False) -> None:
        self.state = state
        self.throw_away = throw_away
        self.disguise = not_root()
        self.binaries = find()
        if self.disguise.user is None:
            self.home = state.folder("postgres")
            self.sockets = state.socket_folder("postgres", longest=".s.PGSQL.5432.lock")
        else:
            self._move_out_of_our_tree(self.disguise)
        self.data = self.home / "data"
        self.child: Child | None = None

    def _move_out_of_our_tree(self, disguise: Disguise) -> None:
        """Another user cannot enter our private folders, so its programs, data and socket are outside."""
        base = common_folder(OUTSIDE)
        self.binaries = copy_for(disguise, self.binaries, base)
        own = common_folder(base / self.state.tag)
        self.home, self.sockets = own / "postgres", own / "run"
        for folder in (self.home, self.sockets):
            folder.mkdir(mode=0o700, exist_ok=True)
            disguise.own(folder)

    @property
    def about(self) -> str:
        return f"PostgreSQL {self.binaries.version} ({self.binaries.source})"

    @property
    def pid(self) -> int | None:
        return self.child.pid if self.child else None

    def url(self) -> str:
        host = quote(str(self.sockets), safe="/")
        return f"postgresql://{ROLE}:{self.state.secret('postgres')}@/{DATABASE}?host={host}"

    def variables(self) -> dict[str, str]:
        return {"DATABASE_URL": self.url()}

    def start(self, *, stopping: Callable[[], bool] = lambda: False) -> None:
        """Returns when it takes connections. After a kill, old backends need a moment to leave: try again."""
        self._initialize()
        self._clear_leftovers()
        deadline = time.monotonic() + PATIENCE
        while not stopping():
            said = self._try_to_start(deadline, stopping)
            if self._ready() or stopping():
                return
            left_behind = "already exists" in said or "still in use" in said
            if not left_behind or time.monotonic() > deadline:
                self.stop()
                raise CannotStart(f"PostgreSQL did not start:\n{said[-1500:]}")
            time.sleep(0.2)

    def exit_code(self) -> int | None:
        return self.child.exit_code() if self.child else None

    def ask_to_stop(self) -> None:
        if self.child:
            self.child.ask_to_stop()

    def stop(self) -> None:
        if self.child:
            self.child.stop(patience=15.0, last_word=signal.SIGQUIT)

    def forget(self) -> None:
        """Remove what lies outside the state folder (of a test run, after its end)."""
        if self.disguise.user is not None:
            shutil.rmtree(self.home.parent, ignore_errors=True)
        elif self.state.path not in self.sockets.parents:
            shutil.rmtree(self.sockets, ignore_errors=True)

    def _initialize(self) -> None:
        """Make the cluster under another name and rename it: a killed attempt leaves nothing half-made."""
        with suppress(FileNotFoundError):
            found = int((self.data / "PG_VERSION").read_text())
            if found != self.binaries.major:
                raise CannotStart(
                    f"{self.data} was made by PostgreSQL {found}, but the programs found are {self.about}. "
                    f"Set PG_BIN to the programs of PostgreSQL {found}, or dump and load the data."
                )
            return
        new = self.home / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        password = self.home / "password"
        write_private(password, self.state.secret("postgres-superuser"))
        self.disguise.own(password)
        command = [str(self.binaries.folder / "initdb"), "-D", str(new), "-U", SUPERUSER, "-E", "UTF8"]
        command += ["-A", "scram-sha-256", f"--pwfile={password}", "--no-instructions", *self.binaries.locale]
        try:
            self._run([*command, *(["--no-sync"] if self.throw_away else [])])
        finally:
            password.unlink()
        self._create_role_and_database(new)
        new.rename(self.data)

    def _create_role_and_database(self, data: Path) -> None:
        powers = "CREATEDB" if self.throw_away else "NOCREATEDB"  # each test process makes its own database
        statements = (
            f"CREATE ROLE {ROLE} LOGIN {powers} PASSWORD '{self.state.secret('postgres')}';\n"
            f"CREATE DATABASE {DATABASE} OWNER {ROLE};\n"
        )
        # Without a running server: `--single` reads statements from its input.
        command = [str(self.binaries.folder / "postgres"), "--single", "-D", str(data), "postgres"]
        printed = self._run(command, says=statements)
        if "ERROR" in printed or "FATAL" in printed:
            raise CannotStart(f"The database could not be made:\n{printed[-1500:]}")

    def _run(self, command: Sequence[str | Path], *, says: str = "") -> str:
        return run_tool(command, disguise=self.disguise, environment=self._plain_environment(), says=says)

    @staticmethod
    def _plain_environment() -> dict[str, str]:
        """Nothing of ours: PGOPTIONS would change the server, and its messages are read in English."""
        return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}

    def _clear_leftovers(self) -> None:
        """A server that a killed launcher left is stopped; a pid that is a stranger's now is forgotten."""
        pid_file = self.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().splitlines()[0])
        except FileNotFoundError:
            return
        except (ValueError, IndexError):
            pid_file.unlink()
            return
        if not birthmark(pid):
            return  # PostgreSQL itself clears this case
        command = command_line(pid)
        if "postgres" not in command or str(self.data) not in command:
            pid_file.unlink()  # the pid is somebody else's now: PostgreSQL would refuse to start
            return
        os.kill(pid, signal.SIGINT)
        if not wait_until(lambda: not birthmark(pid), PATIENCE):
            raise CannotStart(f"PostgreSQL (pid {pid}), left behind by an earlier run, does not stop.")

    def _try_to_start(self, deadline: float, stopping: Callable[[], bool]) -> str:
        """Start the server, wait until it is ready or gone, and return what it said meanwhile."""
        settings = (
            SETTINGS
            | {"unix_socket_directories": str(self.sockets)}
            | (THROW_AWAY if self.throw_away else {})
        )
        command = [str(self.binaries.folder / "postgres"), "-D", str(self.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        log = self.state.log("postgres")
        before = log.stat().st_size if log.exists() else 0
        self.child = Child(
            command,
            log=log,
            environment=self._plain_environment(),
            folder=Path("/"),
            stop_signal=signal.SIGINT,
            disguise=self.disguise,
        )
        self.child.start()
        while self.child.running() and not self._ready() and time.monotonic() < deadline and not stopping():
            time.sleep(MOMENT)
        return tail(log, log.stat().st_size - before)

    def _ready(self) -> bool:
        """Line 1 of postmaster.pid is the server's pid and line 8 its state."""
        if self.child is None or not self.child.running():
            return False
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0].strip() == str(self.child.pid) and lines[7].strip() == "ready"


def common_folder(path: Path) -> Path:
    """A folder of root's in a place where everybody may write; refuse one that somebody else put there."""
    with suppress(FileExistsError):
        path.mkdir(mode=0o755)
    found = path.lstat()
    if path.is_symlink() or not path.is_dir() or found.st_uid != os.getuid():
        raise CannotStart(f"{path} is not ours. Remove it and start again.")
    path.chmod(0o755)
    return path
