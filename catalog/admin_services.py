"""The admin's forms whose values go to a service, which checks, audits and writes.

Rules
- The service runs while the form is cleaned, in the admin's transaction, so a refusal stands at its field.
- What names a row is entered once and then only read; nothing is deleted.
"""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from accounts.errors import RefusedError
from accounts.models import User

if TYPE_CHECKING:  # Django's classes take their model in annotations only
    ModelAdmin = admin.ModelAdmin[Any]
    ModelForm = forms.ModelForm[Any]
else:
    ModelAdmin = admin.ModelAdmin
    ModelForm = forms.ModelForm


class ServiceForm(ModelForm):
    """A form whose values go to a service, in the admin's transaction; the service's row becomes the form's."""

    actor: User | None = None
    reason = forms.CharField(max_length=300, required=False, help_text="The audit log keeps it.")

    def carry_out(self, actor: User, data: dict[str, Any]) -> Any:
        """Call the service; returns the row."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        """Hand the values to the service; what it refuses stands at its field."""
        data = super().clean() or {}
        if self.errors or self.actor is None:
            return data
        try:
            self.instance = self.carry_out(self.actor, data)
        except RefusedError as refused:
            place = refused.problems[0].pointer if refused.problems else ""
            name = place.strip("/").split("/")[0]
            self.add_error(name if name in self.fields else None, f"{refused.message} {refused.hint}")
        return data


class ServiceAdmin(ModelAdmin):
    """Rows that are changed through a service; never deleted."""

    #: What names a row: entered once, then only read.
    identity: tuple[str, ...] = ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form, which knows who is acting and which row it is about."""
        made: Any = type(self.form.__name__, (self.form,), {"actor": request.user})
        if obj is not None:
            made.base_fields = {
                name: field for name, field in made.base_fields.items() if name not in self.identity
            }
        return made

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The form's fields, what names the row first."""
        return [*self.identity, *(name for name in self.form.base_fields if name not in self.identity)]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What names an existing row."""
        return self.identity if obj is not None else ()

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        """The row that the service returned."""
        return form.instance

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Nothing: the form has asked the service."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing either."""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The audit trail says it; the admin's own log is not kept."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The same."""


def fill(form: ServiceForm, *names: str) -> None:
    """Show the row's values in the form's fields."""
    if form.instance.pk:
        for name in names:
            form.fields[name].initial = getattr(form.instance, name)
