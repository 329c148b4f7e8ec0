"""What can be wrong with a file, and what to do about it, in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from coalitions.exchange import limits
from coalitions.services.imports.records import Place

# A value is quoted up to this many characters.
SHOWN = 80
NOWHERE = Place(file=-1, line=0)


class Problem(NamedTuple):
    """JSON-ready. `line` 0 is the file as a whole, `file` -1 the upload as a whole."""

    file: int
    line: int
    column: str
    word: str
    value: str = ""


class BrokenFile(Exception):
    """Nothing behind this point of the file can be trusted."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.word)
        self.problem = problem


class TooManyProblems(Exception):
    """Enough has been found to see that the file needs work."""


class Problems:
    """A list that knows when it is long enough."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, place: Place, word: str, *, column: str = "", value: str = "") -> None:
        self.found.append(Problem(*place, column, word, shortened(value)))
        if len(self.found) >= limits.MOST_PROBLEMS:
            raise TooManyProblems


def broken(place: Place, word: str, *, column: str = "", value: str = "") -> BrokenFile:
    return BrokenFile(Problem(*place, column, word, shortened(value)))


def shortened(value: str) -> str:
    printable = "".join(mark if mark.isprintable() else "\N{REPLACEMENT CHARACTER}" for mark in value[:SHOWN])
    return printable if len(value) <= SHOWN else f"{printable}\N{HORIZONTAL ELLIPSIS}"


def explained(problem: Sequence[object]) -> tuple[str, str]:
    """(what is wrong, what to do) for a problem as it was stored."""
    wrong, to_do = WORDS.get(str(problem[3]), WORDS["unreadable"])
    numbers = {name: number_format(number, force_grouping=True) for name, number in FIGURES.items()}
    return str(wrong) % numbers, str(to_do) % numbers


FIGURES = {
    "uploaded": limits.MOST_UPLOADED // 1024**2,
    "unpacked": limits.MOST_UNPACKED // 1024**2,
    "rows": limits.MOST_ROWS,
    "columns": limits.MOST_COLUMNS,
    "problems": limits.MOST_PROBLEMS,
}
_SAVE_AGAIN = _("Open it in a spreadsheet and save it as “CSV UTF-8”.")
_FORMATS = _("Compare the first line with the formats on the import page.")

WORDS: dict[str, tuple[Promise | str, Promise | str]] = {
    # The file as a whole
    "empty": (_("The file is empty."), _("Choose a file with a header line and at least one row.")),
    "no_rows": (_("The file has a header line and nothing below it."), _("Add rows, or leave the file out.")),
    "too_large": (
        _("The files are larger than %(uploaded)s MB."),
        _("Split them, or compress each one with gzip."),
    ),
    "too_large_unpacked": (
        _("Unpacked, the files are larger than %(unpacked)s MB."),
        _("Split them and import the parts one after the other."),
    ),
    "too_many_rows": (
        _("The files have more than %(rows)s rows."),
        _("Split them and import the parts one after the other."),
    ),
    "too_many_columns": (
        _("A row has more than %(columns)s columns."),
        _("Keep the columns that are listed under Formats on the import page."),
    ),
    "line_too_long": (_("This line is longer than any row can be."), _SAVE_AGAIN),
    "utf16": (_("The file is stored as UTF-16."), _SAVE_AGAIN),
    "not_utf8": (_("This line is not UTF-8 text."), _SAVE_AGAIN),
    "nul": (_("This line contains a zero byte, so it is not plain text."), _SAVE_AGAIN),
    "spreadsheet": (_("This is a spreadsheet or a zip archive, not a CSV file."), _SAVE_AGAIN),
    "bad_gzip": (
        _("The compressed file is damaged or cut off."),
        _("Compress it again, or upload it as it is."),
    ),
    "old_line_ends": (_("The lines end in a way that only old Macintosh programs use."), _SAVE_AGAIN),
    "not_csv": (
        _("From this line on the file cannot be read as CSV."),
        _("Look for a stray quotation mark."),
    ),
    "open_quote": (
        _("A quotation mark is opened in this row and never closed."),
        _("Close it, or write it twice if it belongs to the text."),
    ),
    "unknown_shape": (_("The header line is none that is known here."), _FORMATS),
    "column_twice": (_("Two columns have this name."), _("Rename or delete one of them.")),
    "column_missing": (_("This column is missing."), _FORMATS),
    "shape_twice": (_("Two files have the same kind of rows."), _("Put the rows into one file.")),
    "mixed_shapes": (
        _("The files come from different formats."),
        _("Import the files of one format first, then the others."),
    ),
    "too_many": (
        _("Checking stopped after %(problems)s problems."),
        _("Solve these first and upload the file again."),
    ),
    "unreadable": (_("The file cannot be read."), _SAVE_AGAIN),
    # One row
    "ragged": (
        _("This row has more or fewer fields than the header."),
        _("Look for a missing comma or a stray quotation mark."),
    ),
    "needed": (_("This field is empty."), _("Fill it in. It is needed in every row.")),
    "too_long": (_("This text is too long."), _("Shorten it.")),
    "bad_date": (_("This is not a date."), _("Write it as year-month-day, for example 2026-05-01.")),
    "bad_time": (_("This is not a time of day."), _("Write it as 14:30.")),
    "bad_number": (
        _("This is not a whole number of zero or more."),
        _("Write digits only, or leave it empty."),
    ),
    "number_too_large": (_("This number is larger than any crowd."), _("Check the figure.")),
    "bad_coordinate": (
        _("This is not a place on earth."),
        _("Give latitude (-90 to 90) and longitude (-180 to 180) in degrees, or leave both empty."),
    ),
    "bad_yes_no": (
        _("This is neither yes nor no."),
        _("Write yes or no, or leave it empty if it is not known."),
    ),
    "bad_choice": (
        _("This word is not one of the choices."),
        _("Use one of the words listed under Formats on the import page."),
    ),
    "bad_address": (_("This is not a web address."), _("Begin with https:// or leave it empty.")),
    "out_of_order": (
        _("The figures are out of order."),
        _("Low must not be above the middle figure, and that one not above high."),
    ),
    "half_of_figures": (
        _("Some of the three figures are missing."),
        _("Give all three, or only the middle one."),
    ),
    "left_before_joined": (_("It left before it joined."), _("Check both dates.")),
    "bad_id": (_("This is not an id."), _("Write up to 200 characters, or system:identifier.")),
    "id_twice": (_("An earlier row has the same id."), _("Give each row its own id, or delete one of them.")),
    "pair_twice": (_("An earlier row says the same."), _("Delete one of them.")),
    "unknown_action": (
        _("No action has this id, neither in the files nor here."),
        _("Add the action to the file of actions, or correct the id."),
    ),
    "unknown_organization": (
        _("No organization has this id, neither in the files nor here."),
        _("Add the organization to the file of organizations, or correct the id."),
    ),
    "unknown_here": (
        _("No row of this coalition has this id."),
        _("Leave the id empty to add a new row, or correct it."),
    ),
    "above_cap": (
        _("This is above the largest pledge that this coalition believes."),
        _("Correct the figure. A lead can raise the limit in the settings."),
    ),
    "cancelled_action": (
        _("This action is cancelled."),
        _("Leave the row out, or plan the action again first."),
    ),
    "count_ahead": (
        _("Nobody can be counted before the action has been held."),
        _("Leave the size empty, or correct the date."),
    ),
}
