"""What admins keep: every change by role, checked, audited, and published anew."""

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db.models import F

from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.models import AuditEntry, OutboxRow, User
from catalog import services
from catalog.models import Category, GameBuild, Maintainer, PlatformRelease
from tests.factories import make_release, make_user

pytestmark = pytest.mark.django_db
SHA = "a" * 64


@pytest.fixture
def admin(db: None) -> User:
    return make_user("admin")


def refused(code: str, call: Any, *args: Any, **given: Any) -> RefusedError:
    """The refusal of a call; nothing may be left of it."""
    before = (AuditEntry.objects.count(), OutboxRow.objects.count())
    with pytest.raises(RefusedError) as error:
        call(*args, **given)
    assert error.value.code == code
    assert error.value.hint
    assert (AuditEntry.objects.count(), OutboxRow.objects.count()) == before
    return error.value


def platform(actor: User, version: str = "0.5.8", **given: Any) -> PlatformRelease:
    """A framework release at an outside address."""
    outside = {"artifact_url": "https://files.example.com/f.zip", "sha256": SHA, "size_bytes": 10}
    if "file" in given:
        outside = {}
    given = {"target_game_build": "0.9.0"} | outside | given
    return services.save_platform_release(actor, given.pop("kind", "framework"), version, **given)


@pytest.mark.parametrize("role", ["player", "modder", "moderator"])
def test_it_is_the_admins(role: str) -> None:
    actor = make_user(role)
    refused("role_required", services.edit_build, actor, "1.0", status="accepted")
    refused("role_required", services.edit_category, actor, "x", name="X")
    refused("role_required", platform, actor)
    refused("role_required", services.assign_namespace, actor, "starminer", [actor.email], "mine")


def test_a_build_is_added_pinned_and_audited(admin: User) -> None:
    services.edit_build(admin, "0.9.1", status="accepted", reason="The patch is out.")
    services.edit_build(admin, "0.9.1", status="accepted", pinned=True)
    assert GameBuild.objects.get(pinned=True).build == "0.9.1"
    services.edit_build(admin, "0.9.0", status="deprecated")
    entries = list(AuditEntry.objects.filter(action=Action.CATALOG_BUILD_CHANGED).order_by("sequence"))
    assert [entry.target_id for entry in entries] == ["0.9.1", "0.9.1", "0.9.0"]
    assert entries[0].reason == "The patch is out."
    assert (entries[2].before, entries[2].after) == (
        {"status": "accepted", "pinned": False},
        {"status": "deprecated", "pinned": False},
    )
    owed = OutboxRow.objects.filter(kind="publication.run")
    assert [row.payload["op"] for row in owed] == ["refresh"] * 3
    assert {row.payload["actor"] for row in owed} == {admin.account_id}


def test_a_save_that_changes_nothing_writes_nothing(admin: User) -> None:
    services.edit_build(admin, "0.9.0", status="accepted", pinned=True)
    assert not AuditEntry.objects.exists()
    assert not OutboxRow.objects.exists()


def test_what_a_build_can_not_be(admin: User) -> None:
    refused("bad_build", services.edit_build, admin, "-x", status="accepted")
    refused("bad_status", services.edit_build, admin, "1.0", status="loved")
    refused("pinned_build_needed", services.edit_build, admin, "0.9.0", status="accepted")
    refused("pinned_not_accepted", services.edit_build, admin, "1.0", status="refused", pinned=True)
    assert GameBuild.objects.count() == 1


def test_a_category_is_edited(admin: User) -> None:
    services.edit_category(admin, "maps", name=" Maps ", position=3)
    services.edit_category(admin, "maps", name="Maps", position=3, retired=True)
    assert Category.objects.get(code="maps").retired
    assert AuditEntry.objects.filter(action=Action.CATALOG_CATEGORY_CHANGED, target_id="maps").count() == 2
    refused("bad_code", services.edit_category, admin, "Maps", name="Maps")
    refused("bad_name", services.edit_category, admin, "maps", name="x" * 61)


def test_a_platform_release_elsewhere(admin: User) -> None:
    platform(admin, "0.5.7", current=True)
    row = platform(admin, current=True, source_executable_sha256="b" * 64)
    assert list(PlatformRelease.objects.filter(current=True)) == [row]
    entry = AuditEntry.objects.latest("sequence")
    assert (entry.action, entry.target_id) == (Action.CATALOG_PLATFORM_CHANGED, "framework@0.5.8")
    assert entry.after is not None
    assert entry.after["sha256"] == SHA
    platform(admin, "0.5.8", current=False)
    assert not PlatformRelease.objects.filter(current=True).exists()


def test_a_platform_release_of_ours_is_measured(admin: User) -> None:
    row = platform(admin, file=ContentFile(b"framework", "f.zip"), current=True)
    assert (row.size_bytes, len(row.sha256), row.artifact_url) == (9, 64, "")
    assert row.file.read() == b"framework"
    again = services.save_platform_release(admin, "framework", "0.5.8", target_game_build="0.9.0")
    assert (again.pk, again.file.name, again.current) == (row.pk, row.file.name, False)
    refused("bytes_differ", platform, admin, file=ContentFile(b"other", "f.zip"))
    refused("bytes_differ", platform, admin, "0.6.0", file=ContentFile(b"x", "f.zip"), sha256=SHA)
    refused("bytes_required", platform, admin, "0.6.0", file=ContentFile(b"", "f.zip"))


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"kind": "game"}, "bad_kind"),
        ({"version": "1"}, "bad_version"),
        ({"target_game_build": "9.9"}, "unknown_build"),
        ({"artifact_url": ""}, "bytes_required"),
        ({"artifact_url": "http://files.example.com/f.zip"}, "bytes_required"),
        ({"sha256": "AB"}, "bad_sha256"),
        ({"size_bytes": None}, "bad_size"),
        ({"source_executable_sha256": "x"}, "bad_sha256"),
    ],
)
def test_what_a_platform_release_can_not_be(admin: User, given: dict[str, Any], code: str) -> None:
    refused(code, platform, admin, **{"version": "0.5.8"} | given)


def test_a_reserved_namespace_is_handed_out(admin: User) -> None:
    one, two = make_user("modder"), make_user("modder")
    release = make_release(one, "starminer.export")
    Maintainer.objects.all().delete()
    release.mod.namespace.mods.update(mod_id=F("mod_id"))
    services.assign_namespace(admin, "smmods", [one.email.upper(), two.email, ""], "The samples' team.")
    rows = Maintainer.objects.filter(namespace__name="smmods").order_by("-owner")
    assert [(row.user, row.owner) for row in rows] == [(one, True), (two, False)]
    entry = AuditEntry.objects.get(action=Action.CATALOG_NAMESPACE_CLAIMED)
    assert entry.after == {"maintainers": [one.account_id, two.account_id], "owners": [one.account_id]}
    assert "@" not in str(entry.after)
    services.assign_namespace(admin, "smmods", [two.email], "One left.")
    assert AuditEntry.objects.filter(action=Action.CATALOG_MAINTAINERS_CHANGED).count() == 1
    assert Maintainer.objects.get(namespace__name="smmods").user == two
    services.assign_namespace(admin, "starminer", [one.email], "Back to its author.")
    assert OutboxRow.objects.latest("pk").payload["mods"] == ["starminer.export"]


def test_what_a_namespace_needs(admin: User) -> None:
    refused("bad_namespace", services.assign_namespace, admin, "Star Miner", [admin.email], "why")
    refused("reason_required", services.assign_namespace, admin, "starminer", [admin.email], " ")
    refused("maintainer_required", services.assign_namespace, admin, "starminer", [""], "why")
    refused("unknown_account", services.assign_namespace, admin, "starminer", ["nobody@example.com"], "why")
