"""CSV that spreadsheets may open without running anything: text is never a formula, numbers stay numbers."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from io import StringIO

# What a spreadsheet takes for the beginning of a formula, in half and full width.
RISKY = (
    *("=", "+", "-", "@", "\t", "\r", "\n"),
    *(
        "\N{FULLWIDTH EQUALS SIGN}",
        "\N{FULLWIDTH PLUS SIGN}",
        "\N{FULLWIDTH HYPHEN-MINUS}",
        "\N{FULLWIDTH COMMERCIAL AT}",
        "\N{MINUS SIGN}",
    ),
)
GUARD = "'"
# Spreadsheets need it to see that the text is UTF-8.
BYTE_ORDER_MARK = "\ufeff"
LINES_AT_ONCE = 500

Cell = str | int | float | bool | date | time | None


def guarded(cell: object) -> str | int | float:
    """Numbers as they are, whatever their sign; text with a guard before anything that could run."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int | float):
        return cell
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    if isinstance(cell, time):
        return cell.strftime("%H:%M")
    text = str(cell)
    # A name may begin with a guard of its own: it gets another one, so that reading takes away just one.
    return GUARD + text if text.lstrip(" '").startswith(RISKY) else text


def unguarded(text: str) -> str:
    """The other way round, for what we wrote ourselves."""
    return text[1:] if text.startswith(GUARD) and text.lstrip(" '").startswith(RISKY) else text


def written(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Pieces of a file by RFC 4180: text quoted, lines ended by CR LF, a header first."""
    buffer = StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    buffer.write(BYTE_ORDER_MARK)
    writer.writerow(columns)
    for number, row in enumerate(rows, start=1):
        writer.writerow([guarded(cell) for cell in row])
        if number % LINES_AT_ONCE == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
