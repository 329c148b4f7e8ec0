"""What leads type about the people of a coalition, and what members type about their tokens."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from coalitions.models import ApiToken, Coalition, Membership, Organization, Role

LIFETIMES = ((30, _("30 days")), (90, _("90 days")), (180, _("180 days")), (365, _("a year")))
ROLES_EXPLAINED = _(
    "Partner: pledges for one organization. Observer: sees everything, changes nothing."
    " Organizer: edits. Lead: also people and settings."
)


class RoleForm(forms.Form):
    role = forms.TypedChoiceField(
        label=_("Role"),
        choices=Role.choices,
        coerce=lambda value: Role(int(value)),
        help_text=ROLES_EXPLAINED,
    )
    organization = forms.ModelChoiceField(
        label=_("Organization"),
        queryset=Organization.objects.none(),
        required=False,
        to_field_name="public_id",
        empty_label=_("none"),
        help_text=_("For partners only: whom they speak for."),
    )

    def __init__(self, data: Any = None, *, coalition: Coalition, **options: Any) -> None:
        super().__init__(data, **options)
        organization = self.fields["organization"]
        assert isinstance(organization, forms.ModelChoiceField)
        organization.queryset = coalition.organizations.present().order_by("name", "pk")

    def clean(self) -> dict[str, Any]:
        role = self.cleaned_data.get("role")
        if (
            role == Role.PARTNER
            and not self.cleaned_data.get("organization")
            and "organization" not in self.errors
        ):
            self.add_error("organization", _("Choose the organization that this partner speaks for."))
        return self.cleaned_data


class InvitationForm(RoleForm):
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    field_order = ["email", "role", "organization"]


class MemberForm(RoleForm):
    """Carries the version that the lead saw."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    @classmethod
    def of(cls, membership: Membership) -> MemberForm:
        """The form as it opens, filled with what is true now."""
        organization = membership.organization
        initial = {
            "role": membership.role,
            "organization": organization.public_id if organization else None,
            "version": membership.version,
        }
        return cls(
            coalition=membership.coalition, initial=initial, auto_id=f"id_{membership.public_id.hex}_%s"
        )


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("What it is for"),
        max_length=80,
        help_text=_("So that you know later what breaks without it."),
    )
    scope = forms.ChoiceField(label=_("It may"), choices=ApiToken.Scope.choices)
    days = forms.TypedChoiceField(label=_("It lasts"), choices=LIFETIMES, coerce=int, initial=90)

    def __init__(self, data: Any = None, *, role: int) -> None:
        super().__init__(data)
        if role < Role.ORGANIZER:
            self.fields["scope"] = forms.ChoiceField(
                label=_("It may"), choices=[(ApiToken.Scope.READ.value, ApiToken.Scope.READ.label)]
            )
