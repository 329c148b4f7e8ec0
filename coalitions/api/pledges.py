"""Pledges: the current one of each partner for each action, and the ledger that they come from."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from coalitions.api import conditions
from coalitions.api.errors import Conflict
from coalitions.api.fields import Id, StrictModel, Versioned
from coalitions.api.organizations import OrganizationResource
from coalitions.api.pagination import PageQuery
from coalitions.api.reading import Row, Rows, Scope, read, scope_of
from coalitions.api.resources import Collection, Resource
from coalitions.models import Action, CurrentPledge, Membership, Organization, Pledge, Role
from coalitions.permissions import may_log_for
from coalitions.services.editing import StaleEdit
from coalitions.services.ledgers import Figures, log_pledge


def action_named(membership: Membership, public_id: Any) -> Action:
    """Removed ones too: a repeated request gets its first answer, a new one is refused by the service."""
    found = membership.coalition.actions.filter(public_id=public_id).first()
    if found is None:
        raise serializers.ValidationError({"action": [_("There is no such action here.")]})
    found.coalition = membership.coalition
    return found


def organization_named(membership: Membership, public_id: Any) -> Organization:
    found: Organization | None = (
        OrganizationResource.rows(scope_of(membership)).filter(public_id=public_id).first()
    )
    if found is None:
        raise serializers.ValidationError({"organization": [_("There is no such organization here.")]})
    return found


class PledgeRow(serializers.ModelSerializer[Pledge]):
    """A row of the ledger. It never changes."""

    id = serializers.UUIDField(source="public_id")
    action = serializers.UUIDField(source="action.public_id")
    organization = serializers.UUIDField(source="organization.public_id")
    is_held_back = serializers.BooleanField(
        help_text=gettext_lazy("A jump that a lead has not confirmed: kept, but not counted on.")
    )
    by = serializers.CharField(source="by.name", allow_null=True, allow_blank=True)

    class Meta:
        model = Pledge
        fields = ("id", "action", "organization", "low", "likely", "high", "note", "is_held_back", "by", "at")


class CurrentPledgeRow(serializers.Serializer[Any]):
    """What is counted on today, from one partner for one action."""

    action = serializers.UUIDField(source="action.public_id")
    organization = serializers.UUIDField(source="organization.public_id")
    low = serializers.IntegerField()
    likely = serializers.IntegerField()
    high = serializers.IntegerField()
    counted = serializers.UUIDField(
        source="counted.public_id",
        allow_null=True,
        help_text=gettext_lazy(
            "The ledger row these figures come from; null while the only row is held back."
        ),
    )
    latest = serializers.UUIDField(
        source="latest.public_id", help_text=gettext_lazy("The newest row of the ledger, held back or not.")
    )
    at = serializers.DateTimeField(source="latest.at")
    version = serializers.IntegerField()


class PledgeNew(Versioned, StrictModel):
    """A pledge to log. `version` is that of the current pledge, 0 where there is none yet."""

    action = Id()
    organization = Id()

    class Meta:
        model = Pledge
        fields = ("action", "organization", "low", "likely", "high", "note", "version")


class PledgeQuery(PageQuery):
    action = serializers.UUIDField(required=False, source="action__public_id")
    organization = serializers.UUIDField(required=False, source="organization__public_id")


class PledgeResource(Resource):
    @classmethod
    def present(cls, rows: Rows) -> Rows:
        return rows.filter(action__removed_at__isnull=True, organization__removed_at__isnull=True)


class Ledger(PledgeResource, Collection):
    query = PledgeQuery
    roles = {"GET": Role.PARTNER}
    summaries = {"GET": "List every pledge ever logged, oldest first"}
    row = PledgeRow

    @classmethod
    def rows(cls, scope: Scope) -> Rows:
        rows = Pledge.objects.filter(coalition=scope.coalition)
        return rows if scope.everything else rows.filter(organization=scope.organization)


class Logged(Ledger):
    """A repeated request gets its first answer whatever happened in between."""

    @classmethod
    def present(cls, rows: Rows) -> Rows:
        return rows


class Pledges(PledgeResource, Collection):
    query = PledgeQuery
    roles = {"GET": Role.PARTNER, "POST": Role.PARTNER}
    summaries = {
        "GET": "List current pledges",
        "POST": "Log a pledge: partners for themselves, organizers for everyone",
    }
    row = CurrentPledgeRow
    answers = {"POST": PledgeRow}
    takes = {"POST": PledgeNew}
    adds_to_ledger = True
    may_conflict = True
    cursor = ("action", "organization")

    @classmethod
    def rows(cls, scope: Scope) -> Rows:
        rows = CurrentPledge.objects.filter(coalition=scope.coalition)
        return rows if scope.everything else rows.filter(organization=scope.organization)

    def post(self, request: Request, **kwargs: Any) -> Response:
        key = conditions.idempotency_key(request)
        sent = self.sent(request)
        membership = self.membership
        organization = organization_named(membership, sent["organization"])
        if not may_log_for(membership, organization):
            raise PermissionDenied
        try:
            pledge = log_pledge(
                action_named(membership, sent["action"]),
                organization=organization,
                by=self.person,
                role=Role(membership.role),
                figures=Figures(low=sent["low"], likely=sent["likely"], high=sent["high"]),
                idempotency_key=key,
                seen_version=sent.get("version"),
                note=sent.get("note", ""),
            )
        except StaleEdit as error:
            raise Conflict(theirs=self.current(sent), yours=request.data) from error
        return Response(self.logged(pledge), status=201)

    def logged(self, pledge: Pledge) -> Row:
        """The row itself, also when what it is about has been removed since."""
        return read(Logged, self.scope, lookups={"pk": pledge.pk})[0]

    def current(self, sent: Row) -> Row | None:
        lookups = {"action__public_id": sent["action"], "organization__public_id": sent["organization"]}
        found = read(Pledges, self.scope, lookups=lookups)
        return found[0] if found else None
