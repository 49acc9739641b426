"""This room's rows in the administration: searched, filtered and read; never written.

A state changes by a move, a check's result by a check, a message by whoever writes it: all of it behind the
services, so none of it here.
"""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from uploads.models import (
    CheckResult,
    IdempotencyKey,
    Message,
    PackageFile,
    QueueReason,
    Revision,
    Submission,
)

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Any]
else:
    _Admin = admin.ModelAdmin


class ReadOnlyAdmin(_Admin):
    """Rows to look at."""

    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Submission)
class SubmissionAdmin(ReadOnlyAdmin):
    """Submissions with their state."""

    list_display = ("submission_id", "mod_id", "version", "state", "via", "author", "updated_at")
    list_filter = ("state", "via", "created_at")
    search_fields = ("submission_id", "mod_id", "name", "version", "author__email")
    list_select_related = ("author",)
    date_hierarchy = "created_at"


@admin.register(Revision)
class RevisionAdmin(ReadOnlyAdmin):
    """Packages as they were received."""

    list_display = (
        "submission",
        "number",
        "sha256",
        "size_bytes",
        "rules_version",
        "received_at",
        "checked_at",
    )
    list_filter = ("rules_version", "received_at")
    search_fields = (
        "submission__submission_id",
        "submission__mod_id",
        "sha256",
        "file_name",
        "uploader__email",
    )
    list_select_related = ("submission",)


@admin.register(CheckResult)
class CheckResultAdmin(ReadOnlyAdmin):
    """What each check said."""

    list_display = ("revision", "check_id", "status", "code", "at")
    list_filter = ("status", "check_id", "rules_version")
    search_fields = ("revision__submission__submission_id", "revision__submission__mod_id", "code", "message")
    list_select_related = ("revision",)


@admin.register(PackageFile)
class PackageFileAdmin(ReadOnlyAdmin):
    """Members of packages."""

    list_display = ("path", "revision", "kind", "executable", "size_bytes", "sha256")
    list_filter = ("kind", "executable")
    search_fields = ("path", "sha256", "revision__submission__submission_id", "revision__submission__mod_id")
    list_select_related = ("revision",)


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """Lines of the threads."""

    list_display = ("submission", "writer", "from_staff", "at", "text")
    list_filter = ("from_staff", "at")
    search_fields = ("submission__submission_id", "submission__mod_id", "writer__email", "text")
    list_select_related = ("submission", "writer")


@admin.register(QueueReason)
class QueueReasonAdmin(ReadOnlyAdmin):
    """Why submissions wait, or waited."""

    list_display = ("submission", "kind", "detail", "opened_at", "due_at", "closed_at", "closed_by")
    list_filter = ("kind", "closed_by", "due_at")
    search_fields = ("submission__submission_id", "submission__mod_id", "detail")
    list_select_related = ("submission",)


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnlyAdmin):
    """Which retry belongs to which submission."""

    list_display = ("key", "user", "submission", "created_at")
    list_filter = ("created_at",)
    search_fields = ("key", "user__email", "submission__submission_id")
    list_select_related = ("user", "submission")
