"""The worked example of docs/facts.md is what the code computes, to the printed digits."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from coalitions.method import measure
from coalitions.method.keys import (
    ACTION,
    ALLY,
    BONDS,
    COALITION,
    DEFERENCE,
    DOCUMENT,
    OVERLAP,
    PARTNER,
    PLEDGE,
)
from coalitions.method.schema import read

PAGE = (Path(__file__).parents[3] / "docs" / "facts.md").read_text()
EXAMPLE = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
NUMBERS = re.findall(r"^\| `([\w.\[\]]+)` \| (-?[\d.]+) \|$", PAGE, re.MULTILINE)
RESULT = measure(read(EXAMPLE[0])).to_json()


def at(path: str):
    found: Any = RESULT
    for step in re.findall(r"\w+", path):
        found = found[int(step) if step.isdigit() else step]
    return found


def test_the_page_has_one_example_and_its_numbers():
    assert len(EXAMPLE) == 1
    assert len(NUMBERS) == 24


@pytest.mark.parametrize(("path", "printed"), NUMBERS, ids=[path for path, _ in NUMBERS])
def test_the_printed_number_is_the_computed_one(path, printed):
    digits = len(printed.partition(".")[2])
    assert f"{at(path):.{digits}f}" == printed


@pytest.mark.parametrize(
    "keys",
    [ACTION, ALLY, BONDS, COALITION, DEFERENCE, DOCUMENT, OVERLAP, PARTNER, PLEDGE],
    ids="-".join,
)
def test_every_key_of_the_file_is_on_the_page(keys):
    assert [key for key in keys if f"`{key}`" not in PAGE] == []


@pytest.mark.parametrize(
    "part", [RESULT, RESULT["forecast"], RESULT["index"], RESULT["why"], RESULT["record"]]
)
def test_every_key_of_the_result_is_on_the_page(part):
    assert [key for key in part if not re.search(rf"`(forecast\.)?{key}(\[\])?`", PAGE)] == []
