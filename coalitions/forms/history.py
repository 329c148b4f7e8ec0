"""Which part of the history somebody wants to see."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from coalitions.models import Coalition, User

# What a change is about: the first half of its verb.
GROUPS = (
    ("organization", _("Organizations")),
    ("overlap", _("Overlaps")),
    ("action", _("Actions")),
    ("pledge", _("Pledges")),
    ("count", _("Counts")),
    ("settings", _("Settings")),
    ("people", _("People")),
    ("import", _("Imports")),
)
VERBS = {"settings": ("settings", "coalition"), "people": ("person", "role", "invitation", "token")}


class HistoryFilter(forms.Form):
    """What is not among the choices is left out, never passed on."""

    find = forms.CharField(required=False, max_length=200)
    who = forms.ModelChoiceField(
        required=False, queryset=User.objects.none(), to_field_name="public_id", empty_label=_("Everybody")
    )
    about = forms.ChoiceField(required=False, choices=[("", _("Everything")), *GROUPS])
    since = forms.DateField(required=False)
    before = forms.IntegerField(required=False, min_value=1, max_value=2**62)

    def __init__(self, data: Any, *, coalition: Coalition) -> None:
        super().__init__(data)
        self.people = [
            member.user
            for member in coalition.memberships.select_related("user").order_by("user__name", "pk")
        ]
        who = self.fields["who"]
        assert isinstance(who, forms.ModelChoiceField)
        who.queryset = User.objects.filter(memberships__coalition=coalition)
        self.is_valid()

    @property
    def chosen(self) -> dict[str, Any]:
        """Only what was asked for and understood; how far back a page begins is not a filter."""
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if value not in (None, "") and name != "before"
        }

    @property
    def as_query(self) -> dict[str, str]:
        return {
            name: str(value.public_id if isinstance(value, User) else value)
            for name, value in self.chosen.items()
        }
