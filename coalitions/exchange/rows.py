"""From lines to rows of named fields, each with the line it began on."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from coalitions.exchange import limits
from coalitions.exchange.csv_out import unguarded
from coalitions.exchange.problems import Problems, broken
from coalitions.services.imports.records import Place


class Row(NamedTuple):
    place: Place
    fields: list[str]


class _Counted:
    """The lines, with a count of how many were taken."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.lines = lines
        self.taken = 0
        self.limit = limits.MOST_LINES_IN_A_ROW

    def __iter__(self) -> _Counted:
        return self

    def __next__(self) -> str:
        line = next(self.lines)
        self.taken += 1
        if self.taken > self.limit:
            raise _RunsOn
        return line


class _RunsOn(Exception):
    """A row that goes on and on."""


def rows(lines: Iterator[str], *, file: int) -> Iterator[Row]:
    """The header first. Blank lines are skipped. Raises `BrokenFile` where CSV ends to make sense."""
    first = next(lines, "")
    source = _Counted(chain([first], lines))
    reader = csv.reader(source, strict=True, delimiter=_delimiter(first))
    while True:
        start = source.taken + 1
        source.limit = source.taken + limits.MOST_LINES_IN_A_ROW
        try:
            fields = next(reader)
        except StopIteration:
            return
        except _RunsOn:
            raise broken(Place(file, start), "open_quote") from None
        except csv.Error as error:
            word = _word(error, lines_taken=source.taken - start + 1)
            raise broken(Place(file, start), word) from error
        if len(fields) > limits.MOST_COLUMNS:
            raise broken(Place(file, start), "too_many_columns")
        if any(fields):
            yield Row(Place(file, start), fields)


def _delimiter(header_line: str) -> str:
    """Spreadsheets divide by semicolons where people write 1,5 for one and a half; copied tables by tabs."""
    return max(",;\t", key=header_line.count)


def _word(error: csv.Error, *, lines_taken: int) -> str:
    said = str(error)
    if "unexpected end of data" in said or ("field larger" in said and lines_taken > 1):
        return "open_quote"
    if "field larger" in said:
        return "too_long"
    return "old_line_ends" if "new-line character" in said else "not_csv"


def header(row: Row) -> list[str]:
    """Column names without case, spaces and marks around them. Names may not come twice."""
    names = [name.strip().lower().replace(" ", "_") for name in row.fields]
    while names and not names[-1]:
        names.pop()
    for position, name in enumerate(names):
        if name and name in names[:position]:
            raise broken(row.place, "column_twice", column=name)
    return names


def named(row: Row, names: list[str], problems: Problems) -> dict[str, str] | None:
    """Column name -> text, trimmed, blanks left out. None when the row does not fit the header.

    Columns without a name are not read.
    """
    fields = row.fields
    while len(fields) > len(names) and not fields[-1].strip():
        fields.pop()  # spreadsheets like to add empty columns
    if len(fields) != len(names):
        problems.add(row.place, "ragged", value=f"{len(fields)} / {len(names)}")
        return None
    found: dict[str, str] = {}
    for name, text in zip(names, fields, strict=True):
        if not name or not text:
            continue
        if len(text) > limits.MOST_IN_A_FIELD:
            problems.add(row.place, "too_long", column=name, value=text)
            return None
        trimmed = unguarded(text).strip()
        if trimmed:
            found[name] = trimmed
    return found
