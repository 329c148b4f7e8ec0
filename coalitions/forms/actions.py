"""What is typed about actions, pledges and counts. Forms check and never save."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms
from django.core.validators import URLValidator
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from coalitions.models import (
    Action,
    ActionKind,
    ActionStatus,
    Coalition,
    Count,
    CountMethod,
    CountOf,
    Organization,
)
from coalitions.models.actions import MOST_PEOPLE
from coalitions.services.ledgers import Figures


def new_key() -> str:
    """One for each form that is shown: however often it is sent, it adds one row."""
    return uuid4().hex


def people_input(**attributes: Any) -> forms.TextInput:
    usual = {"inputmode": "numeric", "autocomplete": "off", "class": "short"}
    return forms.TextInput(attrs=usual | attributes)


class PeopleField(forms.IntegerField):
    """A number of people, typed as the reader's language writes it."""

    def __init__(self, **options: Any) -> None:
        usual: dict[str, Any] = {"min_value": 0, "max_value": MOST_PEOPLE, "localize": True}
        usual["widget"] = people_input()
        super().__init__(**usual | options)


class ActionForm(forms.ModelForm[Action]):
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, required=False)

    class Meta:
        model = Action
        fields = ["title", "kind", "place", "day", "starts_at", "status", "is_big"]
        widgets = {
            "day": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "starts_at": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        }
        help_texts = {
            "starts_at": _("Leave empty if only the day is known."),
            "is_big": _("Big actions are measured against the critical mass."),
        }

    @property
    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name in self._meta.fields}  # type: ignore[operator]


class ActionFilter(forms.Form):
    """Filters and order of the list. What is not among the choices is left out, never passed on."""

    SORTS = ("day", "title", "pledged", "expected")

    find = forms.CharField(required=False, max_length=200)
    status = forms.ChoiceField(required=False, choices=[("", _("Any status")), *ActionStatus.choices])
    kind = forms.ChoiceField(required=False, choices=[("", _("Any kind")), *ActionKind.choices])
    sort = forms.ChoiceField(
        required=False, choices=[(sign + name, name) for name in SORTS for sign in ("", "-")]
    )

    def chosen(self) -> dict[str, str]:
        self.is_valid()
        return {name: self.cleaned_data[name] for name in self.fields if self.cleaned_data.get(name)}


class StatusForm(forms.Form):
    status = forms.ChoiceField(choices=ActionStatus.choices)
    version = forms.IntegerField(min_value=1)


class VersionForm(forms.Form):
    version = forms.IntegerField(min_value=1)


class PledgeForm(forms.Form):
    low = PeopleField(label=_("At least"), required=False)
    likely = PeopleField(label=_("Likely"), widget=people_input(autofocus=True))
    high = PeopleField(label=_("At most"), required=False)
    note = forms.CharField(label=_("Note"), max_length=300, required=False)
    key = forms.CharField(widget=forms.HiddenInput, min_length=8, max_length=64)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def clean(self) -> dict[str, Any]:
        """Who names one number means it three times; the order is checked here, where the fields are."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        likely = data.get("likely")
        if likely is None or "low" in self.errors or "high" in self.errors:
            return data
        data["low"] = likely if data["low"] is None else data["low"]
        data["high"] = likely if data["high"] is None else data["high"]
        if data["low"] > likely:
            self.add_error("low", _("This is more than the likely number."))
        if data["high"] < likely:
            self.add_error("high", _("This is less than the likely number."))
        return data

    @property
    def figures(self) -> Figures:
        return Figures(*(self.cleaned_data[name] for name in ("low", "likely", "high")))


class CountForm(forms.Form):
    """A count by an organizer: of the whole crowd, of walk-ins, or of one partner's pledged people."""

    of = forms.ChoiceField(label=_("What was counted"), choices=CountOf.choices)
    organization = forms.ModelChoiceField(
        label=_("Partner"),
        queryset=Organization.objects.none(),
        required=False,
        empty_label=_("nobody in particular"),
        help_text=_("Only for the people of one partner."),
        to_field_name="public_id",
    )
    low = PeopleField(label=_("At least"), required=False)
    best = PeopleField(label=_("Best figure"))
    high = PeopleField(label=_("At most"), required=False)
    method = forms.ChoiceField(label=_("Method"), choices=[("", _("choose")), *CountMethod.choices])
    counted_by = forms.CharField(label=_("Counted by"), max_length=120)
    is_independent = forms.BooleanField(label=_("Independent of both sides"), required=False)
    source = forms.URLField(
        label=_("Link to the source"),
        max_length=500,
        required=False,
        assume_scheme="https",
        validators=[URLValidator(schemes=["http", "https"])],
    )
    key = forms.CharField(widget=forms.HiddenInput, min_length=8, max_length=64)

    def __init__(self, *args: Any, coalition: Coalition, **options: Any) -> None:
        super().__init__(*args, **options)
        if "organization" in self.fields:
            field = self.fields["organization"]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = self.countable(coalition).order_by("name", "pk")

    def countable(self, coalition: Coalition) -> QuerySet[Organization]:
        return coalition.organizations.partners()

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        best = data.get("best")
        if best is not None and "low" not in self.errors and "high" not in self.errors:
            data["low"] = best if data["low"] is None else data["low"]
            data["high"] = best if data["high"] is None else data["high"]
            if data["low"] > best:
                self.add_error("low", _("This is more than the best figure."))
            if data["high"] < best:
                self.add_error("high", _("This is less than the best figure."))
        if (
            data.get("of") == CountOf.PLEDGED
            and not data.get("organization")
            and "organization" in self.fields
        ):
            self.add_error("organization", _("Name the partner whose people were counted."))
        if data.get("of") in {CountOf.CROWD, CountOf.WALK_INS}:
            data["organization"] = None
        return data

    @property
    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "key"}


class CorrectionForm(CountForm):
    is_withdrawn = forms.BooleanField(
        label=_("Take this count back altogether"),
        help_text=_("It stays on record, and no number rests on it any more."),
        required=False,
    )

    def countable(self, coalition: Coalition) -> QuerySet[Organization]:
        """Also those that have left: what they once brought can still turn out to be wrong."""
        return coalition.organizations.present()

    @staticmethod
    def initial_of(count: Count) -> dict[str, Any]:
        names = ("of", "low", "best", "high", "method", "counted_by", "is_independent", "source")
        organization = count.organization.public_id if count.organization else None
        return {name: getattr(count, name) for name in names} | {
            "organization": organization,
            "key": new_key(),
        }


class OwnCountForm(CountForm):
    """A count by a partner, of its own people and nobody else's."""

    def __init__(self, *args: Any, coalition: Coalition, **options: Any) -> None:
        super().__init__(*args, coalition=coalition, **options)
        for name in ("of", "organization", "is_independent", "source"):
            del self.fields[name]

    def values_for(self, organization: Organization) -> dict[str, Any]:
        fixed = {"of": CountOf.PLEDGED, "organization": organization, "is_independent": False, "source": ""}
        return self.values | fixed
