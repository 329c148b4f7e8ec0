"""Counts: who came, counted how and by whom. A correction is a new row that names the old one."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from coalitions.api import conditions
from coalitions.api.errors import Conflict
from coalitions.api.fields import Id, StrictModel
from coalitions.api.pagination import PageQuery
from coalitions.api.pledges import action_named, organization_named
from coalitions.api.reading import Rows, Scope
from coalitions.api.resources import Collection, Item, Resource
from coalitions.models import Count, CountMethod, CountOf, Role
from coalitions.services.editing import StaleEdit
from coalitions.services.ledgers import log_count

FIGURES = ("low", "best", "high", "of", "method", "counted_by", "is_independent", "source", "is_withdrawn")


class CountRow(serializers.ModelSerializer[Count]):
    id = serializers.UUIDField(source="public_id")
    action = serializers.UUIDField(source="action.public_id")
    organization = serializers.UUIDField(source="organization.public_id", allow_null=True)
    corrects = serializers.UUIDField(source="corrects.public_id", allow_null=True)
    by = serializers.CharField(source="by.name", allow_null=True, allow_blank=True)

    class Meta:
        model = Count
        fields = ("id", "action", "organization", *FIGURES, "corrects", "by", "at")


class CountNew(StrictModel):
    """A count to log."""

    action = Id()
    organization = Id(required=False, allow_null=True)
    corrects = Id(
        required=False,
        allow_null=True,
        help_text=gettext_lazy("The count that this one replaces. It stays on record."),
    )

    class Meta:
        model = Count
        fields = ("action", "organization", *FIGURES, "corrects")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("is_withdrawn") and not attrs.get("corrects"):
            said = _("Name the count that is taken back in `corrects`.")
            raise serializers.ValidationError({"is_withdrawn": [said]})
        return attrs


class CountQuery(PageQuery):
    action = serializers.UUIDField(required=False, source="action__public_id")
    organization = serializers.UUIDField(required=False, source="organization__public_id")
    of = serializers.ChoiceField(choices=CountOf.choices, required=False)
    method = serializers.ChoiceField(choices=CountMethod.choices, required=False)


class CountResource(Resource):
    row = CountRow

    @classmethod
    def rows(cls, scope: Scope) -> Rows:
        rows = Count.objects.filter(coalition=scope.coalition)
        return rows if scope.everything else rows.filter(organization=scope.organization)

    @classmethod
    def present(cls, rows: Rows) -> Rows:
        return rows.filter(action__removed_at__isnull=True).exclude(organization__removed_at__isnull=False)


class Counts(CountResource, Collection):
    roles = {"GET": Role.PARTNER, "POST": Role.ORGANIZER}
    summaries = {
        "GET": "List counts, corrected and withdrawn ones too",
        "POST": "Log a count, correct one or take one back",
    }
    query = CountQuery
    takes = {"POST": CountNew}
    adds_to_ledger = True
    may_conflict = True

    def post(self, request: Request, **kwargs: Any) -> Response:
        key = conditions.idempotency_key(request)
        sent = self.sent(request)
        action = action_named(self.membership, sent.pop("action"))
        named = sent.pop("organization", None)
        organization = organization_named(self.membership, named) if named else None
        corrects = self.corrected(sent.pop("corrects", None))
        try:
            count = log_count(
                action,
                by=self.person,
                idempotency_key=key,
                values={**sent, "organization": organization},
                corrects=corrects,
            )
        except StaleEdit as error:
            raise Conflict(theirs=self.represent(pk=error.theirs.pk), yours=request.data) from error
        return self.added(self.represent(pk=count.pk))

    def corrected(self, public_id: Any) -> Count | None:
        if public_id is None:
            return None
        found: Count | None = self.rows(self.scope).filter(public_id=public_id).first()
        if found is None:
            raise serializers.ValidationError({"corrects": [_("There is no such count here.")]})
        return found


class CountItem(CountResource, Item):
    roles = {"GET": Role.PARTNER}
    summaries = {"GET": "Read a count"}
