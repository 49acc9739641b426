"""The admin's view of accounts, keys, the audit trail and owed work.

Rules
- Only admins get in, through the portal's own sign-in.
- A role is changed through the service alone, with a reason; the audit trail and the outbox can be read, and
  owed work that failed can be tried again.
- Secrets are shown nowhere, not even as hashes.
"""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts import keys, outbox, services
from accounts.errors import RefusedError
from accounts.forms import RoleForm
from accounts.models import ApiKey, AuditEntry, AuditOrigin, OutboxRow, User
from accounts.roles import LADDER

if TYPE_CHECKING:  # Django's classes take their model in annotations only
    ModelAdmin = admin.ModelAdmin[Any]
    AccountModelForm = forms.ModelForm[User]
else:
    ModelAdmin = admin.ModelAdmin
    AccountModelForm = forms.ModelForm


class ReadOnlyAdmin(ModelAdmin):
    """Rows that can be looked at, not made, changed or deleted here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AccountForm(AccountModelForm):
    """An account's page: the role and the reason are the only things to enter."""

    actor: User | None = None
    new_role = RoleForm.base_fields["role"]
    reason = RoleForm.base_fields["reason"]

    class Meta:
        model = User
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_role"].initial = self.instance.role

    def clean(self) -> dict[str, Any]:
        """Give the role through the service, in the admin's transaction, so that a refusal stands at its field."""
        data = super().clean() or {}
        if self.errors or data["new_role"] == self.instance.role or self.actor is None:
            return data
        try:
            services.assign_roles(self.actor, self.instance.account_id, [data["new_role"]], data["reason"])
        except RefusedError as refused:
            place = "reason" if refused.code == "reason_required" else None
            self.add_error(place, f"{refused.message} {refused.hint}")
        return data


@admin.register(User)
class UserAdmin(ModelAdmin):
    """Accounts: everything to be read, the role to be changed."""

    form = AccountForm
    list_display = ("email", "display_name", "role", "is_active", "suspended_until", "created_at")
    list_filter = ("role", "is_active", "created_at")
    search_fields = ("email", "display_name", "account_id")
    ordering = ("-created_at",)
    readonly_fields = (
        "account_id",
        "email",
        "display_name",
        "is_active",
        "suspended_until",
        "created_at",
        "last_login",
        "modder_agreement_version",
        "modder_agreement_at",
    )
    fields = (*readonly_fields, "new_role", "reason")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).filter(role__in=[role.value for role in LADDER])

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """The form, which knows who is acting."""
        form = super().get_form(request, obj, change, **kwargs)
        return type("AccountForm", (form,), {"actor": request.user})

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Nothing: the form has asked the service."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The audit trail says it; the admin's own log is not kept."""


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Keys by prefix; they can be revoked."""

    list_display = ("__str__", "user", "name", "scopes", "expires_at", "last_used_at", "revoked_at")
    list_filter = ("revoked_at", "expires_at")
    search_fields = ("prefix", "name", "user__email")
    fields = (
        "user",
        "name",
        "prefix",
        "scopes",
        "created_at",
        "expires_at",
        "last_used_at",
        "last_used_address",
        "revoked_at",
    )
    actions = ("revoke_selected",)

    @admin.action(description="Revoke the selected keys", permissions=["view"])
    def revoke_selected(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """Revoke each that is still live."""
        actor = request.user
        if isinstance(actor, User):
            for key in queryset.filter(revoked_at__isnull=True):
                keys.revoke_as_admin(actor, key.prefix, reason="revoked in the admin")
        self.message_user(request, "The keys were revoked.")


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """The audit trail."""

    list_display = ("sequence", "at", "actor", "action", "target_type", "target_id", "reason")
    list_filter = ("action", "actor_role", "at")
    search_fields = ("target_id", "actor__email", "actor__account_id", "reason")
    list_select_related = ("actor",)
    show_full_result_count = False


@admin.register(AuditOrigin)
class AuditOriginAdmin(ReadOnlyAdmin):
    """Where entries came from, as long as that is kept."""

    list_display = ("entry", "door", "address", "agent")
    list_filter = ("door",)
    search_fields = ("address", "agent")
    fields = ("entry", "door", "address", "agent")
    list_select_related = ("entry",)
    show_full_result_count = False


@admin.register(OutboxRow)
class OutboxRowAdmin(ReadOnlyAdmin):
    """Owed work: what failed can be tried again. What a mail says is not shown, since codes travel in it."""

    list_display = ("id", "kind", "key", "created_at", "due_at", "attempts", "done_at", "failed_at")
    list_filter = ("kind", "done_at", "failed_at")
    search_fields = ("key", "kind", "last_error")
    fields = (
        "kind",
        "key",
        "created_at",
        "due_at",
        "attempts",
        "claimed_until",
        "done_at",
        "failed_at",
        "last_error",
    )
    actions = ("retry_selected",)

    @admin.action(description="Try the selected work again", permissions=["view"])
    def retry_selected(self, request: HttpRequest, queryset: QuerySet[OutboxRow]) -> None:
        """Make failed and waiting rows due now, with all their attempts."""
        again = queryset.filter(done_at__isnull=True).update(
            failed_at=None, attempts=0, due_at=timezone.now(), claimed_until=None, claimed_by=""
        )
        outbox.sweep()
        self.message_user(request, f"{again} tried again.")
