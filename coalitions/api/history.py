"""Changes: what was done, by whom, in order. A program that keeps a copy asks for what came since."""

from __future__ import annotations

from typing import Any

import orjson
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from coalitions.api.pagination import PageQuery
from coalitions.api.reading import Row, Rows, Scope
from coalitions.api.resources import Collection
from coalitions.models import SETTING_FIELDS, Change, Role
from coalitions.services.actions import ACTION_FIELDS
from coalitions.services.directory import ORGANIZATION_FIELDS

# Values of these fields are told; inner ids and whatever a later service adds are not.
FIGURES = ("low", "likely", "best", "high", "share", "of", "method", "counted_by", "is_independent")
TOLD = {
    *SETTING_FIELDS,
    *ACTION_FIELDS,
    *ORGANIZATION_FIELDS,
    *FIGURES,
    "is_withdrawn",
    "removed_at",
}


class ChangeRow(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="public_id")
    revision = serializers.IntegerField(help_text=gettext_lazy("Grows by one with every change, no gaps."))
    verb = serializers.CharField()
    subject = serializers.CharField(allow_blank=True)
    fragment = serializers.CharField(
        help_text=gettext_lazy(
            "What became outdated, as the streams name it; holds the public id of the row."
        )
    )
    before = serializers.DictField(allow_null=True)
    after = serializers.DictField(allow_null=True)
    by = serializers.CharField(source="by.name", allow_null=True, allow_blank=True)
    at = serializers.DateTimeField()
    undoes = serializers.UUIDField(source="undoes.public_id", allow_null=True)


class ChangeQuery(PageQuery):
    since = serializers.IntegerField(
        required=False,
        source="revision__gt",
        min_value=0,
        max_value=2**63 - 1,
        help_text=gettext_lazy("Only changes after this revision."),
    )
    order = serializers.ChoiceField(choices=["revision", "-revision"], required=False)


class Changes(Collection):
    """Every change of the coalition, oldest first."""

    roles = {"GET": Role.OBSERVER}
    summaries = {"GET": "List changes"}
    row = ChangeRow
    query = ChangeQuery
    orders = {"revision": ("revision",), "-revision": ("-revision",)}

    @classmethod
    def rows(cls, scope: Scope) -> Rows:
        return Change.objects.filter(coalition=scope.coalition)

    def shaped(self, rows: list[Row]) -> list[Row]:
        return [row | {"before": _told(row["before"]), "after": _told(row["after"])} for row in rows]


def _told(stored: str | None) -> dict[str, Any] | None:
    if stored is None:
        return None
    return {name: value for name, value in orjson.loads(stored).items() if name in TOLD}
