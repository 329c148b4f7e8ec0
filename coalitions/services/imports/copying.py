"""Write many rows at once: ids are reserved first, rows are streamed, nothing is read back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.db import connection, models
from django.db.models import NOT_PROVIDED

BATCH = 2_000
# Called with the number of rows written since the last call.
Step = Callable[[int], None]


def reserve(model: type[models.Model], number: int) -> list[int]:
    """Ids for rows that are about to be written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, number],
        )
        return [pk for (pk,) in cursor.fetchall()]


def copy(
    model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]], *, step: Step
) -> None:
    """`rows` hold values for `names`; every other field gets its default, as a new model instance would."""
    given = {field.name: field for field in model._meta.concrete_fields}
    others = [
        field
        for field in model._meta.concrete_fields
        if field.name not in names and field.db_default is NOT_PROVIDED
    ]
    columns = ", ".join(
        connection.ops.quote_name(str(field.column)) for field in (*map(given.__getitem__, names), *others)
    )
    statement = f"COPY {connection.ops.quote_name(model._meta.db_table)} ({columns}) FROM STDIN"
    for batch in batches(rows):
        # Streams are not Django's: without the wrapper its callers would not know these errors.
        with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as stream:
            for row in batch:
                stream.write_row((*row, *(field.get_default() for field in others)))
        step(len(batch))


def execute_many(statement: str, rows: Iterable[Sequence[Any]], *, step: Step) -> int:
    """Return how many rows were touched."""
    touched = 0
    for batch in batches(rows):
        with connection.cursor() as cursor:
            cursor.executemany(statement, batch)
            touched += cursor.rowcount
        step(len(batch))
    return touched


def batches(rows: Iterable[Any]) -> Iterator[list[Any]]:
    found = iter(rows)
    while batch := list(islice(found, BATCH)):
        yield batch


def ranges(numbers: Iterable[int]) -> list[list[int]]:
    """Ascending numbers as [first, last] pairs: twenty thousand ids in a few bytes."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found


def numbers(found: Iterable[Sequence[int]]) -> list[int]:
    return [number for first, last in found for number in range(first, last + 1)]
