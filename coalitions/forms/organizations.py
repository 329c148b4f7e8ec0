"""What is typed about organizations and their overlaps. Forms check and never save."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from coalitions.forms.actions import PeopleField
from coalitions.models import BOND_FIELDS, Coalition, Organization, OrganizationKind, Overlap

MOST_PEOPLE_REACHED = 1_000_000_000
BONDS = {
    "bond_agreement": _("Agreement signed"),
    "bond_demands": _("Demands endorsed"),
    "bond_mandate": _("Delegate mandated"),
    "bond_decision_rule": _("Decision rule accepted"),
}

WITHOUT = [
    ("", _("Any bonds")),
    ("bond_agreement", _("Without agreement")),
    ("bond_demands", _("Without demands")),
    ("bond_mandate", _("Without mandate")),
    ("bond_decision_rule", _("Without decision rule")),
]


def a_bond(name: str) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=BONDS[name],
        required=False,
        choices=[("", _("unknown")), ("yes", _("yes")), ("no", _("no"))],
        coerce="yes".__eq__,
        empty_value=None,
    )


class OrganizationForm(forms.ModelForm[Organization]):
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, required=False)
    reach = PeopleField(
        label=_("People it can reach"),
        required=False,
        max_value=MOST_PEOPLE_REACHED,
        help_text=_("Leave empty while nobody knows."),
    )
    bond_agreement = a_bond("bond_agreement")
    bond_demands = a_bond("bond_demands")
    bond_mandate = a_bond("bond_mandate")
    bond_decision_rule = a_bond("bond_decision_rule")

    class Meta:
        model = Organization
        fields = [
            "name",
            "kind",
            "community",
            "place",
            "reach",
            "partner_since",
            "partner_until",
            *BOND_FIELDS,
            "latitude",
            "longitude",
        ]
        widgets = {
            "partner_since": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "partner_until": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }
        labels = {"latitude": _("Latitude"), "longitude": _("Longitude")}
        help_texts = {
            "community": _("Organizations of one community count together towards breadth."),
            "partner_since": _("Empty: it is not a partner."),
            "partner_until": _("Only when it has left."),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in BOND_FIELDS:
            held = self.initial.get(name)
            self.initial[name] = "" if held is None else "yes" if held else "no"
        self.fields["community"].widget.attrs["list"] = self.communities_id

    @property
    def communities_id(self) -> str:
        """Two open forms must not share the list of suggestions' name."""
        return (self.auto_id or "%s") % "communities" if isinstance(self.auto_id, str) else "communities"

    @property
    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        since, until = data.get("partner_since"), data.get("partner_until")
        if until and not since and "partner_since" not in self.errors:
            self.add_error("partner_since", _("It can only leave after it has joined. When was that?"))
        if until and since and until < since:
            self.add_error("partner_until", _("This is before it joined."))
        pair = ("latitude", "longitude")
        missing = [name for name in pair if data.get(name) is None]
        if len(missing) == 1 and missing[0] not in self.errors:
            self.add_error(missing[0], _("A place on the map needs both numbers."))
        return data


class OrganizationFilter(forms.Form):
    """Filters and order of the table. What is not among the choices is left out, never passed on."""

    SORTS = ("name", "kind", "community", "place", "partner", "reach", "bonds", "rate")

    find = forms.CharField(required=False, max_length=200)
    kind = forms.ChoiceField(required=False, choices=[("", _("Every kind")), *OrganizationKind.choices])
    community = forms.CharField(required=False, max_length=80)
    missing = forms.ChoiceField(required=False, choices=WITHOUT)
    partners = forms.ChoiceField(required=False, choices=[("on", "on")])
    sort = forms.ChoiceField(
        required=False, choices=[(sign + name, name) for name in SORTS for sign in ("", "-")]
    )

    def chosen(self) -> dict[str, str]:
        self.is_valid()
        return {name: self.cleaned_data[name] for name in self.fields if self.cleaned_data.get(name)}


class ShareForm(forms.Form):
    """People of 100 of the smaller group."""

    share = forms.DecimalField(
        label=_("Of 100 people of the smaller group, how many also belong to the other?"),
        min_value=0,
        max_value=100,
        decimal_places=1,
        localize=True,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "short"}),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, required=False)

    @staticmethod
    def initial_of(overlap: Overlap) -> dict[str, Any]:
        share = round(100 * overlap.share, 1)
        return {"share": int(share) if share == int(share) else share, "version": overlap.version}

    @property
    def share_of_one(self) -> float:
        return float(self.cleaned_data["share"]) / 100


class OverlapForm(ShareForm):
    first = forms.ModelChoiceField(
        label=_("One partner"),
        queryset=Organization.objects.none(),
        to_field_name="public_id",
        empty_label=_("choose"),
    )
    second = forms.ModelChoiceField(
        label=_("The other one"),
        queryset=Organization.objects.none(),
        to_field_name="public_id",
        empty_label=_("choose"),
    )
    field_order = ["first", "second", "share", "version"]

    def __init__(self, *args: Any, coalition: Coalition, **options: Any) -> None:
        super().__init__(*args, **options)
        # One query for both lists.
        partners = list(coalition.organizations.partners().order_by("name", "pk"))
        for name in ("first", "second"):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = coalition.organizations.partners()
            field.choices = [("", field.empty_label), *((row.public_id, row.name) for row in partners)]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("first") and data.get("first") == data.get("second"):
            self.add_error("second", _("Choose two different partners."))
        return data
