"""Forms of the account pages: they read fields; services decide."""

from collections.abc import Iterable, Mapping
from typing import Any

from allauth.account.forms import SignupForm
from django import forms
from django.http import HttpRequest, HttpResponse

from accounts import services
from accounts.errors import RefusedError
from accounts.keys import MAX_DAYS, Scope
from accounts.models import User
from accounts.roles import LADDER

NAME_HELP = "What others see beside your mods. Left empty, it is the part of your address before the @."


def _name_field() -> forms.CharField:
    return forms.CharField(
        label="Display name", max_length=services.MAX_NAME, required=False, help_text=NAME_HELP
    )


class SignUpForm(SignupForm):
    """Mail address; name and password if wanted."""

    display_name = forms.CharField(
        label="Display name", max_length=services.MAX_NAME, required=False, help_text=NAME_HELP
    )
    field_order = ("email", "display_name", "password1")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "Mail address"
        self.fields[
            "password1"
        ].help_text = (
            "Not needed: you sign in with a code that comes by mail. At least 12 characters if you want one."
        )

    def clean_display_name(self) -> str:
        """The name, if it is one."""
        return _cleaned(services.clean_name, self.cleaned_data["display_name"])

    def save(self, request: HttpRequest) -> User:
        """Make the account."""
        data = self.cleaned_data
        return services.register(data["email"], data["display_name"], data.get("password1") or None)

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Make the account; for a known address, tell its owner and answer as if there were none."""
        try:
            result: tuple[User | None, HttpResponse | None] = super().try_save(request)
        except RefusedError as refused:
            if refused.code != "email_taken":
                raise
            self.account_already_exists = True
            result = super().try_save(request)
        return result


def _cleaned(clean: Any, value: str) -> str:
    try:
        return str(clean(value))
    except RefusedError as refused:
        raise forms.ValidationError(refused.message) from refused


class ProfileForm(forms.Form):
    """What others see."""

    display_name = forms.CharField(
        label="Display name", max_length=services.MAX_NAME, required=False, help_text=NAME_HELP
    )

    def clean_display_name(self) -> str:
        """The name, if it is one."""
        return _cleaned(services.clean_name, self.cleaned_data["display_name"])


class KeyForm(forms.Form):
    """A new API key."""

    name = forms.CharField(
        label="Name", max_length=60, help_text="What will use it, such as “GitHub release job”."
    )
    scopes = forms.MultipleChoiceField(label="May", widget=forms.CheckboxSelectMultiple)
    days = forms.TypedChoiceField(
        label="Runs out",
        coerce=int,
        choices=[(30, "In 30 days"), (90, "In 90 days"), (MAX_DAYS - 1, "In a year"), (0, "Never")],
        initial=90,
    )

    def __init__(self, data: Mapping[str, Any] | None, scopes: Iterable[Scope]) -> None:
        super().__init__(data)
        field = self.fields["scopes"]
        if isinstance(field, forms.MultipleChoiceField):
            field.choices = [(scope.name, f"{scope.name}: {scope.says}") for scope in scopes]


class CodeForm(forms.Form):
    """A code from a mail."""

    code = forms.CharField(
        label="Code", max_length=32, widget=forms.TextInput(attrs={"autocomplete": "one-time-code"})
    )


class CloseForm(forms.Form):
    """Closing the account: its address, typed again."""

    confirm = forms.EmailField(
        label="Mail address of this account", widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )


class RoleForm(forms.Form):
    """A person's role, with the reason."""

    role = forms.ChoiceField(label="Role", choices=[(role.value, role.value) for role in LADDER])
    reason = forms.CharField(
        label="Reason",
        max_length=services.MAX_REASON,
        required=False,
        help_text="Kept in the audit trail and told to the person.",
    )
