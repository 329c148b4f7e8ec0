"""`./muster lock` and `./muster check`: exact packages with hashes for the names in requirements/."""

import hashlib
import re
import subprocess
import sys
from pathlib import Path

from launch.screen import CannotStart, say
from launch.state import ROOT

REQUIREMENTS = ROOT / "requirements"
NAMES = ("run", "servers", "dev")  # in this order: the later ones keep to what the earlier ones chose
MARK = "# Made by `./muster lock` from "
OLDEST_PYTHON = "3.11"


def lock() -> int:
    for name in NAMES:
        target = REQUIREMENTS / f"{name}.txt"
        earlier = (
            [REQUIREMENTS / f"{other}.txt" for other in NAMES[: NAMES.index(name)]] if name == "dev" else []
        )
        say(f"locking {target.relative_to(ROOT)}")
        command = [uv(), "pip", "compile", "--quiet", "--universal", "--python-version", OLDEST_PYTHON]
        command += ["--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate"]
        for constraint in earlier:
            command += ["--constraint", str(constraint.relative_to(ROOT))]
        command += ["--output-file", str(target.relative_to(ROOT)), f"requirements/{name}.in"]
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            raise CannotStart(f"requirements/{name}.in could not be locked.")
        target.write_text(f"{MARK}{source_mark(name)}\n{without_mark(target.read_text())}")
    return 0


def check() -> int:
    problems = [problem for name in NAMES for problem in problems_of(name)]
    for problem in problems:
        say(problem)
    fits = subprocess.run(
        [uv(), "pip", "check", "--quiet", "--python", sys.executable], cwd=ROOT, check=False
    )
    return 1 if problems or fits.returncode else 0


def problems_of(name: str) -> list[str]:
    """What is wrong with one lock, seen without a network."""
    locked = (REQUIREMENTS / f"{name}.txt").read_text()
    where = f"requirements/{name}.txt"
    found = []
    if not locked.startswith(f"{MARK}{source_mark(name)}\n"):
        found.append(f"{where} was not made from the present {name}.in: run ./muster lock")
    pins = pins_in(locked)
    found += [f"{where} has no hash for {pin}" for pin, hashes in pins.items() if not hashes]
    versions = {pin.split("==")[0]: pin for pin in pins}
    for wanted in wanted_by(name):
        package = wanted.split("==")[0]
        if package not in versions or ("==" in wanted and versions[package] != wanted):
            found.append(f"{where} does not hold {wanted}, which {name}.in names")
    if "://" in locked:
        found.append(f"{where} names an address")
    return found


def source_mark(name: str) -> str:
    """Names the sources of a lock and tells whether they changed since."""
    files = sources_of(name)
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()
    return f"{', '.join(path.name for path in files)} (sha256 {digest})"


def sources_of(name: str) -> list[Path]:
    path = REQUIREMENTS / f"{name}.in"
    included = re.findall(r"^-r (\w+)\.in$", path.read_text(), re.MULTILINE)
    return [path, *(source for other in included for source in sources_of(other))]


def wanted_by(name: str) -> list[str]:
    lines = [
        line.split("#")[0].split(";")[0].strip()
        for path in sources_of(name)
        for line in path.read_text().splitlines()
    ]
    return [plain(line) for line in lines if line and not line.startswith("-")]


def pins_in(locked: str) -> dict[str, int]:
    """Each `name==version` with the number of its hashes."""
    blocks = re.split(r"^(?=[A-Za-z0-9])", locked, flags=re.MULTILINE)
    found = {}
    for block in blocks:
        if match := re.match(r"([A-Za-z0-9][\w.\-\[\],]*==[^\s;\\]+)", block):
            found[plain(match[1])] = block.count("--hash=sha256:")
    return found


def plain(requirement: str) -> str:
    """The way package names are compared: no extras, lower case, one kind of dash."""
    package, equals, version = re.sub(r"\[.*?\]", "", requirement).partition("==")
    return re.sub(r"[-_.]+", "-", package.strip()).lower() + equals + version.strip()


def without_mark(locked: str) -> str:
    return "".join(line for line in locked.splitlines(keepends=True) if not line.startswith(MARK))


def uv() -> str:
    return str(Path(sys.executable).parent / "uv")
