"""What every address of the API has in common: lists by keyset, rows with versions, strict input."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.http import Http404
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coalitions.api import conditions, pagination
from coalitions.api.authentication import membership_of
from coalitions.api.errors import Conflict, VersionMismatch, VersionRequired
from coalitions.api.pagination import NoQuery, Order, PageQuery, Row, Rows
from coalitions.models import Coalition, Membership, Role, User
from coalitions.services.editing import StaleEdit


class Resource(APIView):
    """One address: which role each method needs, what may be asked and sent, what a row looks like."""

    roles: ClassVar[dict[str, Role]] = {}
    summaries: ClassVar[dict[str, str]] = {}
    row: ClassVar[type[serializers.Serializer[Any]]]
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
        return {**super().default_response_headers, "Cache-Control": "no-store"}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.asked = pagination.asked(request, self.query)

    @property
    def membership(self) -> Membership:
        return membership_of(self.request)

    @property
    def coalition(self) -> Coalition:
        return self.membership.coalition

    @property
    def person(self) -> User:
        return self.membership.user

    def rows(self) -> Rows:
        """What this token may see, removed or not."""
        raise NotImplementedError

    def present(self, rows: Rows) -> Rows:
        """Without what has been removed."""
        return rows

    def shaped(self, row: Row) -> Row:
        """The last touch, for columns that are not yet what the API promises."""
        return row

    def represent(self, **lookup: Any) -> Row:
        columns = pagination.columns(self.row)
        found = self.present(self.rows()).filter(**lookup).values_list(*columns.values()).first()
        if found is None:
            raise Http404
        return self.shaped(dict(zip(columns, found, strict=True)))

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
    # The keys of a row that together name it.
    cursor: ClassVar[tuple[str, ...]] = ("id",)

    def get(self, request: Request, **kwargs: Any) -> Response:
        asked = dict(self.asked)
        about_page = {name: asked.pop(name) for name in ("limit", "after") if name in asked}
        order = self.orders[asked.pop("order", next(iter(self.orders)))]
        found = pagination.page(
            self.narrowed(self.present(self.rows()), asked),
            anchors=self.rows(),
            columns=pagination.columns(self.row),
            order=order,
            cursor=self.cursor,
            **about_page,
        )
        if type(self).shaped is not Resource.shaped:
            found["items"] = [self.shaped(row) for row in found["items"]]
        return Response(found)

    def narrowed(self, rows: Rows, asked: dict[str, Any]) -> Rows:
        """The filters: `source` of a parameter is the lookup it stands for."""
        return rows.filter(**asked) if asked else rows

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
        row = self.present(self.rows()).filter(**self.lookup()).first()
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
