"""What we write is read by spreadsheets as text and numbers, and by ourselves as it was."""

from __future__ import annotations

import csv
from datetime import date, time
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coalitions.exchange.csv_out import guarded, unguarded, written


@pytest.mark.parametrize("start", [*"=+-@\t\r\n", "\uff1d", "\uff0b", "\uff0d", "\uff20", " =", "'=", "  '+"])
def test_text_that_could_run_is_guarded(start):
    assert guarded(f"{start}HYPERLINK(0)") == f"'{start}HYPERLINK(0)"


@pytest.mark.parametrize("text", ["Dockers", "O'Neill", "'tis", "a=b", "5-a-side", "", " x"])
def test_other_text_is_left_alone(text):
    assert guarded(text) == text


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (-5, -5),
        (-1.5, -1.5),
        (0, 0),
        (True, "yes"),
        (False, "no"),
        (None, ""),
        (date(2026, 5, 1), "2026-05-01"),
        (time(14, 30), "14:30"),
    ],
)
def test_numbers_stay_numbers_and_facts_are_written_plainly(value, cell):
    assert guarded(value) == cell
    assert type(guarded(value)) is type(cell)


@given(st.text(alphabet="='+-@\t\n \uff1dab", max_size=8))
def test_reading_takes_away_what_writing_added(text):
    assert unguarded(str(guarded(text))) == text


@given(st.lists(st.text(alphabet="='\",;+@\r\nab", min_size=1, max_size=6), min_size=1, max_size=4))
def test_whatever_follows_a_separator_or_a_quote_is_inside_its_cell(cells):
    text = "".join(written(["c"] * len(cells), [cells]))
    rows = list(csv.reader(StringIO(text.removeprefix("\ufeff"), newline=""), strict=True))
    assert rows[1] == [guarded(cell) for cell in cells]


def test_lines_end_as_the_standard_says_and_text_is_quoted():
    assert "".join(written(("name", "reach"), [["Dock;=1+1", -5]])) == (
        '\ufeff"name","reach"\r\n"Dock;=1+1",-5\r\n'
    )


def test_a_long_table_comes_in_pieces():
    pieces = list(written(("n",), ([number] for number in range(1200))))
    assert len(pieces) == 3
    assert "".join(pieces).count("\r\n") == 1201
