"""The coalition itself: what it has settled about its aim, its weights and its thresholds."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from coalitions.api.fields import StrictModel, Versioned
from coalitions.api.reading import Rows, Scope
from coalitions.api.resources import EditableItem
from coalitions.models import SETTING_FIELDS, WEIGHT_FIELDS, Coalition, Role
from coalitions.services.settings import change_settings


class CoalitionRow(serializers.ModelSerializer[Coalition]):
    class Meta:
        model = Coalition
        fields = ("slug", *SETTING_FIELDS, "version", "revision", "changed_at")


class CoalitionEdit(Versioned, StrictModel):
    """What changes about the coalition."""

    class Meta:
        model = Coalition
        fields = (*SETTING_FIELDS, "version")

    def validate_time_zone(self, value: str) -> str:
        if value not in zoneinfo.available_timezones():
            raise serializers.ValidationError(_("Name a time zone like Europe/Berlin."))
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not any(self.after(attrs, name) for name in WEIGHT_FIELDS):
            said = _("At least one weight must be above zero.")
            raise serializers.ValidationError({WEIGHT_FIELDS[0]: [said]})
        return attrs


class CoalitionItem(EditableItem):
    roles = {"GET": Role.OBSERVER, "PATCH": Role.LEAD}
    summaries = {"GET": "Read the coalition and its settings", "PATCH": "Change the settings"}
    row = CoalitionRow
    takes = {"PATCH": CoalitionEdit}

    def lookup(self) -> dict[str, Any]:
        return {"pk": self.coalition.pk}

    @classmethod
    def rows(cls, scope: Scope) -> Rows:
        return Coalition.objects.filter(pk=scope.coalition)

    def edit(self, row: Coalition, *, values: dict[str, Any], seen_version: int) -> None:
        change_settings(row, by=self.person, seen_version=seen_version, values=values)
