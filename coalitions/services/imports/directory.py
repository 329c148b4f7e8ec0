"""What the coalition holds already, as an import compares itself with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection
from django.db.models.functions import Lower

from coalitions.models import Coalition
from coalitions.services.actions import ACTION_FIELDS
from coalitions.services.directory import ORGANIZATION_FIELDS
from coalitions.services.imports.records import fingerprint, name_ref

# Refs of rows that an export of ours named.
HERE = "muster"
COUNT_FIELDS = ("low", "best", "high", "method", "counted_by", "is_independent", "source")
# Idempotency keys of ledger rows: "import:<of what>:<by which import>".
IMPORTED, UNDONE = "import:", "undo:"


class Known(NamedTuple):
    """A row as it is now. `values` in the order of the model's import fields."""

    pk: int
    public_id: str
    version: int
    is_removed: bool
    values: tuple[Any, ...]


class Link(NamedTuple):
    """An external id: the row it names, and what the last import said about it."""

    pk: int
    target: int
    imported: dict[str, Any]


@dataclass(slots=True)
class Table:
    """Organizations or actions: every row, and every name by which a file may call it."""

    fields: tuple[str, ...]
    rows: dict[int, Known] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    here: dict[str, int] = field(default_factory=dict)

    def target(self, ref: str) -> int | None:
        link = self.links.get(ref)
        return link.target if link else self.here.get(ref)


class KnownCount(NamedTuple):
    pk: int
    action: int
    organization: int | None
    of: str
    figures: tuple[Any, ...]
    is_corrected: bool


class KnownPledge(NamedTuple):
    action: int
    organization: int
    figures: tuple[int, int, int]


class Current(NamedTuple):
    """What counts of a partner for an action, and whether a person said it last."""

    likely: int | None
    figures: tuple[int, int, int]
    is_imported: bool
    is_undone: bool
    version: int


@dataclass(slots=True)
class Directory:
    organizations: Table
    actions: Table
    # As the database folds them, since it is the database that keeps names unique.
    names: dict[str, int]
    participations: set[tuple[int, int]]
    counts: dict[str, KnownCount]
    pledges: dict[str, KnownPledge]
    current: dict[tuple[int, int], Current]
    pledge_cap: int


def load(coalition: Coalition) -> Directory:
    organizations = _table(coalition, "organizations", ORGANIZATION_FIELDS)
    name_at = ORGANIZATION_FIELDS.index("name")
    for known in organizations.rows.values():
        if not known.is_removed:
            organizations.here.setdefault(name_ref(known.values[name_at]), known.pk)
    present = coalition.organizations.filter(removed_at__isnull=True)
    return Directory(
        organizations=organizations,
        actions=_table(coalition, "actions", ACTION_FIELDS),
        names=dict(present.values_list(Lower("name"), "pk")),
        participations=set(coalition.participations.values_list("action_id", "organization_id")),
        counts=_counts(coalition),
        pledges=_pledges(coalition),
        current=_current(coalition),
        pledge_cap=coalition.pledge_cap,
    )


def folded(names: list[str]) -> list[str]:
    """Names as the database folds them: Python and PostgreSQL do not agree about every letter."""
    if not names:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT lower(name) FROM unnest(%s::text[]) WITH ORDINALITY AS t(name, place) ORDER BY place",
            [names],
        )
        return [name for (name,) in cursor.fetchall()]


def ledger_name(kind: str, ref: str) -> str:
    """What an imported ledger row is about, for its idempotency key."""
    return fingerprint(kind, ref)


def _table(coalition: Coalition, kind: str, fields: tuple[str, ...]) -> Table:
    table = Table(fields)
    found = getattr(coalition, kind).values_list("pk", "public_id", "version", "removed_at", *fields)
    for pk, public_id, version, removed_at, *values in found.iterator(chunk_size=5000):
        table.rows[pk] = Known(pk, str(public_id), version, removed_at is not None, tuple(values))
        if removed_at is None:
            table.here[f"{HERE}:{public_id}"] = pk
    column = "organization_id" if kind == "organizations" else "action_id"
    links = coalition.external_ids.filter(**{f"{column}__isnull": False})
    for pk, system, identifier, target, imported in links.values_list(
        "pk", "system", "identifier", column, "imported"
    ).iterator(chunk_size=5000):
        table.links[f"{system}:{identifier}"] = Link(pk, target, imported)
    return table


def _counts(coalition: Coalition) -> dict[str, KnownCount]:
    rows = coalition.counts.order_by("pk").values_list(
        "pk",
        "action_id",
        "organization_id",
        "of",
        "is_withdrawn",
        "idempotency_key",
        "corrected_by__idempotency_key",
        *COUNT_FIELDS,
    )
    found: dict[str, KnownCount] = {}
    for pk, action, organization, of, is_withdrawn, key, corrected_by, *figures in rows.iterator(5000):
        if not key.startswith((IMPORTED, UNDONE)):
            continue
        name = key.split(":")[1]
        if is_withdrawn and key.startswith(UNDONE):
            found.pop(name, None)
        else:
            found[name] = KnownCount(pk, action, organization, of, tuple(figures), corrected_by is not None)
    return found


def _pledges(coalition: Coalition) -> dict[str, KnownPledge]:
    rows = coalition.pledges.filter(idempotency_key__startswith=IMPORTED).order_by("pk")
    return {
        key.split(":")[1]: KnownPledge(action, organization, (low, likely, high))
        for key, action, organization, low, likely, high in rows.values_list(
            "idempotency_key", "action_id", "organization_id", "low", "likely", "high"
        ).iterator(5000)
    }


def _current(coalition: Coalition) -> dict[tuple[int, int], Current]:
    rows: Iterable[tuple[int, int, str, int | None, int, int, int, int]] = (
        coalition.current_pledges.values_list(
            "action_id",
            "organization_id",
            "latest__idempotency_key",
            "counted_id",
            "version",
            "low",
            "likely",
            "high",
        ).iterator(5000)
    )
    return {
        (action, organization): Current(
            likely=figures[1] if counted is not None else None,
            figures=(figures[0], figures[1], figures[2]),
            is_imported=key.startswith((IMPORTED, UNDONE)),
            is_undone=key.startswith(UNDONE),
            version=version,
        )
        for action, organization, key, counted, version, *figures in rows
    }
