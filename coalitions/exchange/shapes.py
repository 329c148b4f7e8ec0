"""Which table a file is, told by its header line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from coalitions.exchange import ccc, own

Reader = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Shape:
    """`family` files may come together. `needed` columns make the shape, `known` ones are read."""

    name: str
    family: str
    needed: frozenset[str]
    known: frozenset[str]
    reader: Callable[[Any], Reader]
    absent: frozenset[str] = frozenset()

    def fits(self, columns: set[str]) -> bool:
        return self.needed <= columns and not self.absent & columns


@dataclass(slots=True)
class Readers:
    """What remembers rows while an upload is read."""

    single: ccc.SingleFile
    own: own.OwnTables


def readers() -> Readers:
    return Readers(single=ccc.SingleFile(), own=own.OwnTables())


SIZES = frozenset({"size_low", "size_high", "size_mean"})
PLACES = frozenset({"locality", "state", "lat", "lon", "online", "title"})

# In this order: the first shape that fits is taken.
SHAPES = (
    Shape(
        "ccc_actions",
        "ccc",
        needed=frozenset({"action_id", "date", "event_types"}),
        known=SIZES | PLACES,
        reader=lambda _readers: ccc.action,
    ),
    Shape(
        "ccc_participation",
        "ccc",
        needed=frozenset({"action_id", "org_id"}),
        known=frozenset({"position"}),
        reader=lambda _readers: ccc.participation,
    ),
    Shape(
        "ccc_organizations",
        "ccc",
        needed=frozenset({"org_id", "name"}),
        known=frozenset({"type_guess", "main_locality"}),
        reader=lambda _readers: ccc.organization,
    ),
    Shape(
        "ccc_single",
        "ccc_single",
        needed=frozenset({"date", "type", "organizations"}),
        known=SIZES | PLACES | {"location_detail", "claims"},
        reader=lambda found: found.single.row,
        absent=frozenset({"action_id"}),
    ),
    Shape(
        "pledges",
        "own",
        needed=frozenset({"action_id", "likely"}),
        known=frozenset(own.PLEDGE_COLUMNS),
        reader=lambda found: found.own.pledge,
    ),
    Shape(
        "counts",
        "own",
        needed=frozenset({"action_id", "best"}),
        known=frozenset(own.COUNT_COLUMNS),
        reader=lambda found: found.own.count,
    ),
    Shape(
        "participation",
        "own",
        needed=frozenset({"action_id", "organization_id"}),
        known=frozenset(own.PARTICIPATION_COLUMNS),
        reader=lambda found: found.own.participation,
    ),
    Shape(
        "participation",
        "own",
        needed=frozenset({"action_id", "organization"}),
        known=frozenset(own.PARTICIPATION_COLUMNS),
        reader=lambda found: found.own.participation,
    ),
    Shape(
        "actions",
        "own",
        needed=frozenset({"title", "day"}),
        known=frozenset(own.ACTION_COLUMNS),
        reader=lambda found: found.own.action,
    ),
    Shape(
        "organizations",
        "own",
        needed=frozenset({"name"}),
        known=frozenset(own.ORGANIZATION_COLUMNS),
        reader=lambda found: found.own.organization,
        absent=frozenset({"org_id", "day", "title"}),
    ),
)


def recognised(names: list[str]) -> Shape | None:
    columns = set(names)
    return next((shape for shape in SHAPES if shape.fits(columns)), None)
