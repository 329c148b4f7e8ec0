"""What a lead settles about the coalition, each with what it changes. Forms check and never save."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from coalitions.forms.actions import PeopleField
from coalitions.models import SETTING_FIELDS, WEIGHT_FIELDS, Coalition

SHARES = ("wanted_chance", "wanted_leverage")
WEIGHTS = {
    "weight_people_power": (
        _("People power"),
        _("How much of the critical mass the next big action is expected to reach."),
    ),
    "weight_breadth": (_("Breadth"), _("How many communities bring at least a twentieth of it.")),
    "weight_cohesion": (_("Cohesion"), _("How many of their bonds the partners hold.")),
    "weight_leverage": (_("Leverage"), _("How much of the mapped support of the leadership is gone.")),
}


def time_zones() -> list[tuple[str, str]]:
    """Named after places, and UTC; abbreviations and historical aliases help nobody to choose."""
    places = sorted(
        name
        for name in available_timezones()
        if "/" in name and not name.startswith(("Etc/", "SystemV/", "US/", "posix/", "right/"))
    )
    return [(name, name.replace("_", " ")) for name in ("UTC", *places)]


class InHundred(forms.DecimalField):
    """A share, typed as so many in 100."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "short"})
        super().__init__(
            min_value=0, max_value=100, decimal_places=1, localize=True, widget=widget, **options
        )


class SettingsForm(forms.ModelForm[Coalition]):
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=time_zones,
        help_text=_("Days begin and end here: it decides when an action lies ahead and when it is past."),
    )
    critical_mass = PeopleField(
        label=_("Critical mass, people"),
        required=False,
        min_value=1,
        max_value=100_000_000,
        help_text=_(
            "How many people in one place the leadership could not ignore. Decide it together: people power"
            " is measured against it, and without it people power is unknown."
        ),
    )
    communities_aimed_at = PeopleField(
        label=_("Communities aimed at"),
        min_value=1,
        max_value=500,
        help_text=_("Breadth is full when so many communities each bring a twentieth of the critical mass."),
    )
    pledge_cap = PeopleField(
        label=_("Largest believable pledge, people"),
        min_value=1,
        help_text=_("A pledge above this is refused: it is a slip of the keys, or worse."),
    )
    wanted_chance = InHundred(
        label=_("Wanted chance of critical mass, in 100"),
        help_text=_("From here on the next big action counts as strong enough."),
    )
    wanted_leverage = InHundred(
        label=_("Wanted leverage, in 100"),
        help_text=_("From here on enough of the support of the leadership counts as gone."),
    )

    class Meta:
        model = Coalition
        fields = SETTING_FIELDS
        widgets = {"cause": forms.Textarea(attrs={"rows": 3, "maxlength": 600})}
        labels = {"target": _("Who you negotiate with")}
        help_texts = {
            "name": _("Shown to everybody who belongs to the coalition."),
            "cause": _("In two or three sentences, as you would say it aloud."),
            "target": _("Who can say yes."),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in SHARES:
            if self.initial.get(name) is not None:
                self.initial[name] = _short(100 * self.initial[name])
        for name, (label, explained) in WEIGHTS.items():
            weight = self.fields[name]
            if self.initial.get(name) is not None:
                self.initial[name] = _short(self.initial[name])
            weight.label, weight.help_text = label, explained
            weight.localize = True
            weight.widget = forms.TextInput(
                attrs={"inputmode": "decimal", "autocomplete": "off", "class": "short"}
            )
            weight.widget.is_localized = True

    def weights(self) -> list[forms.BoundField]:
        return [self[name] for name in WEIGHT_FIELDS]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for name in SHARES:
            if data.get(name) is not None:
                data[name] = float(data[name]) / 100
        weights = [data.get(name) for name in WEIGHT_FIELDS]
        if None not in weights and not any(weights):
            self.add_error("weight_people_power", _("At least one dimension has to count."))
        return data

    @property
    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in SETTING_FIELDS}


def _short(value: float) -> float | int:
    """80.0 is typed as 80."""
    rounded = round(value, 4)
    return int(rounded) if rounded == int(rounded) else rounded
