"""Read a whole upload: first a look that costs no memory, then every row with its problems."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from coalitions.exchange import limits
from coalitions.exchange.fields import Fields
from coalitions.exchange.opening import Allowance, lines
from coalitions.exchange.problems import NOWHERE, BrokenFile, Problem, Problems, TooManyProblems, broken
from coalitions.exchange.rows import header, named, rows
from coalitions.exchange.shapes import Shape, readers, recognised
from coalitions.services.imports.records import Place, Records

Progress = Callable[[int, int], None]
EVERY = 2_000


@dataclass(frozen=True, slots=True)
class Upload:
    """A file by name, and how to get its bytes from the start, as often as needed."""

    name: str
    pieces: Callable[[], Iterable[bytes]]


@dataclass(slots=True)
class Seen:
    """What a first look found in one file."""

    name: str
    shape: Shape
    columns: list[str]
    ignored: list[str]
    rows: int = 0


@dataclass(slots=True)
class Reading:
    files: list[Seen] = field(default_factory=list)
    records: Records = field(default_factory=Records)
    problems: list[Problem] = field(default_factory=list)


def read(uploads: list[Upload], *, today: date, progress: Progress = lambda _done, _total: None) -> Reading:
    """Everything the files say, or what is wrong with them: `records` counts only without `problems`."""
    reading = Reading()
    try:
        reading.files = survey(uploads)
    except BrokenFile as error:
        reading.problems = [error.problem]
        return reading
    problems = Problems()
    try:
        _read_rows(uploads, reading, problems, today=today, progress=progress)
        refuse_repeats(reading.records, problems)
    except TooManyProblems:
        problems.found.append(Problem(*NOWHERE, "", "too_many"))
    reading.problems = problems.found
    return reading


def survey(uploads: list[Upload]) -> list[Seen]:
    """Recognise each file and count its rows, so that too large an upload is refused before it is held."""
    seen: list[Seen] = []
    allowance, left = Allowance(), limits.MOST_ROWS
    for number, upload in enumerate(uploads):
        found = rows(lines(upload.pieces(), file=number, allowance=allowance), file=number)
        file = _recognise(upload.name, found, file=number)
        for row in found:
            file.rows += 1
            left -= 1
            if left < 0:
                raise broken(row.place, "too_many_rows")
        if not file.rows:
            raise broken(Place(number, 0), "no_rows")
        seen.append(file)
    _refuse_odd_company(seen)
    return seen


def _recognise(name: str, found: Iterator, *, file: int) -> Seen:  # type: ignore[type-arg]
    first = next(found, None)
    if first is None:
        raise broken(Place(file, 0), "empty")
    columns = header(first)
    shape = recognised(columns)
    if shape is None:
        raise broken(first.place, "unknown_shape", value=", ".join(columns))
    read_here = shape.needed | shape.known
    return Seen(
        name,
        shape,
        columns=[column if column in read_here else "" for column in columns],
        ignored=[column for column in columns if column and column not in read_here],
    )


def _refuse_odd_company(seen: list[Seen]) -> None:
    for number, file in enumerate(seen):
        if file.shape.family != seen[0].shape.family:
            raise broken(Place(number, 1), "mixed_shapes")
        if any(file.shape.name == other.shape.name for other in seen[:number]):
            raise broken(Place(number, 1), "shape_twice")


def _read_rows(
    uploads: list[Upload], reading: Reading, problems: Problems, *, today: date, progress: Progress
) -> None:
    remembered = readers()
    allowance = Allowance()
    total, done = sum(file.rows for file in reading.files), 0
    for number, (upload, seen) in enumerate(zip(uploads, reading.files, strict=True)):
        take = seen.shape.reader(remembered)
        found = rows(lines(upload.pieces(), file=number, allowance=allowance), file=number)
        next(found)
        for row in found:
            texts = named(row, seen.columns, problems)
            if texts is not None:
                take(Fields(row.place, texts, problems), reading.records, today=today)
            done += 1
            if done % EVERY == 0:
                progress(done, total)


def refuse_repeats(records: Records, problems: Problems) -> None:
    for kind in ("organizations", "actions", "pledges", "counts"):
        seen: set[str] = set()
        for record in getattr(records, kind):
            for ref in (record.ref, *getattr(record, "also", ())):
                if ref in seen:
                    word = "pair_twice" if ref.startswith("name:") else "id_twice"
                    problems.add(record.place, word, column="id", value=ref)
                seen.add(ref)
