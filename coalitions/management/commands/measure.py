"""Measure a facts file and print the result as JSON, without a database."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from coalitions.method import measure
from coalitions.method.schema import BrokenFacts, read

WRONG_INPUT = 2


class Command(BaseCommand):
    help = "Measure the facts in a JSON file (docs/facts.md) and print the result as JSON."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("facts", help="the facts file, or - for standard input")

    def handle(self, *_args: Any, facts: str, **_options: Any) -> None:
        try:
            found = read(sys.stdin.buffer.read() if facts == "-" else Path(facts).read_bytes())
        except OSError as error:
            raise CommandError(f"{facts}: {error.strerror}", returncode=WRONG_INPUT) from error
        except BrokenFacts as error:
            raise CommandError(str(error), returncode=WRONG_INPUT) from error
        self.stdout.write(json.dumps(measure(found).to_json(), allow_nan=False))
