"""What every address of the API has in common: lists by keyset, rows with versions, strict input."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from django.http import Http404
from rest_framework import serializers, status
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coalitions.api import conditions, pagination, reading
from coalitions.api.authentication import membership_of
from coalitions.api.errors import Conflict, VersionMismatch, VersionRequired
from coalitions.api.pagination import NoQuery, PageQuery, UnknownCursor
from coalitions.api.reading import Order, Readable, Row, Scope, scope_of
from coalitions.models import Coalition, Membership, Role, User
from coalitions.services.editing import StaleEdit


class Resource(Readable, APIView):
    """One address: which role each method needs, what may be asked and sent, what a row looks like."""

    roles: ClassVar[dict[str, Role]] = {}
    summaries: ClassVar[dict[str, str]] = {}
    query: ClassVar[type[serializers.Serializer[Any]]] = NoQuery
    takes: ClassVar[dict[str, type[serializers.Serializer[Any]]]] = {}
    # What a method answers with where that is not `row`.
    answers: ClassVar[dict[str, type[serializers.Serializer[Any]]]] = {}
    # Adding to a ledger needs an Idempotency-Key.
    adds_to_ledger: ClassVar[bool] = False
    # Whether adding can meet a row of somebody who was first: 409.
    may_conflict: ClassVar[bool] = False

    asked: dict[str, Any]

    @property
    def default_response_headers(self) -> dict[str, str]:
        return {"Allow": ", ".join(self.roles), "Cache-Control": "no-store"}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        reads = request.method in SAFE_METHODS
        self.asked = pagination.asked(request, self.query if reads else NoQuery)

    @property
    def membership(self) -> Membership:
        return membership_of(self.request)

    @property
    def coalition(self) -> Coalition:
        return self.membership.coalition

    @property
    def person(self) -> User:
        return self.membership.user

    @property
    def scope(self) -> Scope:
        return scope_of(self.membership)

    def shaped(self, rows: list[Row]) -> list[Row]:
        """The last touch, where columns are not yet what the API promises."""
        return rows

    def represent(self, **lookups: Any) -> Row:
        found = reading.read(type(self), self.scope, lookups=lookups)
        if not found:
            raise Http404
        return self.shaped(found)[0]

    def sent(self, request: Request, *, instance: models.Model | None = None) -> dict[str, Any]:
        """The checked body."""
        serializer = self.takes[str(request.method)](
            instance, data=request.data, partial=request.method == "PATCH"
        )
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


class Collection(Resource):
    """A list. `orders` are the orders that may be asked for, the first one is the usual one."""

    query: ClassVar[type[serializers.Serializer[Any]]] = PageQuery
    orders: ClassVar[dict[str, Order]] = {"created": ("pk",)}

    def get(self, request: Request, **kwargs: Any) -> Response:
        asked = dict(self.asked)
        limit, cursor = asked.pop("limit", pagination.USUAL), asked.pop("after", None)
        order = self.orders[asked.pop("order", next(iter(self.orders)))]
        after = pagination.named(cursor, self.cursor) if cursor else ()
        found = reading.read(type(self), self.scope, lookups=asked, order=order, after=after, limit=limit + 1)
        if after and not found:
            self.check_cursor(after)
        cursor = pagination.cursor_of(found[limit - 1], self.cursor) if len(found) > limit else None
        return Response({"items": self.shaped(found[:limit]), "next": cursor})

    def check_cursor(self, after: tuple[UUID, ...]) -> None:
        """Nothing came after it: was it the last row, or no row at all?"""
        columns = reading.columns(self.row)
        names = {columns[key]: name for key, name in zip(self.cursor, after, strict=True)}
        if not self.rows(self.scope).filter(**names).exists():
            raise UnknownCursor

    def added(self, row: Row) -> Response:
        headers = {"Location": f"{self.request.path}{row['id']}/", **_etag(row)}
        return Response(row, status=status.HTTP_201_CREATED, headers=headers)


class Item(Resource):
    """One row."""

    def lookup(self) -> dict[str, Any]:
        return {"public_id": self.kwargs["id"]}

    def get(self, request: Request, **kwargs: Any) -> Response:
        return self.as_it_is()

    def as_it_is(self) -> Response:
        row = self.represent(**self.lookup())
        return Response(row, headers=_etag(row))


class EditableItem(Item):
    """A row with a version. Nothing is overwritten that the sender has not seen."""

    def edit(self, row: Any, *, values: dict[str, Any], seen_version: int) -> None:
        raise NotImplementedError

    def loaded(self) -> Any:
        row = self.present(self.rows(self.scope)).filter(**self.lookup()).first()
        if row is None:
            raise Http404
        return row

    def patch(self, request: Request, **kwargs: Any) -> Response:
        versions = conditions.versions_seen(request)
        row = self.loaded()
        values = self.sent(request, instance=row)
        seen_version = values.pop("version", None)
        self.compare(row, versions, named=seen_version is not None)
        if seen_version not in {None, row.version}:
            raise self.conflict()
        try:
            self.edit(row, values=values, seen_version=row.version)
        except StaleEdit as error:
            raise (self.conflict() if versions is conditions.ANY_VERSION else self.mismatch()) from error
        return self.as_it_is()

    def compare(self, row: Any, versions: conditions.Versions, *, named: bool) -> None:
        if versions is conditions.ANY_VERSION:
            if not named:
                raise VersionRequired
        elif str(row.version) not in versions:
            raise self.mismatch()

    def mismatch(self) -> VersionMismatch:
        theirs = self.represent(**self.lookup())
        return VersionMismatch(etag=conditions.etag(theirs["version"]), theirs=theirs)

    def conflict(self) -> Conflict:
        theirs = self.represent(**self.lookup())
        return Conflict(etag=conditions.etag(theirs["version"]), theirs=theirs, yours=self.request.data)


class RemovableItem(EditableItem):
    """A row that can go, and that an undo in the history brings back."""

    def remove(self, row: Any, *, seen_version: int) -> None:
        raise NotImplementedError

    def delete(self, request: Request, **kwargs: Any) -> Response:
        versions = conditions.versions_seen(request)
        row = self.loaded()
        self.compare(row, versions, named=False)
        try:
            self.remove(row, seen_version=row.version)
        except StaleEdit as error:
            raise self.mismatch() from error
        return Response(status=status.HTTP_204_NO_CONTENT)


def _etag(row: Row) -> dict[str, str]:
    return {"ETag": conditions.etag(row["version"])} if "version" in row else {}


class Nowhere(Resource):
    """Every other address under /api/v1/."""

    schema = None

    def check_permissions(self, request: Request) -> None:
        raise Http404
