"""The admin's view of the catalog.

Rules
- Mods, releases, the journal, published documents and service status can be read, not changed: the publisher
  and the readiness checks write them.
- Builds, categories, platform releases and namespaces are changed through `catalog.services`, which checks,
  audits and owes the publication; a refusal stands at its field.
- Nothing is deleted here.
"""

from typing import Any

from django import forms
from django.contrib import admin

from accounts.admin import ReadOnlyAdmin
from accounts.models import User
from catalog import services
from catalog.admin_services import ServiceAdmin, ServiceForm, fill
from catalog.models import (
    Category,
    Dependency,
    GameBuild,
    Maintainer,
    Mod,
    Namespace,
    PlatformRelease,
    Publication,
    PublishedDocument,
    PublisherLease,
    Release,
    ServiceStatus,
)


class BuildForm(ServiceForm):
    """A game build."""

    build = forms.CharField(max_length=40)
    status = forms.ChoiceField(choices=GameBuild.Status.choices)
    pinned = forms.BooleanField(required=False, help_text="The build that the runtime and framework target.")

    class Meta:
        model = GameBuild
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fill(self, "status", "pinned")

    def carry_out(self, actor: User, data: dict[str, Any]) -> GameBuild:
        return services.edit_build(
            actor,
            data.get("build") or self.instance.build,
            status=data["status"],
            pinned=data["pinned"],
            reason=data["reason"],
        )


class CategoryForm(ServiceForm):
    """A category."""

    code = forms.SlugField(max_length=40)
    name = forms.CharField(max_length=60)
    position = forms.IntegerField(min_value=0, max_value=32767, initial=0)
    retired = forms.BooleanField(required=False)

    class Meta:
        model = Category
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fill(self, "name", "position", "retired")

    def carry_out(self, actor: User, data: dict[str, Any]) -> Category:
        return services.edit_category(
            actor,
            data.get("code") or self.instance.code,
            name=data["name"],
            position=data["position"],
            retired=data["retired"],
            reason=data["reason"],
        )


class PlatformForm(ServiceForm):
    """A release of the runtime, the framework or the manager."""

    kind = forms.ChoiceField(choices=PlatformRelease.Kind.choices)
    version = forms.CharField(max_length=100)
    target_game_build = forms.CharField(max_length=40)
    file = forms.FileField(required=False, help_text="A file of ours; its hash and size are computed.")
    artifact_url = forms.CharField(
        max_length=500, required=False, help_text="Or an https address of another host."
    )
    sha256 = forms.CharField(max_length=64, required=False, help_text="Needed with an address.")
    size_bytes = forms.IntegerField(min_value=1, required=False, help_text="Needed with an address.")
    source_executable_sha256 = forms.CharField(max_length=64, required=False)
    current = forms.BooleanField(required=False, help_text="The published one of its kind.")

    class Meta:
        model = PlatformRelease
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fill(
            self,
            "target_game_build",
            "artifact_url",
            "sha256",
            "size_bytes",
            "source_executable_sha256",
            "current",
        )

    def carry_out(self, actor: User, data: dict[str, Any]) -> PlatformRelease:
        return services.save_platform_release(
            actor,
            data.get("kind") or self.instance.kind,
            data.get("version") or self.instance.version,
            target_game_build=data["target_game_build"],
            artifact_url=data["artifact_url"],
            file=data["file"] or None,
            sha256=data["sha256"],
            size_bytes=data["size_bytes"],
            source_executable_sha256=data["source_executable_sha256"],
            current=data["current"],
            reason=data["reason"],
        )


class NamespaceForm(ServiceForm):
    """Who may submit in a namespace."""

    name = forms.CharField(max_length=98)
    emails = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}),
        label="Maintainers",
        help_text="One address of mail a line; the first owns the namespace, those left out lose it.",
    )
    reason = forms.CharField(max_length=300, help_text="The audit log keeps it.")

    class Meta:
        model = Namespace
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            rows = self.instance.maintainers.order_by("-owner", "id").values_list("user__email", flat=True)
            self.fields["emails"].initial = "\n".join(rows)

    def carry_out(self, actor: User, data: dict[str, Any]) -> Namespace:
        return services.assign_namespace(
            actor, data.get("name") or self.instance.name, data["emails"].splitlines(), data["reason"]
        )


@admin.register(GameBuild)
class GameBuildAdmin(ServiceAdmin):
    """Builds of the game."""

    form = BuildForm
    identity = ("build",)
    list_display = ("build", "status", "pinned", "added_at")
    list_filter = ("status", "pinned")
    search_fields = ("build",)


@admin.register(Category)
class CategoryAdmin(ServiceAdmin):
    """Categories."""

    form = CategoryForm
    identity = ("code",)
    list_display = ("code", "name", "position", "retired")
    list_filter = ("retired",)
    search_fields = ("code", "name")


@admin.register(PlatformRelease)
class PlatformReleaseAdmin(ServiceAdmin):
    """The platform's own releases."""

    form = PlatformForm
    identity = ("kind", "version")
    list_display = ("kind", "version", "target_game_build", "current", "published_at")
    list_filter = ("kind", "current")
    search_fields = ("version", "sha256")


@admin.register(Namespace)
class NamespaceAdmin(ServiceAdmin):
    """Namespaces and who maintains them."""

    form = NamespaceForm
    identity = ("name",)
    list_display = ("name", "claimed_at")
    list_filter = ("claimed_at",)
    search_fields = ("name", "maintainers__user__email", "maintainers__user__account_id")


@admin.register(Maintainer)
class MaintainerAdmin(ReadOnlyAdmin):
    """Maintainers, one a row; they are changed at their namespace."""

    list_display = ("namespace", "user", "owner", "since")
    list_filter = ("owner",)
    search_fields = ("namespace__name", "user__email")
    list_select_related = ("namespace", "user")


@admin.register(Mod)
class ModAdmin(ReadOnlyAdmin):
    """Mods, as the publisher wrote them."""

    list_display = ("mod_id", "name", "latest_build", "updated_at", "deprecated", "downloads")
    list_filter = ("deprecated", "latest_build", "categories")
    search_fields = ("mod_id", "name", "slug")
    show_full_result_count = False


@admin.register(Release)
class ReleaseAdmin(ReadOnlyAdmin):
    """Releases, as the publisher wrote them."""

    list_display = ("mod", "version", "target_game_build", "published_at", "superseded_by", "taken_back_at")
    list_filter = ("target_game_build", "prerelease", "taken_back_level")
    search_fields = ("mod__mod_id", "version", "sha256", "submission_id")
    list_select_related = ("mod",)
    show_full_result_count = False


@admin.register(Dependency)
class DependencyAdmin(ReadOnlyAdmin):
    """What releases want of other mods."""

    list_display = ("release", "mod_id_wanted", "version_range", "optional")
    list_filter = ("optional",)
    search_fields = ("mod_id_wanted", "release__mod__mod_id")
    list_select_related = ("release__mod",)
    show_full_result_count = False


@admin.register(Publication)
class PublicationAdmin(ReadOnlyAdmin):
    """The publisher's journal."""

    list_display = ("revision", "cause", "actor", "outcome", "planned_at", "switched_at", "finished_at")
    list_filter = ("outcome", "planned_at")
    search_fields = ("cause", "actor__email")
    list_select_related = ("actor",)


@admin.register(PublishedDocument)
class PublishedDocumentAdmin(ReadOnlyAdmin):
    """Documents of the public tree."""

    list_display = ("path", "sha256", "size_bytes", "revision")
    list_filter = ("revision",)
    search_fields = ("path", "sha256")
    show_full_result_count = False


@admin.register(PublisherLease)
class PublisherLeaseAdmin(ReadOnlyAdmin):
    """Who publishes just now."""

    list_display = ("holder", "until")
    list_filter = ("until",)
    search_fields = ("holder",)


@admin.register(ServiceStatus)
class ServiceStatusAdmin(ReadOnlyAdmin):
    """Which services were seen running."""

    list_display = ("service", "live", "evidence", "missing", "checked_at")
    list_filter = ("live",)
    search_fields = ("service", "evidence", "missing")
