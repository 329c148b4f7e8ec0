"""Actions: what is planned, was held or was called off. Every member sees them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from coalitions.api.fields import Hour, StrictModel, Versioned, YesNo, both_or_neither
from coalitions.api.pagination import PageQuery
from coalitions.api.reading import Rows, Scope
from coalitions.api.resources import Collection, RemovableItem, Resource
from coalitions.models import Action, ActionStatus, Role
from coalitions.services.actions import ACTION_FIELDS, edit_action, plan_action, remove_action


class ActionRow(serializers.ModelSerializer[Action]):
    id = serializers.UUIDField(source="public_id")
    starts_at = Hour(allow_null=True)

    class Meta:
        model = Action
        fields = ("id", *ACTION_FIELDS, "version")


class ActionNew(StrictModel):
    """An action to add."""

    class Meta:
        model = Action
        fields = ACTION_FIELDS

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        both_or_neither(self, attrs)
        return attrs


class ActionEdit(Versioned, ActionNew):
    """What changes about an action."""

    class Meta:
        model = Action
        fields = (*ACTION_FIELDS, "version")


class ActionQuery(PageQuery):
    status = serializers.ChoiceField(choices=ActionStatus.choices, required=False)
    is_big = YesNo(required=False, help_text="Meant to reach critical mass.")
    day_from = serializers.DateField(required=False, source="day__gte", help_text="On this day or later.")
    day_to = serializers.DateField(required=False, source="day__lte", help_text="On this day or earlier.")
    order = serializers.ChoiceField(choices=["created", "day", "-day"], required=False)


class ActionResource(Resource):
    row = ActionRow

    @classmethod
    def rows(cls, scope: Scope) -> Rows:
        return Action.objects.filter(coalition=scope.coalition)

    @classmethod
    def present(cls, rows: Rows) -> Rows:
        return rows.filter(removed_at__isnull=True)


class Actions(ActionResource, Collection):
    roles = {"GET": Role.PARTNER, "POST": Role.ORGANIZER}
    summaries = {"GET": "List actions", "POST": "Plan an action, or record one that was held"}
    query = ActionQuery
    takes = {"POST": ActionNew}
    orders = {"created": ("pk",), "day": ("day", "pk"), "-day": ("-day", "-pk")}

    def post(self, request: Request, **kwargs: Any) -> Response:
        action = plan_action(self.coalition, by=self.person, values=self.sent(request))
        return self.added(self.represent(pk=action.pk))


class ActionItem(ActionResource, RemovableItem):
    roles = {"GET": Role.PARTNER, "PATCH": Role.ORGANIZER, "DELETE": Role.ORGANIZER}
    summaries = {
        "GET": "Read an action",
        "PATCH": "Change an action, call it off or mark it as held",
        "DELETE": "Remove an action (an undo in the history brings it back)",
    }
    takes = {"PATCH": ActionEdit}

    def edit(self, row: Action, *, values: dict[str, Any], seen_version: int) -> None:
        edit_action(row, by=self.person, seen_version=seen_version, values=values)

    def remove(self, row: Action, *, seen_version: int) -> None:
        remove_action(row, by=self.person, seen_version=seen_version)
