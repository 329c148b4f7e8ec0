"""Organizations: everyone above partners sees all of them, a partner sees its own."""

from __future__ import annotations

from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Q
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from coalitions.api.fields import StrictModel, Versioned, YesNo, both_or_neither
from coalitions.api.pagination import PageQuery
from coalitions.api.reading import Rows, Scope
from coalitions.api.resources import Collection, RemovableItem, Resource
from coalitions.models import Organization, OrganizationKind, Role
from coalitions.services.directory import (
    ORGANIZATION_FIELDS,
    add_organization,
    edit_organization,
    remove_organization,
)

PARTNER_TODAY = ExpressionWrapper(
    Q(partner_since__isnull=False, partner_until__isnull=True), output_field=BooleanField()
)


class OrganizationRow(serializers.ModelSerializer[Organization]):
    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = Organization
        fields = ("id", *ORGANIZATION_FIELDS, "version")


class OrganizationNew(StrictModel):
    """An organization to add."""

    class Meta:
        model = Organization
        fields = ORGANIZATION_FIELDS

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        both_or_neither(self, attrs)
        since, until = self.after(attrs, "partner_since"), self.after(attrs, "partner_until")
        if until is not None and (since is None or until < since):
            said = _("A partner leaves on the day it joined or later.")
            raise serializers.ValidationError({"partner_until": [said]})
        return attrs


class OrganizationEdit(Versioned, OrganizationNew):
    """What changes about an organization."""

    class Meta:
        model = Organization
        fields = (*ORGANIZATION_FIELDS, "version")


class OrganizationQuery(PageQuery):
    kind = serializers.ChoiceField(choices=OrganizationKind.choices, required=False)
    is_partner = YesNo(
        required=False, source="partner_today", help_text="In the coalition today: joined and not left."
    )
    order = serializers.ChoiceField(choices=["created", "name", "-name"], required=False)


class OrganizationResource(Resource):
    row = OrganizationRow

    @classmethod
    def rows(cls, scope: Scope) -> Rows:
        rows = Organization.objects.filter(coalition=scope.coalition).alias(partner_today=PARTNER_TODAY)
        return rows if scope.everything else rows.filter(pk=scope.organization)

    @classmethod
    def present(cls, rows: Rows) -> Rows:
        return rows.filter(removed_at__isnull=True)


class Organizations(OrganizationResource, Collection):
    roles = {"GET": Role.PARTNER, "POST": Role.ORGANIZER}
    summaries = {"GET": "List organizations", "POST": "Add an organization"}
    query = OrganizationQuery
    takes = {"POST": OrganizationNew}
    orders = {"created": ("pk",), "name": ("name", "pk"), "-name": ("-name", "-pk")}

    def post(self, request: Request, **kwargs: Any) -> Response:
        organization = add_organization(self.coalition, by=self.person, values=self.sent(request))
        return self.added(self.represent(pk=organization.pk))


class OrganizationItem(OrganizationResource, RemovableItem):
    roles = {"GET": Role.PARTNER, "PATCH": Role.ORGANIZER, "DELETE": Role.ORGANIZER}
    summaries = {
        "GET": "Read an organization",
        "PATCH": "Change an organization",
        "DELETE": "Remove an organization (an undo in the history brings it back)",
    }
    takes = {"PATCH": OrganizationEdit}

    def edit(self, row: Organization, *, values: dict[str, Any], seen_version: int) -> None:
        edit_organization(row, by=self.person, seen_version=seen_version, values=values)

    def remove(self, row: Organization, *, seen_version: int) -> None:
        remove_organization(row, by=self.person, seen_version=seen_version)
