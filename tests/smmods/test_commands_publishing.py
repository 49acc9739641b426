"""The manual lane, the samples, and looking at what was published."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from accounts import outbox
from accounts.errors import RefusedError
from accounts.models import AuditEntry, User
from catalog import services
from catalog.client import Client, FolderSource
from catalog.models import Maintainer, Mod, PlatformRelease, Release
from moderation.models import Decision
from smmods import demo, manual_lane, site_validation
from smmods.demo import items, people, platform, story
from smmods.demo.item import End, Item, library
from smmods.management.commands import validate_site
from tests import factories
from tests.factories import make_user
from tests.smmods.running import Ran, run
from uploads.models import Signal, Submission

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def send(tmp_path: Path) -> Callable[..., Ran]:
    """Write a package and its metadata and run the manual lane on them."""
    make_user("modder", "owner@example.com")
    make_user("moderator", "decider@example.com")

    def act(
        mod_id: str = "a.mod",
        *more: str,
        data: bytes = b"",
        side: dict[str, Any] | bytes | None = None,
        owner: str = "owner@example.com",
        decider: str = "decider@example.com",
    ) -> Ran:
        document = factories.sidecar(mod_id) if side is None else side
        (tmp_path / "p.zip").write_bytes(data or factories.good_package(mod_id))
        raw = document if isinstance(document, bytes) else json.dumps(document).encode()
        (tmp_path / "p.release.json").write_bytes(raw)
        return run(
            "import_release",
            "--package",
            str(tmp_path / "p.zip"),
            "--metadata",
            str(tmp_path / "p.release.json"),
            "--owner",
            owner,
            "--as",
            decider,
            *more,
        )

    return act


def test_a_release_is_published_by_hand_while_uploads_are_off(
    send: Callable[..., Ran], settings: Any
) -> None:
    settings.SMMODS_LIVE_UPLOADS = False
    done = send("a.mod", "--json")
    assert done.status == 0, done.err
    assert (done.json["state"], done.json["modId"], done.json["version"]) == ("published", "a.mod", "1.0.0")
    submission = Submission.objects.get(submission_id=done.json["submissionId"])
    assert (submission.via, submission.author.email) == ("manual", "owner@example.com")
    decision = Decision.objects.get()
    assert (decision.action, decision.decider.email) == ("approve", "decider@example.com")
    assert Maintainer.objects.get(namespace__name="a").user.email == "owner@example.com"
    doors = {entry.action: entry.origin.door for entry in AuditEntry.objects.select_related("origin")}
    assert doors["upload.submitted"] == doors["moderation.decided"] == "command"
    assert run("validate_site").status == 0
    assert run("check_artifacts", "--all").status == 0
    assert run("verify_audit").status == 0
    client = Client(FolderSource(Path(settings.PUBLIC_ROOT)), Path(settings.VAR) / "game")
    assert client.plan(["a.mod"])[0].sha256 == done.json["sha256"]


def test_it_says_in_words_where_the_release_is(send: Callable[..., Ran]) -> None:
    assert "a.mod 1.0.0 is published" in send().out


def refused(done: Ran, code: str) -> None:
    assert done.status == 1
    assert f"[{code}]" in done.err
    assert done.out == ""


def test_owner_and_moderator_differ_and_each_has_the_role(send: Callable[..., Ran]) -> None:
    make_user("player", "player@example.com")
    for who, code in (
        ({"decider": "owner@example.com"}, "role_required"),
        ({"owner": "decider@example.com"}, "own_work"),
        ({"owner": "player@example.com"}, "role_required"),
        ({"owner": "nobody@example.com"}, "account_unknown"),
        ({"decider": "nobody@example.com"}, "account_unknown"),
    ):
        refused(send(**who), code)
    assert not Submission.objects.exists()


def test_a_co_maintainer_does_not_decide(send: Callable[..., Ran]) -> None:
    owner, decider = (User.objects.get(email=f"{name}@example.com") for name in ("owner", "decider"))
    factories.make_namespace("a", owner, decider)
    refused(send(), "own_work")


def test_checks_that_fail_leave_the_version_free(send: Callable[..., Ran]) -> None:
    broken = factories.package(factories.manifest("a.mod"), {"Content/other.lua": b""})
    done = send(data=broken)
    refused(done, "checks_failed")
    assert "Content/init.lua" in done.err
    assert Submission.objects.get().state == "cancelled"
    assert send().status == 0
    refused(send(), "version_exists")


@pytest.mark.parametrize("side", [b"", b"{", b'{"schema": "x"}', b" " * 300_000])
def test_metadata_that_is_none_is_refused_before_anything_is_staged(
    send: Callable[..., Ran], side: bytes
) -> None:
    assert send(side=side).status == 1
    assert not Submission.objects.exists()


def test_wrong_usage(send: Callable[..., Ran]) -> None:
    assert run("import_release").status == 2
    assert send("a.mod", "--wait", "long").status == 2


def test_two_people_are_asked_for_where_the_rules_say_so(send: Callable[..., Ran]) -> None:
    manifest = factories.manifest("a.mod")
    data = factories.package(manifest, {"Content/init.lua": b"return 1\n", "Binaries/Win64/a.dll": library()})
    done = send(data=data)
    refused(done, "second_person")
    submission = Submission.objects.get()
    assert submission.state == "pending_review"
    assert submission.get_absolute_url() in done.err


def test_it_does_not_wait_for_ever(send: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "drain", lambda: 0)
    refused(send("a.mod", "--wait", "0.3"), "portal_not_ready")


def test_what_the_publisher_refuses_is_told(
    send: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    from catalog.publisher import gate

    def no(*_: Any, **__: Any) -> None:
        raise RefusedError("no_decision", "There is no decision for these bytes.", status=409)

    monkeypatch.setattr(gate, "admit", no)
    done = send()
    refused(done, "publication_refused")
    assert "There is no decision for these bytes." in done.err


@pytest.fixture
def told() -> list[str]:
    """The samples, brought about; what was said."""
    said: list[str] = []
    demo.tell(said.append)
    return said


def test_the_samples_have_real_signals(told: list[str]) -> None:
    def of(mod_id: str, version: str) -> dict[str, Signal]:
        rows = Signal.objects.filter(
            revision__submission__mod_id=mod_id, revision__submission__version=version
        )
        return {row.code: row for row in rows}

    doubtful = of("kestrel.quiet-alarms", "1.3.0")
    assert {"lua_os_execute", "url_new", "lua_encoded_text", "lua_dynamic_load"} <= doubtful.keys()
    assert not any(row.blocking for row in doubtful.values())
    assert {row.first_seen for row in doubtful.values()} == {"1.3.0"}
    hostile = of("freemods.ore-1edger", "1.2.0")
    assert {"lua_os_execute", "url_new", "name_like_popular_mod", "yara_match"} <= hostile.keys()
    assert "ridge.ore-ledger" in hostile["name_like_popular_mod"].message
    assert Signal.objects.filter(blocking=True).values_list(
        "revision__submission__mod_id", flat=True
    ).get() == ("freemods.ore-1edger")
    assert {"new_executable", "dll_like_the_games"} <= of("ridge.frame-overlay", "1.0.0").keys()
    risks = dict(Submission.objects.values_list("mod_id", "current__risk"))
    assert (risks["freemods.ore-1edger"], risks["ridge.survey-notes"]) == (5, 0)


def test_the_samples_come_about_by_the_services_and_once(told: list[str], settings: Any) -> None:
    assert len([line for line in told if ": " in line]) == len(items.ITEMS)
    roles = dict(User.objects.people().values_list("email", "role"))
    assert {roles[f"{name}@example.com"] for name in ("player", "modder", "moderator", "admin")} == {
        "player",
        "modder",
        "moderator",
        "admin",
    }
    assert {"second.modder@example.com", "second.moderator@example.com"} <= roles.keys()
    assert all(user.name for user in User.objects.people())
    states = {(s.mod_id, s.version): s.state for s in Submission.objects.filter(kind="package")}
    ends = {
        End.PUBLISHED: {"published", "superseded"},
        End.WAITING: {"pending_review"},
        End.FAILED: {"validation_failed"},
        End.CHANGES: {"changes_requested"},
        End.REJECTED: {"rejected"},
        End.HIDDEN: {"hidden"},
        End.WITHDRAWN: {"cancelled"},
        End.DRAFT: {"draft"},
    }
    for item in items.ITEMS:
        assert states[item.mod_id, item.version] in ends[item.end], item.mod_id
    mine = set(Submission.objects.filter(author__email="modder@example.com").values_list("state", flat=True))
    assert mine >= {"draft", "published", "hidden", "changes_requested", "validation_failed", "cancelled"}
    assert Mod.objects.public().count() == len({i.mod_id for i in items.PUBLISHED if i.end is End.PUBLISHED})
    kinds = {one.kind: one for one in PlatformRelease.objects.filter(current=True)}
    assert set(kinds) == {"runtime", "framework", "manager"}
    assert kinds["framework"].file
    assert kinds["manager"].source_executable_sha256
    assert run("verify_audit").status == 0
    site = run("validate_site", "--json")
    assert site.status == 0, site.err
    before = AuditEntry.objects.count(), Submission.objects.count()
    again = run("demo")
    assert (again.status, "0 sample submissions" in again.out) == (0, True)
    assert (AuditEntry.objects.count(), Submission.objects.count()) == before


def test_the_sample_mods_install_from_the_catalog_alone(
    told: list[str], settings: Any, tmp_path: Path
) -> None:
    client = Client(FolderSource(Path(settings.PUBLIC_ROOT)), tmp_path / "game")
    done = client.install(
        "example.hello-lua-companion", "starminer.object-catalog-export", "kestrel.auto-haul"
    )
    assert [(one.mod_id, one.version) for one in done][:2] == [
        ("example.hello-lua", "0.1.3"),
        ("example.hello-lua-companion", "0.1.2"),
    ]
    assert "ridge.ore-ledger" in {one.mod_id for one in done}


def test_an_interrupted_run_is_taken_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(story, "see_through", cut)
        with pytest.raises(KeyboardInterrupt):
            demo.tell(lambda _: None)
    assert Submission.objects.get().state == "uploaded"
    with monkeypatch.context() as patch:
        patch.setattr(story, "approve", cut)
        with pytest.raises(KeyboardInterrupt):
            demo.tell(lambda _: None)
    assert Submission.objects.get().state == "pending_review"
    assert run("demo", "-v", "0").out == ""
    assert Submission.objects.filter(kind=Submission.Kind.PACKAGE).count() == len(items.ITEMS)


def test_what_somebody_has_decided_since_is_left_alone(told: list[str]) -> None:
    waiting = Submission.objects.get(mod_id="ridge.survey-notes")
    manual_lane.approve(waiting, people.account_of(people.SECOND_MODERATOR))
    people.account_of(people.MODDER)
    User.objects.filter(email="modder@example.com").update(role="player")
    run("demo")
    waiting.refresh_from_db()
    assert waiting.state == "published"
    assert User.objects.get(email="modder@example.com").role == "player"


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_samples_belong_into_development_only(environment: str, settings: Any) -> None:
    settings.SMMODS_ENVIRONMENT = environment
    done = run("demo")
    assert (done.status, environment in done.err) == (1, True)
    assert not User.objects.people().exists()


class Tree:
    """The published tree of the samples, to be spoiled."""

    def __init__(self) -> None:
        self.root = Path(django_settings.PUBLIC_ROOT)

    def file(self, address: str) -> Path:
        return self.root / address.lstrip("/")

    def spoil(self, address: str, change: Callable[[Any], Any]) -> None:
        path = self.file(address)
        document = json.loads(path.read_bytes())
        document = change(document) or document
        path.unlink()
        path.write_text(json.dumps(document), encoding="utf-8")

    def rewrite(self, address: str, data: bytes) -> None:
        path = self.file(address)
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


CATALOG, INDEX = "/api/v1/catalog.json", "/api/v1/mods/index.json"
HELLO = "/api/v1/mods/example.hello-lua"
ARTIFACT = "/downloads/mods/example.hello-lua/0.1.3/example.hello-lua-v0.1.3.zip"
HIDDEN = "/downloads/mods/kestrel.turbo-drill/0.9.0/kestrel.turbo-drill-v0.9.0.zip"


def _first(document: dict[str, Any], **change: Any) -> None:
    document["mods"][0].update(change)


SPOILT: list[tuple[str, Callable[[Tree], Any]]] = [
    ("missing", lambda t: t.file(CATALOG).unlink()),
    ("missing", lambda t: t.file("/api/v1/blocklist.json").unlink()),
    ("unreadable", lambda t: t.rewrite("/api/v1/runtime/latest.json", b"{")),
    ("unreadable", lambda t: t.rewrite("/api/v1/publishing/upload-submission.schema.json", b"[]")),
    ("schema", lambda t: t.spoil(CATALOG, lambda d: {**d, "extra": 1})),
    ("reader", lambda t: t.spoil(CATALOG, lambda d: _first(d, id="NO"))),
    ("reader", lambda t: t.spoil("/api/v1/blocklist.json", lambda d: {**d, "releases": None})),
    ("reader", lambda t: t.spoil(f"{HELLO}/versions.json", lambda d: {**d, "id": "example.other"})),
    ("disagrees", lambda t: t.spoil(INDEX, lambda d: _first(d, version="9.9.9"))),
    ("disagrees", lambda t: t.spoil(INDEX, lambda d: d["mods"].pop())),
    ("disagrees", lambda t: t.spoil(f"{HELLO}/index.json", lambda d: {**d, "latest": None})),
    ("disagrees", lambda t: t.spoil(f"{HELLO}/versions.json", lambda d: {**d, "versions": []})),
    ("missing", lambda t: t.spoil(CATALOG, lambda d: _first(d, detailUrl="/nowhere/"))),
    ("missing", lambda t: t.spoil(CATALOG, lambda d: _first(d, detailUrl="/mods/nobody-has-this/"))),
    ("missing", lambda t: t.file(f"{HELLO}/versions.json").unlink()),
    ("missing", lambda t: t.file(ARTIFACT).unlink()),
    ("hash", lambda t: t.rewrite(ARTIFACT, b"other bytes")),
    ("not_taken_back", lambda t: t.rewrite(HIDDEN, b"still here")),
    (
        "not_taken_back",
        lambda t: t.spoil(
            "/api/v1/blocklist.json",
            lambda d: d["releases"].append(
                {**d["releases"][0], "modId": "example.hello-lua", "version": "0.1.3"}
            ),
        ),
    ),
]


def test_a_site_that_is_not_as_it_should_be_is_found_out(told: list[str]) -> None:
    tree = Tree()
    for code, spoil in SPOILT:
        kept = {path: path.read_bytes() for path in tree.root.rglob("*") if path.is_file()}
        spoil(tree)
        done = run("validate_site", str(tree.root), "--json")
        assert done.status == 1, code
        assert code in {finding["code"] for finding in done.json["findings"]}, (code, done.err)
        for path in tree.root.rglob("*"):
            if path.is_file() and path not in kept:
                path.unlink()
        for path, data in kept.items():
            if not path.exists() or path.read_bytes() != data:
                path.unlink(missing_ok=True)
                path.write_bytes(data)
    assert run("validate_site", str(tree.root)).status == 0


def test_many_findings_are_told_in_short(told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validate_site, "SHOWN", 5)
    tree = Tree()
    for path in (tree.root / "downloads").rglob("*.zip"):
        path.unlink()
    done = run("validate_site")
    assert done.status == 1
    assert len(done.err.splitlines()) == 7
    assert done.err.endswith("more")


def test_a_site_that_is_no_site(tmp_path: Path) -> None:
    assert run("validate_site", str(tmp_path / "nowhere")).status == 2
    report = site_validation.validate(FolderSource(tmp_path))
    assert not report.passed
    assert {finding.code for finding in report.findings} == {"missing"}


def test_artifacts_are_compared_with_what_was_reviewed(told: list[str]) -> None:
    tree = Tree()
    done = run("check_artifacts", "--json")
    assert (done.status, done.json["checked"]) == (0, Mod.objects.public().count())
    whole = run("check_artifacts", "--all", "--json").json
    assert whole["checked"] == Release.objects.count()
    good = tree.file(ARTIFACT).read_bytes()
    for spoilt, words in ((good[:-1] + b"x", "SHA-256"), (good + b"x", "bytes, not")):
        tree.rewrite(ARTIFACT, spoilt)
        refused_by = run("check_artifacts")
        assert (refused_by.status, words in refused_by.err) == (1, True)
    tree.file(ARTIFACT).unlink()
    assert "is missing" in run("check_artifacts").err
    tree.rewrite(ARTIFACT, good)
    tree.rewrite(HIDDEN, b"x")
    tree.rewrite("/downloads/mods/a.b/1.0.0/a.b-v1.0.0.zip", b"x")
    assert run("check_artifacts").status == 0
    everything = run("check_artifacts", "--all").err
    assert "was taken back and is still there" in everything
    assert "belongs to no release" in everything


def test_an_edit_that_finds_nothing_to_change_is_a_mistake() -> None:
    edits = (("manifest.json", "no such text", "x"),)
    item = Item(people.MODDER, "example.hello-lua", "0.3.0", "Hello Lua", "", edits=edits)
    with pytest.raises(LookupError, match="no such text"):
        item.members()


def test_the_framework_is_the_same_file_every_time() -> None:
    assert platform.framework_file() == platform.framework_file()


def test_what_an_admin_has_handed_on_since_stays_there(told: list[str]) -> None:
    admin = people.account_of(people.ADMIN)
    services.assign_namespace(admin, "starminer", ["second.modder@example.com"], "passed on")
    run("demo")
    (row,) = Maintainer.objects.filter(namespace__name="starminer")
    assert row.user.email == "second.modder@example.com"
