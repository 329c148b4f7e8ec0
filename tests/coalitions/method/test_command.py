"""`manage.py measure`: a facts file in, JSON out, and no database anywhere near."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from coalitions.method import measure
from coalitions.method.schema import read
from tests.coalitions.method.test_schema import EXAMPLE, at

ROOT = Path(__file__).parents[3]


def measured(argument: str) -> str:
    output = StringIO()
    call_command("measure", argument, stdout=output)
    return output.getvalue()


def test_a_file_is_measured_without_a_database(tmp_path):
    file = tmp_path / "facts.json"
    file.write_text(json.dumps(EXAMPLE))
    nowhere = {"DATABASE_URL": "postgresql://nobody@localhost:1/none", "REDIS_URL": "redis://localhost:1/0"}
    done = subprocess.run(
        [sys.executable, "manage.py", "measure", str(file)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **nowhere, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == measure(read(json.dumps(EXAMPLE))).to_json()


def test_a_dash_reads_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(json.dumps(EXAMPLE).encode())))
    assert json.loads(measured("-"))["forecast"]["action"] == "a3"


def test_broken_facts_name_their_path_and_end_with_status_2(tmp_path):
    file = tmp_path / "facts.json"
    file.write_text(json.dumps(at(["actions", 1, "pledges", 0, "low"], 999)))
    with pytest.raises(CommandError) as caught:
        measured(str(file))
    assert caught.value.returncode == 2
    assert str(caught.value) == "actions[1].pledges[0].low: must be at most likely (400)"


@pytest.mark.parametrize("missing", ["no-such-file.json", "."])
def test_a_file_that_cannot_be_read_ends_with_status_2(missing):
    with pytest.raises(CommandError, match=f"^{missing}: ") as caught:
        measured(missing)
    assert caught.value.returncode == 2
