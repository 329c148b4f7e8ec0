"""Input fields that take a JSON value of their own type and nothing that merely looks like it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import time
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

KEPT_IN_TEXT = "\t\n\r"


class OfType:
    """Refuses a value whose JSON type is another one: no 1 for true, no "5" for 5."""

    takes: tuple[type, ...] = (str,)

    def to_internal_value(self, data: Any) -> Any:
        if type(data) not in self.takes:
            raise serializers.ValidationError(_("This is not the right type of value."), code="type")
        return super().to_internal_value(data)  # type: ignore[misc]


class Prose(OfType, serializers.CharField):
    """Text of several lines."""

    kept = KEPT_IN_TEXT

    def to_internal_value(self, data: Any) -> str:
        text: str = super().to_internal_value(data)
        if any(unicodedata.category(sign) == "Cc" and sign not in self.kept for sign in text):
            raise serializers.ValidationError(_("Leave out control characters."), code="control")
        return text


class Line(Prose):
    """Text of one line: it may end up in a title or in the subject of a mail."""

    kept = ""


class Address(OfType, serializers.URLField):
    pass


class Whole(OfType, serializers.IntegerField):
    takes = (int,)


class Number(OfType, serializers.FloatField):
    takes = (int, float)


class Truth(OfType, serializers.BooleanField):
    takes = (bool,)


class Word(OfType, serializers.ChoiceField):
    pass


class Id(OfType, serializers.UUIDField):
    pass


class Day(OfType, serializers.DateField):
    pass


# Time on the clock of the coalition: no offset, so it is not what OpenAPI calls a time.
CLOCK = {"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$", "example": "18:30:00"}


@extend_schema_field(CLOCK)
class Hour(OfType, serializers.TimeField):
    """`18:30` or `18:30:00`."""

    def to_internal_value(self, data: Any) -> time:
        if not re.fullmatch(CLOCK["pattern"], str(data)):
            self.fail("invalid", format="hh:mm")
        found: time = super().to_internal_value(data)
        return found


class YesNo(serializers.BooleanField):
    """In an address: `true` or `false`, spelled like that."""

    def to_internal_value(self, data: Any) -> bool:
        if data not in {"true", "false"}:
            self.fail("invalid", input=data)
        return bool(data == "true")


class Strict(serializers.Serializer[Any]):
    """A body in which an unknown key is an error, not a guess."""

    def to_internal_value(self, data: Any) -> Any:
        known = {name for name, field in self.fields.items() if not field.read_only}
        unknown = [name for name in data if name not in known] if isinstance(data, Mapping) else []
        if unknown:
            said = _("There is no such field to set here.")
            raise serializers.ValidationError({name: [said] for name in unknown})
        return super().to_internal_value(data)


class StrictModel(Strict, serializers.ModelSerializer[Any]):
    """Names, limits and choices come from the model; so do the rules that a column can express."""

    serializer_choice_field = Word
    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: Line,
        models.TextField: Prose,
        models.URLField: Address,
        models.IntegerField: Whole,
        models.PositiveIntegerField: Whole,
        models.PositiveSmallIntegerField: Whole,
        models.FloatField: Number,
        models.BooleanField: Truth,
        models.DateField: Day,
        models.TimeField: Hour,
    }

    def get_validators(self) -> list[Any]:
        """Uniqueness is the database's to judge: a service turns its answer into a refusal."""
        return []

    def after(self, sent: Mapping[str, Any], name: str) -> Any:
        """What the field will hold once this is saved."""
        return sent[name] if name in sent else getattr(self.instance, name, None)


class Versioned(serializers.Serializer[Any]):
    """A change may say which version it was made from, in the body as well as in If-Match."""

    version = Whole(
        required=False,
        min_value=0,
        max_value=2**31 - 1,
        write_only=True,
        help_text=gettext_lazy("The version that you read. When it is older than the current one: 409."),
    )


def both_or_neither(serializer: StrictModel, sent: Mapping[str, Any]) -> None:
    """A point on the map has two coordinates."""
    if (serializer.after(sent, "latitude") is None) != (serializer.after(sent, "longitude") is None):
        raise serializers.ValidationError({"longitude": [_("Give latitude and longitude, or neither.")]})
