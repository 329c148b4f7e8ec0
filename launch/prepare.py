"""Run by `./muster up` before the programs start: migrate, make the demo coalition, collect static files."""

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


def main(arguments: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    call_command("check")  # says plainly what keeps the pages from loading
    call_command("migrate", verbosity=0, interactive=False)
    if "--demo" in arguments:
        call_command("demo", verbosity=0)
    collect_static_files_if_changed()


def collect_static_files_if_changed() -> None:
    root = Path(settings.STATIC_ROOT)
    stamp = root.with_name(f"{root.name}.stamp")
    now = fingerprint()
    if root.exists() and stamp.exists() and stamp.read_text() == now:
        return
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    stamp.write_text(now)


def fingerprint() -> str:
    return hashlib.sha256("\n".join(sorted(sources())).encode()).hexdigest()


def sources() -> Iterator[str]:
    for finder in get_finders():
        for path, storage in finder.list([]):
            yield f"{path} {storage.size(path)} {storage.get_modified_time(path).timestamp()}"


if __name__ == "__main__":
    main(sys.argv[1:])
