"""Overlaps: how far the people of two partners are the same people."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from coalitions.api.errors import Conflict
from coalitions.api.fields import Id, StrictModel, Versioned
from coalitions.api.pagination import PageQuery
from coalitions.api.reading import Rows, Scope
from coalitions.api.resources import Collection, RemovableItem, Resource
from coalitions.models import Organization, Overlap, Role
from coalitions.services.directory import declare_overlap, remove_overlap
from coalitions.services.editing import StaleEdit


class OverlapRow(serializers.ModelSerializer[Overlap]):
    id = serializers.UUIDField(source="public_id")
    first = serializers.UUIDField(source="first.public_id")
    second = serializers.UUIDField(source="second.public_id")
    by = serializers.CharField(source="by.name", allow_null=True, allow_blank=True)

    class Meta:
        model = Overlap
        fields = ("id", "first", "second", "share", "by", "at", "version")


class OverlapNew(StrictModel):
    """A pair and the share of the smaller one that also belongs to the other."""

    first = Id()
    second = Id()

    class Meta:
        model = Overlap
        fields = ("first", "second", "share")


class OverlapEdit(Versioned, StrictModel):
    """A new share."""

    class Meta:
        model = Overlap
        fields = ("share", "version")


class OverlapResource(Resource):
    row = OverlapRow

    @classmethod
    def rows(cls, scope: Scope) -> Rows:
        return Overlap.objects.filter(coalition=scope.coalition)

    @classmethod
    def present(cls, rows: Rows) -> Rows:
        return rows.filter(first__removed_at__isnull=True, second__removed_at__isnull=True)


class Overlaps(OverlapResource, Collection):
    roles = {"GET": Role.OBSERVER, "POST": Role.ORGANIZER}
    summaries = {"GET": "List overlaps", "POST": "Declare the overlap of a pair"}
    query = PageQuery
    takes = {"POST": OverlapNew}
    may_conflict = True

    def post(self, request: Request, **kwargs: Any) -> Response:
        sent = self.sent(request)
        try:
            overlap = declare_overlap(
                self.organization("first", sent),
                self.organization("second", sent),
                by=self.person,
                share=sent["share"],
            )
        except StaleEdit as error:
            theirs = self.represent(pk=error.theirs.pk)
            raise Conflict(theirs=theirs, yours=request.data) from error
        return self.added(self.represent(pk=overlap.pk))

    def organization(self, key: str, sent: dict[str, Any]) -> Organization:
        found = self.coalition.organizations.present().filter(public_id=sent[key]).first()
        if found is None:
            raise serializers.ValidationError({key: [_("There is no such organization here.")]})
        return found


class OverlapItem(OverlapResource, RemovableItem):
    roles = {"GET": Role.OBSERVER, "PATCH": Role.ORGANIZER, "DELETE": Role.ORGANIZER}
    summaries = {
        "GET": "Read an overlap",
        "PATCH": "Change an overlap",
        "DELETE": "Take an overlap back: the pair counts as undeclared again",
    }
    takes = {"PATCH": OverlapEdit}

    def edit(self, row: Overlap, *, values: dict[str, Any], seen_version: int) -> None:
        declare_overlap(
            row.first,
            row.second,
            by=self.person,
            share=values.get("share", row.share),
            seen_version=seen_version,
        )

    def remove(self, row: Overlap, *, seen_version: int) -> None:
        remove_overlap(row, by=self.person, seen_version=seen_version)
