"""Rows to documents: platform, blocklist, tombstones, and the same bytes for the same rows."""

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.core.files.base import ContentFile

from accounts.errors import RefusedError
from accounts.strict_json import canonical
from catalog import documents, platform_documents, schema_registry
from catalog.models import Mod, PlatformRelease, Release
from catalog.publisher import Refresh, public_tree
from tests import factories
from tests.catalog.publisher.world import published, put

pytestmark = pytest.mark.django_db
AT = datetime(2026, 6, 6, 12, tzinfo=UTC)
FILE = b"PK framework"
FILE_HASH = hashlib.sha256(FILE).hexdigest()


def parsed(body: bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(body)
    assert schema_registry.problems(value["schema"], value) == []
    assert canonical(value) == body, "one spelling"
    return value


def platform(kind: str, **fields: Any) -> PlatformRelease:
    values = {
        "kind": kind,
        "version": "0.5.8",
        "target_game_build": "0.9.0",
        "sha256": FILE_HASH,
        "size_bytes": len(FILE),
        "current": True,
        "published_at": AT,
    }
    return PlatformRelease.objects.create(**(values | fields))


def test_times_are_utc_to_the_second() -> None:
    east = datetime(2026, 1, 1, 2, 3, 4, 567, tzinfo=timezone(timedelta(hours=2)))
    assert documents.timestamp(east) == "2026-01-01T00:03:04Z"
    assert documents.time_of("2026-01-01T00:03:04Z") == datetime(2026, 1, 1, 0, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize("kind", PlatformRelease.Kind)
def test_a_part_of_the_platform_without_a_release_is_null(kind: PlatformRelease.Kind) -> None:
    assert parsed(platform_documents.platform(kind, AT))["release"] is None


def test_an_outside_address_is_given_as_it_is() -> None:
    platform("manager", artifact_url="https://example.com/m.zip", source_executable_sha256="a" * 64)
    release = parsed(platform_documents.platform(PlatformRelease.Kind.MANAGER, AT))["release"]
    assert (release["artifactUrl"], release["sourceExecutableSha256"]) == (
        "https://example.com/m.zip",
        "a" * 64,
    )


def test_a_file_of_ours_is_published_under_its_hash() -> None:
    platform("framework", file=ContentFile(FILE, "framework.zip"))
    put(Refresh())
    path = f"downloads/framework/StarminerFramework-0.5.8-{FILE_HASH[:8]}.zip"
    release = parsed(public_tree().read("api/v1/framework/latest.json") or b"")["release"]
    assert release["artifactUrl"] == f"/{path}"
    assert public_tree().read(path) == FILE
    assert parsed(public_tree().read(documents.CATALOG) or b"")["framework"] == "0.5.8"
    assert put(Refresh()) is None


@pytest.mark.parametrize("broken", [{"sha256": "0" * 64}, {"size_bytes": 3}])
def test_a_file_that_is_not_what_its_row_says_is_refused(broken: dict[str, Any]) -> None:
    platform("framework", file=ContentFile(FILE, "framework.zip"), **broken)
    with pytest.raises(RefusedError) as refused:
        put(Refresh())
    assert refused.value.code == "bytes_differ"
    assert public_tree().read(documents.CATALOG) is None
    assert published("example.mod"), "a release of a mod does not wait for it"


def test_the_runtime_lists_the_builds() -> None:
    factories.make_build("0.8.0", "deprecated")
    factories.make_build("0.7.0", "refused")
    builds = parsed(platform_documents.platform(PlatformRelease.Kind.RUNTIME, AT))["builds"]
    assert builds == [
        {"build": "0.9.0", "status": "accepted", "pinned": True},
        {"build": "0.7.0", "status": "refused", "pinned": False},
        {"build": "0.8.0", "status": "deprecated", "pinned": False},
    ]


def test_the_catalog_is_the_mods_own_entries() -> None:
    published("b.mod", sidecar_more={"summary": 'Says "hi", in ünïcode: ✓'})
    published("a.mod")
    body = documents.catalog(7, AT)
    assert [mod["id"] for mod in parsed(body)["mods"]] == ["a.mod", "b.mod"]
    assert parsed(documents.mods_index(7, AT))["mods"][1]["summary"] == 'Says "hi", in ünïcode: ✓'
    assert documents.catalog(7, AT) == body


def test_an_excerpt_has_the_mods_asked_for() -> None:
    for mod_id in ("a.mod", "b.mod", "c.mod"):
        published(mod_id)
    body = documents.catalog(7, AT)
    assert [mod["id"] for mod in parsed(documents.excerpt(body, ["b.mod", "none.mod"]))["mods"]] == ["b.mod"]
    assert parsed(documents.excerpt(body, []))["mods"] == []
    Mod.objects.filter(mod_id="b.mod").update(catalog_entry='{"other":1}')
    assert documents.excerpt(body, ["b.mod"]) == body


def test_the_blocklist_says_how_bad_and_what_to_do() -> None:
    for level in ("soft", "hard", ""):
        factories.make_release(
            factories.make_user("modder"),
            f"x.mod{level}",
            taken_back_at=AT,
            taken_back_level=level,
            taken_back_reason="Why.",
        )
    rows = parsed(documents.blocklist(3, AT))["releases"]
    assert [(row["modId"], row["level"]) for row in rows] == [
        ("x.mod", "soft"),
        ("x.modhard", "hard"),
        ("x.modsoft", "soft"),
    ]
    assert len({row["advice"] for row in rows}) == 2


def test_a_tombstone_is_a_problem_document() -> None:
    release = factories.make_release(mod_id="x.mod", taken_back_at=AT, taken_back_reason="Why.")
    stone = json.loads(documents.tombstone(release))
    assert (stone["status"], stone["code"], stone["reason"], stone["level"]) == (
        410,
        "taken_back",
        "Why.",
        "soft",
    )


def test_a_mod_without_a_public_release_has_no_entry() -> None:
    factories.make_release(mod_id="x.mod", taken_back_at=AT)
    mod = Mod.objects.get()
    for entry in (documents.catalog_entry, documents.index_entry):
        with pytest.raises(ValueError, match="no public release"):
            entry(mod)


def test_no_document_of_a_mod_names_who_reviewed_it() -> None:
    made = published("example.mod")
    for path in (
        documents.mod_path("example.mod"),
        documents.versions_path("example.mod"),
        documents.CATALOG,
    ):
        body = (public_tree().read(path) or b"").decode()
        assert made.moderator.account_id not in body and made.moderator.email not in body
    assert Release.objects.get().artifact_path == documents.artifact_path("example.mod", "1.0.0")
