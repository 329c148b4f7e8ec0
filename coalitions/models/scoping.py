"""The second wall between coalitions: a query that names no coalition is an error, not a leak."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any, ClassVar, Self, TypeVar

from django.db import models
from django.db.models.expressions import Col
from django.db.models.lookups import Lookup
from django.db.models.sql.where import AND, WhereNode

ModelT_co = TypeVar("ModelT_co", bound=models.Model, covariant=True)


class UnscopedQuery(Exception):
    """A query would read rows of every coalition."""


class ScopedQuerySet(models.QuerySet[ModelT_co, ModelT_co]):
    """Refuses to touch the database unless a filter narrows it to a coalition or to a row of one."""

    _across_coalitions = False

    def across_coalitions(self) -> Self:
        """For sweeps and reconciliation, which serve every coalition alike."""
        clone: Self = self._chain()  # type: ignore[attr-defined]
        clone._across_coalitions = True
        return clone

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]
        clone._across_coalitions = self._across_coalitions
        return clone

    def _require_scope(self) -> None:
        scopes = getattr(self.model, "scoped_by", frozenset({"coalition"}))
        if not (self._across_coalitions or self.query.is_empty() or _narrows(self.query.where, scopes)):
            raise UnscopedQuery(f"{self.model.__name__} was queried without its coalition")

    def _fetch_all(self) -> None:
        if self._result_cache is None:
            self._require_scope()
        super()._fetch_all()

    def iterator(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        self._require_scope()
        return super().iterator(*args, **kwargs)

    def count(self) -> int:
        if self._result_cache is None:
            self._require_scope()
        return super().count()

    def exists(self) -> bool:
        if self._result_cache is None:
            self._require_scope()
        return super().exists()

    def aggregate(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        self._require_scope()
        return super().aggregate(*args, **kwargs)

    def update(self, **kwargs: Any) -> int:
        self._require_scope()
        return super().update(**kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        self._require_scope()
        return super().delete()


def _narrows(where: WhereNode, scopes: frozenset[str]) -> bool:
    if where.negated or not where.children:
        return False
    found = (_child_narrows(child, scopes) for child in where.children)
    return any(found) if where.connector == AND else all(found)


def _child_narrows(child: Any, scopes: frozenset[str]) -> bool:
    if isinstance(child, WhereNode):
        return _narrows(child, scopes)
    return (
        isinstance(child, Lookup)
        and child.lookup_name in {"exact", "in"}
        and isinstance(child.lhs, Col)
        and child.lhs.target.name in scopes
    )


class PublicIdModel(models.Model):
    """A row that appears in addresses: named by an id that nobody can guess or count."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    fragment_name: ClassVar[str]

    class Meta:
        abstract = True

    @property
    def fragment(self) -> str:
        """DOM id, event name and `Change.fragment` of this row: one name in three places."""
        return f"{self.fragment_name}-{self.public_id}"
