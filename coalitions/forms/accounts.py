"""What people type about themselves: e-mail, password, code, name."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from coalitions.models import User

LONGEST_PASSWORD = 512


def _attributes(autocomplete: str, **more: str | bool) -> dict[str, str | bool]:
    return {"autocomplete": autocomplete, "autocapitalize": "none", "spellcheck": "false", **more}


def email_field() -> forms.EmailField:
    return forms.EmailField(
        label=_("E-mail"), max_length=254, widget=forms.EmailInput(_attributes("username"))
    )


def password_field(
    label: Any, *, autocomplete: str = "current-password", help_text: Any = ""
) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=LONGEST_PASSWORD,
        strip=False,
        help_text=help_text,
        widget=forms.PasswordInput(_attributes(autocomplete)),
    )


def name_field(label: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=120, widget=forms.TextInput({"autocomplete": "name"}))


CODE_HINT = _("Six digits from the app on your phone, or one of your recovery codes.")


def code_field(label: Any, *, help_text: Any = CODE_HINT) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=40, help_text=help_text, widget=forms.TextInput(_attributes("one-time-code"))
    )


class SignInForm(forms.Form):
    email = email_field()
    password = password_field(_("Password"))


class CodeForm(forms.Form):
    code = code_field(_("Code"))


class FirstCodeForm(forms.Form):
    """The proof that the phone has the key: there are no recovery codes yet."""

    code = code_field(_("Code"), help_text=_("Six digits from the app on your phone."))


class ConfirmForm(forms.Form):
    """The password again, and the code where the second step is on."""

    password = password_field(_("Password"))
    code = code_field(_("Code"))

    def __init__(self, data: Any = None, *, with_code: bool) -> None:
        super().__init__(data)
        if not with_code:
            del self.fields["code"]


class ForgotForm(forms.Form):
    email = email_field()


class NewPasswordForm(forms.Form):
    password = password_field(
        _("New password"),
        autocomplete="new-password",
        help_text=_("At least 12 characters. Four unrelated words are strong and easy to keep in mind."),
    )

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data)
        self.user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self.user)
        return password


class ChangePasswordForm(NewPasswordForm):
    current = password_field(_("Current password"))
    field_order = ["current", "password"]


class NameForm(forms.Form):
    name = name_field(_("Name"))


class JoinForm(NewPasswordForm):
    name = name_field(_("Your name"))
    field_order = ["name", "password"]

    def clean(self) -> dict[str, Any]:
        self.user.name = self.cleaned_data.get("name", "")
        return self.cleaned_data
