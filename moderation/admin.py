"""The admin's view of moderation: decisions, leases and notes to be read, policies to be edited.

Rules
- A policy is edited through `policies.edit`: a new version is put in force, the one before is retired.
- Decisions are never changed.
"""

import json
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin import ReadOnlyAdmin
from accounts.errors import RefusedError
from accounts.models import User
from catalog.admin_services import ServiceAdmin, ServiceForm, fill
from moderation import policies
from moderation.models import Decision, Lease, Policy, StaffNote
from moderation.table import ACTIONS


class PolicyForm(ServiceForm):
    """A policy: what the author reads, its blanks, and the action that it usually leads to."""

    code = forms.SlugField(max_length=40)
    title = forms.CharField(max_length=80)
    text = forms.CharField(widget=forms.Textarea(attrs={"rows": 6}), help_text="{place} stands for a blank.")
    blanks = forms.JSONField(
        required=False, initial=list, help_text='[{"name": "place", "label": "Where", "required": false}]'
    )
    default_action = forms.ChoiceField(
        required=False,
        choices=[("", "none"), *((rule.name, rule.label) for rule in ACTIONS.values() if rule.reason)],
    )
    position = forms.IntegerField(min_value=0, max_value=32767, initial=0)

    class Meta:
        model = Policy
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fill(self, "title", "text", "blanks", "default_action", "position")

    def clean_blanks(self) -> list[Any]:
        """A list of objects; what else it must be is the service's to say."""
        value = self.cleaned_data["blanks"] or []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise forms.ValidationError(f"A list of objects is needed, not {json.dumps(value)[:60]}.")
        return value

    def carry_out(self, actor: User, data: dict[str, Any]) -> Policy:
        return policies.edit(
            actor,
            data.get("code") or self.instance.code,
            title=data["title"],
            text=data["text"],
            blanks=data["blanks"],
            default_action=data["default_action"],
            position=data["position"],
            reason=data["reason"],
        )


@admin.register(Policy)
class PolicyAdmin(ServiceAdmin):
    """Policies; only the version in force can be edited, which makes the next one."""

    form = PolicyForm
    identity = ("code",)
    list_display = ("code", "version", "title", "default_action", "position", "retired_at")
    list_filter = ("retired_at", "default_action")
    search_fields = ("code", "title", "text")
    actions = ("retire_selected",)

    def has_change_permission(self, request: HttpRequest, obj: Policy | None = None) -> bool:
        """Not for versions that are retired."""
        return super().has_change_permission(request, obj) and (obj is None or obj.retired_at is None)

    @admin.action(description="Take the selected policies out of force", permissions=["change"])
    def retire_selected(self, request: HttpRequest, queryset: QuerySet[Policy]) -> None:
        """Retire each that is in force."""
        actor = request.user
        for policy in queryset.filter(retired_at__isnull=True):
            try:
                if isinstance(actor, User):
                    policies.retire(actor, policy.code, reason="retired in the admin")
            except RefusedError as refused:
                self.message_user(request, f"{refused.message} {refused.hint}", level="ERROR")


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    """Decisions, as they were made."""

    list_display = ("submission", "action", "decider", "sha256", "needs_second", "seconded_at", "at")
    list_filter = ("action", "level", "at")
    search_fields = ("submission__submission_id", "submission__mod_id", "sha256", "decider__email")
    list_select_related = ("submission", "decider")


@admin.register(Lease)
class LeaseAdmin(ReadOnlyAdmin):
    """Who holds which item."""

    list_display = ("submission", "holder", "taken_at", "until")
    list_filter = ("until",)
    search_fields = ("submission__submission_id", "holder__email")
    list_select_related = ("submission", "holder")


@admin.register(StaffNote)
class StaffNoteAdmin(ReadOnlyAdmin):
    """Notes that only staff see."""

    list_display = ("submission", "writer", "text", "at")
    list_filter = ("at",)
    search_fields = ("submission__submission_id", "writer__email", "text")
    list_select_related = ("submission", "writer")
