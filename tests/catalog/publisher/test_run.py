"""A publication from the change to what readers see, and what holds when it is cut off anywhere."""

import json
from pathlib import Path
from typing import Any

import pytest

from accounts.errors import RefusedError
from accounts.models import AuditEntry
from catalog import schema_registry
from catalog.models import Maintainer, Mod, Publication, PublishedDocument, Release
from catalog.publisher import (
    STEPS,
    Applied,
    Hide,
    Planned,
    Publish,
    Refresh,
    Restore,
    Supersede,
    finish_unfinished,
    public_tree,
)
from catalog.publisher.facts import free_slug
from catalog.publisher.tree import TreeError, is_public
from tests import factories
from tests.catalog.publisher.world import StoppedError, case, hash_of, published, put, stop_at

pytestmark = pytest.mark.django_db


def read(path: str) -> dict[str, Any]:
    body = public_tree().read(path)
    assert body is not None, f"{path} is not there"
    value: dict[str, Any] = json.loads(body)
    assert schema_registry.problems(value["schema"], value) == [], path
    return value


def look() -> dict[str, str]:
    """What a reader meets: everything that is pointed at is there and is what was promised.

    Returns the version that the catalog has of each mod.
    """
    tree = public_tree()
    if tree.read("api/v1/catalog.json") is None:
        return {}
    catalog, index = read("api/v1/catalog.json"), read("api/v1/mods/index.json")
    for mod in catalog["mods"]:
        rows = {row["version"]: row for row in read(mod["versionsUrl"][1:])["versions"]}
        assert mod["latest"]["version"] in rows
        assert Mod.objects.public().filter(slug=mod["slug"]).exists(), "no detail page"
    for mod in index["mods"]:
        assert mod["version"] in {row["version"] for row in read(mod["versionsUrl"][1:])["versions"]}
        read(mod["indexUrl"][1:])
        for row in [*read(mod["versionsUrl"][1:])["versions"], read(mod["indexUrl"][1:])["latest"]]:
            body = tree.read(row["artifactUrl"][1:])
            assert body is not None, f"{row['artifactUrl']} is not there"
            assert (hash_of(body), len(body)) == (row["sha256"], row["sizeBytes"])
    return {mod["id"]: mod["latest"]["version"] for mod in catalog["mods"]}


def settled() -> None:
    """The database's record and the tree agree, and nothing is open."""
    look()
    assert not Publication.objects.exclude(outcome="done").exists()
    for row in PublishedDocument.objects.all():
        body = public_tree().read(row.path)
        assert body is not None and (hash_of(body), len(body)) == (row.sha256, row.size_bytes)


def test_the_first_publication_renders_every_document() -> None:
    publication = put(Refresh())
    assert publication.revision == 1
    assert read("api/v1/catalog.json")["mods"] == []
    assert read("api/v1/runtime/latest.json")["builds"][0]["build"] == "0.9.0"
    for name in ("framework", "manager"):
        assert read(f"api/v1/{name}/latest.json")["release"] is None
    assert read("api/v1/blocklist.json")["releases"] == []
    for name in ("workflow", "backend-contract", "starminer-publishing-validation.v1"):
        read(f"api/v1/publishing/{name}.json")
    for name in ("mod-release-submission", "upload-submission", "starminer-publishing-validation"):
        body = public_tree().read(f"api/v1/publishing/{name}.schema.json")
        assert body is not None and "$schema" in json.loads(body)
    settled()


def test_nothing_due_makes_no_publication() -> None:
    put(Refresh())
    assert put(Refresh()) is None
    assert put() is None
    assert Publication.objects.count() == 1


def test_a_release_comes_into_every_output() -> None:
    made = published(
        "example.hello-lua", "0.1.3", sidecar_more={"categories": ["tools"], "changelog": "First."}
    )
    assert look() == {"example.hello-lua": "0.1.3"}
    entry = read("api/v1/catalog.json")["mods"][0]
    assert entry["slug"] == "hello-lua"
    assert entry["categories"] == ["tools"]
    assert entry["latest"]["artifactUrl"] == (
        "/downloads/mods/example.hello-lua/0.1.3/example.hello-lua-v0.1.3.zip"
    )
    document = read("api/v1/mods/example.hello-lua/index.json")
    assert document["maintainers"] == [made.author.name]
    assert read("api/v1/mods/example.hello-lua/versions.json")["versions"][0]["changelog"] == "First."
    settled()


def test_only_what_a_change_touches_is_rendered() -> None:
    published("one.mod")
    made = case("two.mod").told()
    publication = put(Publish(made.release()))
    assert [row["path"] for row in publication.plan["documents"]] == [
        "api/v1/mods/two.mod/versions.json",
        "api/v1/mods/two.mod/index.json",
        "api/v1/mods/index.json",
        "api/v1/catalog.json",
    ]


def test_the_first_release_claims_the_namespace_for_its_sender() -> None:
    made = published("fresh.mod")
    owner = Maintainer.objects.get(namespace__name="fresh")
    assert (owner.user, owner.owner) == (made.author, True)
    entry = AuditEntry.objects.get(action="catalog.namespace_claimed")
    assert (entry.target_id, entry.after) == (
        "fresh",
        {"owner": made.author.account_id, "modId": "fresh.mod"},
    )


def test_two_senders_in_one_free_namespace_the_second_is_refused() -> None:
    first, second = case("fresh.one").told(), case("fresh.two").told()
    with pytest.raises(RefusedError) as refused:
        put(Publish(first.release()), Publish(second.release()))
    assert refused.value.code == "namespace_taken"
    assert not Release.objects.exists()
    assert look() == {}


def test_a_newer_stable_version_supersedes_the_one_before() -> None:
    first = published("example.mod", "1.0.0")
    second = case("example.mod", "1.1.0", first.author, data=b"other").told()
    told: list[tuple[Applied, ...]] = []
    put(Publish(second.release()), on_switch=told.append)
    assert [(done.op, done.version, done.successor) for done in told[0]] == [
        ("publish", "1.1.0", ""),
        ("supersede", "1.0.0", "1.1.0"),
    ]
    rows = read("api/v1/mods/example.mod/versions.json")["versions"]
    assert [(row["version"], row["state"], row["supersededBy"]) for row in rows] == [
        ("1.1.0", "published", None),
        ("1.0.0", "superseded", "1.1.0"),
    ]
    settled()


def test_a_prerelease_is_never_latest_while_there_is_a_stable_one() -> None:
    first = published("example.mod", "2.0.0-beta.1")
    assert look() == {"example.mod": "2.0.0-beta.1"}
    published("example.mod", "1.0.0", first.author, data=b"stable")
    assert look() == {"example.mod": "1.0.0"}
    published("example.mod", "2.0.0-beta.2", first.author, data=b"beta two")
    assert look() == {"example.mod": "1.0.0"}
    assert Release.objects.get(version="1.0.0").superseded_at is None


def test_hiding_the_latest_falls_back_and_buries_its_artifact() -> None:
    first = published("example.mod", "1.0.0")
    published("example.mod", "1.1.0", first.author, data=b"other")
    put(Hide("example.mod", "1.1.0", "It deletes saves.", "hard"))
    assert look() == {"example.mod": "1.0.0"}
    path = "downloads/mods/example.mod/1.1.0/example.mod-v1.1.0.zip"
    stone = json.loads(public_tree().tombstone(path) or b"{}")
    assert public_tree().read(path) is None
    assert (stone["status"], stone["reason"], stone["level"]) == (410, "It deletes saves.", "hard")
    [blocked] = read("api/v1/blocklist.json")["releases"]
    assert (blocked["version"], blocked["level"]) == ("1.1.0", "hard")
    [row] = read("api/v1/mods/example.mod/versions.json")["versions"]
    assert (row["state"], row["supersededBy"]) == ("superseded", None)
    settled()


def test_hiding_the_only_release_takes_the_mod_out() -> None:
    published("example.mod")
    put(Hide("example.mod", "1.0.0", "Broken."))
    assert look() == {}
    assert read("api/v1/mods/example.mod/index.json")["latest"] is None
    assert read("api/v1/mods/example.mod/versions.json")["versions"] == []
    settled()


def test_hiding_twice_is_one_publication_and_a_new_reason_another() -> None:
    published("example.mod")
    assert put(Hide("example.mod", "1.0.0", "Broken.")) is not None
    assert put(Hide("example.mod", "1.0.0", "Broken.")) is None
    assert put(Hide("example.mod", "1.0.0", "A danger.", "hard")) is not None
    assert read("api/v1/blocklist.json")["releases"][0]["level"] == "hard"


def test_a_restored_release_is_back_with_the_same_bytes() -> None:
    published("example.mod")
    put(Hide("example.mod", "1.0.0", "By mistake."))
    assert put(Restore("example.mod", "1.0.0")) is not None
    assert look() == {"example.mod": "1.0.0"}
    assert public_tree().tombstone("downloads/mods/example.mod/1.0.0/example.mod-v1.0.0.zip") is None
    assert read("api/v1/blocklist.json")["releases"] == []
    assert put(Restore("example.mod", "1.0.0")) is None
    settled()


def test_superseding_by_hand_names_the_successor() -> None:
    first = published("example.mod", "1.0.0")
    published("example.mod", "0.9.0", first.author, data=b"older")
    put(Supersede("example.mod", "1.0.0", "0.9.0"))
    assert look() == {"example.mod": "0.9.0"}
    assert put(Supersede("example.mod", "1.0.0", "0.9.0")) is None


@pytest.mark.parametrize("successor", ["1.0.0", "9.9.9"])
def test_a_successor_that_is_none_is_refused(successor: str) -> None:
    published("example.mod", "1.0.0")
    with pytest.raises(RefusedError) as refused:
        put(Supersede("example.mod", "1.0.0", successor))
    assert refused.value.code in ("successor_unfit", "release_unknown")


def test_adding_and_taking_back_do_not_mix() -> None:
    with pytest.raises(ValueError, match="never both"):
        put(Refresh(), Hide("example.mod", "1.0.0", "x"))


def test_a_clash_of_slugs_takes_the_whole_id_then_a_number() -> None:
    published("one.same")
    published("two.same")
    assert set(Mod.objects.values_list("slug", flat=True)) == {"same", "two-same"}
    assert free_slug("three.deep.same") == "deep-same"
    assert free_slug("three.same") == "three-same"
    Mod.objects.filter(mod_id="two.same").update(slug="three-same")
    assert free_slug("three.same") == "three-same-2"


def test_verify_stops_everything_before_the_switch() -> None:
    made = case("example.mod").told()

    def refuse(planned: Planned) -> None:
        assert planned.read("api/v1/mods/example.mod/versions.json") is not None
        [artifact] = planned.artifacts
        with planned.open_artifact(artifact) as file:
            assert hash_of(file.read()) == artifact.sha256
        raise RefusedError("no", "Not this.")

    with pytest.raises(RefusedError):
        put(Publish(made.release()), verify=refuse)
    assert not Release.objects.exists() and not Publication.objects.exists()
    assert not public_tree().keeps(made.sha256), "the bytes of what was not published are not kept"


def test_a_refused_release_is_left_out_and_told() -> None:
    good, bad = case("good.mod").told(), case("bad.mod")
    refused: list[tuple[str, str]] = []
    put(
        Publish(bad.release()),
        Publish(good.release()),
        on_refused=lambda new, why: refused.append((new.mod_id, why.code)),
    )
    assert refused == [("bad.mod", "origin_unknown")]
    assert look() == {"good.mod": "1.0.0"}


def test_staged_bytes_that_are_gone_or_longer_than_announced_are_refused(own_files: Path) -> None:
    made = case("example.mod").told()
    with pytest.raises(RefusedError) as refused:
        put(Publish(made.release(size_bytes=3)))
    assert refused.value.code == "bytes_differ"
    for file in (own_files / "staging").rglob("*.zip"):
        file.unlink()
    with pytest.raises(RefusedError) as refused:
        put(Publish(made.release()))
    assert refused.value.code == "bytes_missing"
    assert list((own_files / "public" / ".private" / "artifacts").iterdir()) == []


def scenario(name: str, mod_id: str) -> tuple[Any, str]:
    """A change to be cut off, and the version that the catalog shows once it is through."""
    first = published(mod_id, "1.0.0")
    if name == "publish":
        return Publish(case(mod_id, "1.1.0", first.author).told().release()), "1.1.0"
    published(mod_id, "1.1.0", first.author)
    if name == "hide":
        return Hide(mod_id, "1.1.0", "Broken."), "1.0.0"
    put(Hide(mod_id, "1.1.0", "Broken."))
    return Restore(mod_id, "1.1.0"), "1.1.0"


@pytest.mark.parametrize("name", ["publish", "hide", "restore"])
def test_a_run_cut_off_after_any_step_leaves_readers_whole_and_is_finished_by_the_next(name: str) -> None:
    # Which steps there are, from a run that nobody stops; the mod's id is in some of their names.
    whole: list[str] = []
    put(scenario(name, "whole.mod")[0], checkpoint=whole.append)
    assert {step.partition(":")[0] for step in whole} <= set(STEPS)
    assert len(whole) == len(set(whole)) >= 7
    for number, model in enumerate(whole):
        mod_id = f"cut{number}.mod"
        step = model.replace("whole.mod", mod_id)
        change, after = scenario(name, mod_id)
        before = look()
        told: list[tuple[Applied, ...]] = []
        with pytest.raises(StoppedError):
            put(change, checkpoint=stop_at(step), on_switch=told.append)
        assert look() in (before, before | {mod_id: after}), step
        if step in ("copied", "admitted"):
            assert finish_unfinished() is None
            put(change, on_switch=told.append)
        else:
            assert (finish_unfinished(on_switch=told.append) is None) == (step == "closed")
        assert look() == before | {mod_id: after}, step
        assert len(told) == 1, f"moved once, whatever was cut off: {step}"
        settled()


def test_the_next_publication_finishes_the_one_before_it() -> None:
    first, second = case("one.mod").told(), case("two.mod").told()
    with pytest.raises(StoppedError):
        put(Publish(first.release()), checkpoint=stop_at("planned"))
    told: list[tuple[Applied, ...]] = []
    put(Publish(second.release()), on_switch=told.append)
    assert [done.mod_id for batch in told for done in batch] == ["one.mod", "two.mod"]
    assert look() == {"one.mod": "1.0.0", "two.mod": "1.0.0"}
    assert list(Publication.objects.order_by("revision").values_list("revision", flat=True)) == [1, 2]


def test_what_changed_since_the_plan_is_planned_again() -> None:
    made = case("example.mod").told()
    with pytest.raises(StoppedError):
        put(Publish(made.release()), checkpoint=stop_at("planned"))
    made.author.display_name = "Another name"
    made.author.save()
    assert finish_unfinished() is not None
    assert read("api/v1/mods/example.mod/index.json")["maintainers"] == ["Another name"]
    settled()


def test_damaged_bytes_in_the_vault_are_never_placed() -> None:
    made = case("example.mod").told()
    with pytest.raises(StoppedError):
        put(Publish(made.release()), checkpoint=stop_at("planned"))
    (public_tree().vault / made.sha256).write_bytes(b"something else")
    with pytest.raises(TreeError):
        finish_unfinished()
    assert look() == {}


def test_a_refresh_renews_what_somebody_changed_by_hand() -> None:
    published("example.mod")
    assert put(Refresh(("example.mod", "unknown.mod"))) is None
    path = public_tree().root / "api/v1/mods/example.mod/versions.json"
    path.unlink()
    path.write_bytes(b"{}")
    (public_tree().root / "api/v1/blocklist.json").unlink()
    assert put(Refresh(("example.mod",))) is not None
    assert look() == {"example.mod": "1.0.0"}
    settled()


def test_a_refresh_follows_the_platform_and_the_people() -> None:
    made = published("example.mod")
    factories.make_build("0.9.1")
    made.author.display_name = "Somebody"
    made.author.save()
    publication = put(Refresh(("example.mod",)))
    assert {row["path"] for row in publication.plan["documents"]} == {
        "api/v1/mods/example.mod/versions.json",
        "api/v1/mods/example.mod/index.json",
        "api/v1/runtime/latest.json",
        "api/v1/mods/index.json",
        "api/v1/catalog.json",
    }
    assert is_public("api/v1/runtime/latest.json")


def test_every_publication_is_audited_with_its_actor() -> None:
    published("example.mod")
    actions = AuditEntry.objects.filter(target_type="publication").order_by("sequence")
    assert [entry.action for entry in actions] == ["publication.planned", "publication.finished"]
    assert all(entry.actor.is_system and entry.target_id == "1" for entry in actions)
