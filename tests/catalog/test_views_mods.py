"""The pages on which mods are found, read about and downloaded."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog import detail, search
from catalog.models import Category, Mod, Release
from tests import factories

pytestmark = pytest.mark.django_db

SITE = "portal.example"


def published(
    mod_id: str = "luanti.pipeworks", version: str = "1.0.0", name: str = "Pipeworks", **fields: Any
) -> Release:
    """A release whose mod has a name that search finds."""
    release = factories.make_release(mod_id=mod_id, version=version, **fields)
    Mod.objects.filter(pk=release.mod_id).update(
        name=name,
        summary="Tubes for ore.",
        search_text=search.text_of(name, mod_id, "Tubes for ore.", ["Ada"]),
    )
    return release


def take_back(release: Release, level: str = "soft") -> None:
    """Hide a release the way the publisher leaves it."""
    release.taken_back_at, release.taken_back_level = timezone.now(), level
    release.taken_back_reason = "It deleted saves."
    release.save()
    left = Release.objects.public().filter(mod=release.mod).newest_first().first()
    Mod.objects.filter(pk=release.mod_id).update(latest=left)


def html(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.content.decode()


def test_the_front_page_shows_what_was_updated_last(client: Client) -> None:
    published()
    page = html(client, "/")
    assert "Pipeworks" in page
    assert 'name="q"' in page
    for way in ("/players/", "/modders/", "/api/v1/docs"):
        assert f'href="{way}"' in page


def test_an_empty_portal_says_so_and_what_comes_next(client: Client) -> None:
    for path in ("/", "/mods/"):
        page = html(client, path)
        assert "Nothing is published yet" in page
        assert 'href="/modders/"' in page


def test_browse_shows_version_fit_age_and_downloads(client: Client) -> None:
    published()
    factories.make_build("0.8.6")
    for address in ("/mods/", "/mods/pipeworks/"):
        page = html(client, address)
        assert "Downloads: " not in page, address
        assert "</strong> download" not in page, address
    Mod.objects.filter(slug="pipeworks").update(downloads=18402)
    assert "18,402" in html(client, "/mods/pipeworks/")
    page = html(client, "/mods/")
    for part in ("1.0.0", "Fits 0.9.0", "18,402", "/mods/pipeworks/", "Ada"):
        assert part in page, part
    Mod.objects.filter(slug="pipeworks").update(latest_build="0.8.6")
    assert re.search(r"Made for</span>.*0\.8\.6", html(client, "/mods/"))
    Mod.objects.filter(slug="pipeworks").update(deprecated=True)
    assert "cell--deprecated" in html(client, "/mods/?deprecated=1")


def test_filters_and_sort_live_in_the_address(client: Client) -> None:
    published(categories=tuple(Category.objects.filter(code="tools")))
    page = html(client, "/mods/?q=pipe&category=tools&build=0.9.0&updated=90&deprecated=1&sort=new")
    assert re.search(r'value="tools" checked', page)
    assert re.search(r'value="new" selected', page)
    assert 'href="/mods/?q=pipe&amp;build=0.9.0&amp;updated=90&amp;deprecated=1&amp;sort=new"' in page
    assert "Lift the filter: Tools" in page


def test_relevance_is_offered_only_with_a_query(client: Client) -> None:
    published()
    assert "Best match" not in html(client, "/mods/")
    assert "Best match" in html(client, "/mods/?q=pipe")


def test_pages_keep_the_query(client: Client) -> None:
    for number in range(search.PAGE_SIZE + 1):
        published(f"a.pipe-{number}", name=f"Pipe {number}")
    page = html(client, "/mods/?q=pipe&page=2")
    assert "13–13 of 13" in page
    assert 'href="?q=pipe&amp;page=1"' in page


def test_nothing_found_says_why_and_offers_a_way_on(client: Client) -> None:
    published()
    assert "No mod matches “zebra”" in html(client, "/mods/?q=zebra")
    assert "No mod fits these filters" in html(client, "/mods/?category=world")
    assert 'Did you mean <a href="/mods/?q=pipeworks">' in html(client, "/mods/?q=pipwork")


def test_what_people_type_is_shown_as_text(client: Client) -> None:
    page = html(client, "/mods/?q=<script>alert(1)</script>&category=<b>&build='><b>")
    assert "<script>alert" not in page
    assert "<b>" not in page


def test_a_mods_page_offers_the_manager_and_the_plain_download(client: Client, settings: Any) -> None:
    settings.SMMODS_SITE_URL = f"https://{SITE}"
    release = published()
    page = html(client, "/mods/pipeworks/")
    assert f'href="smmods://v1/install/{SITE}/luanti.pipeworks/1.0.0"' in page
    assert f'href="/{release.artifact_path}"' in page
    assert release.sha256 in page
    assert "1,000 bytes" in page or "1000 bytes" in page
    assert "Read and approved by a person" in page


def test_nobody_who_reviewed_or_uploaded_is_named(client: Client) -> None:
    owner = factories.make_user("modder", display_name="Hidden Uploader")
    published(owner=owner)
    for path in ("", "versions/", "versions/1.0.0/", "changelog/"):
        page = html(client, f"/mods/pipeworks/{path}")
        assert "Hidden Uploader" not in page
        assert owner.email not in page


def test_the_description_is_sanitised(client: Client) -> None:
    published()
    Mod.objects.update(description="# In it\n\n<script>alert(1)</script> **bold**")
    page = html(client, "/mods/pipeworks/")
    assert "<strong>bold</strong>" in page
    assert "<script>alert" not in page


def test_dependencies_and_dependants_find_each_other(client: Client) -> None:
    published("luanti.basic", name="Basic Materials")
    published(
        dependencies=(
            {"id": "luanti.basic", "version": "^1.0.0"},
            {"id": "x.unknown", "version": "1.x", "optional": True},
        )
    )
    page = html(client, "/mods/pipeworks/")
    assert "Brings one more mod" in page
    assert 'href="/mods/basic/"' in page
    listed = html(client, "/mods/pipeworks/dependencies/")
    for part in ("^1.0.0", "Optional", "This portal has no mod of that id."):
        assert part in listed
    assert "Used by 1 mod" in html(client, "/mods/basic/")
    assert "/mods/pipeworks/" in html(client, "/mods/basic/dependants/")


def test_without_any_the_tabs_say_so(client: Client) -> None:
    published()
    assert "It needs nothing else" in html(client, "/mods/pipeworks/dependencies/")
    assert "No mod uses it yet" in html(client, "/mods/pipeworks/dependants/")
    assert "Its author wrote nothing about this version." in html(client, "/mods/pipeworks/changelog/")


def test_versions_show_state_build_size_and_hash(client: Client) -> None:
    old = published(version="1.0.0", superseded_at=timezone.now(), superseded_by="2.0.0")
    bad = published(version="1.5.0")
    published(version="2.0.0")
    take_back(bad)
    page = html(client, "/mods/pipeworks/versions/")
    assert page.index("2.0.0") < page.index("1.5.0") < page.index(">1.0.0<")
    for part in ("Superseded", "by 2.0.0", "Taken back", "Why", old.sha256[:8]):
        assert part in page, part
    assert bad.artifact_path not in page


def test_the_overview_shows_the_newest_five_and_leads_to_the_rest(client: Client) -> None:
    for number in range(7):
        published(version=f"1.{number}.0")
    page = html(client, "/mods/pipeworks/")
    assert page.count('name="v"') == 5
    assert "All 7 versions" in page


def test_build_fit_names_the_version_to_use(client: Client) -> None:
    factories.make_build("0.8.6")
    factories.make_build("0.7.0")
    factories.make_build("0.6.0", "refused")
    published(version="1.0.0", target_game_build="0.8.6")
    published(version="2.0.0")
    page = html(client, "/mods/pipeworks/")
    assert "Fits build 0.9.0" in page
    assert re.search(r"0\.8\.6.*use version.*1\.0\.0", page, re.DOTALL)
    assert "no release was made for it" in page
    assert "0.6.0" not in page
    assert "Made for build 0.8.6" in html(client, "/mods/pipeworks/versions/1.0.0/")


def test_deprecated_mods_name_their_successor(client: Client) -> None:
    published("tallow.ledger", name="Ledger")
    published()
    Mod.objects.filter(slug="pipeworks").update(deprecated=True, replaced_by="tallow.ledger")
    page = html(client, "/mods/pipeworks/")
    assert "Its author recommends Ledger instead." in page
    assert 'href="/mods/ledger/"' in page
    Mod.objects.filter(slug="pipeworks").update(replaced_by="")
    assert "Its author no longer maintains it." in html(client, "/mods/pipeworks/")


def test_an_older_release_leads_to_the_latest(client: Client) -> None:
    published(version="1.0.0", superseded_at=timezone.now(), superseded_by="2.0.0")
    published(version="2.0.0")
    assert "Version 2.0.0 is out." in html(client, "/mods/pipeworks/versions/1.0.0/")


def test_a_release_shows_the_report_of_its_checks(client: Client) -> None:
    checks = [
        {"id": "zip_path_safety", "status": "passed", "code": "zip_path_safety", "message": "Paths are safe"},
        {
            "id": "antivirus_scan",
            "status": "not_run",
            "code": "antivirus_scan",
            "message": "Virus scan",
            "hint": "No scanner.",
        },
        {
            "id": "urls",
            "status": "warned",
            "code": "net.url_new",
            "message": "New address",
            "path": "init.lua:3",
        },
    ]
    published(checks=checks, changelog="- Faster **pumps**")
    page = html(client, "/mods/pipeworks/versions/1.0.0/")
    for part in (
        "Paths are safe",
        "No scanner.",
        "init.lua:3",
        "2 of 2",
        "Virus scan not run",
        "<strong>pumps</strong>",
    ):
        assert part in page, part


@pytest.mark.parametrize(
    ("statuses", "line"),
    [
        (("passed", "passed"), ("passed", "2 of 2")),
        (("passed", "failed"), ("partial", "1 of 2")),
        (("passed", "not_run"), ("passed", "1 of 1")),
    ],
)
def test_what_was_checked_in_one_line(statuses: tuple[str, ...], line: tuple[str, str]) -> None:
    release = published(checks=[{"id": f"c{n}", "status": status} for n, status in enumerate(statuses)])
    first = detail.checked(release)[0]
    assert (first.status, first.note) == line


def test_a_clean_scan_is_said_and_only_when_there_was_one() -> None:
    clean = published(checks=[{"id": "antivirus_scan", "status": "passed"}])
    assert "Virus scan clean" in [row.sentence for row in detail.checked(clean)]
    bare = published(version="1.1.0", checks=[])
    assert [row.sentence for row in detail.checked(bare)] == ["Read and approved by a person"]


def test_two_versions_are_compared_field_by_field(client: Client) -> None:
    published(version="1.0.0")
    new = published(version="2.0.0", dependencies=({"id": "luanti.basic", "version": "^1.0.0"},))
    new.manifest["license"] = "LGPL-2.1-or-later"
    new.changelog = "Now **with** tubes"
    new.save()
    page = html(client, "/mods/pipeworks/compare/?v=2.0.0&v=1.0.0")
    for part in (
        "1.0.0 and 2.0.0",
        "<del>MIT</del>",
        "<ins>LGPL-2.1-or-later</ins>",
        "luanti.basic ^1.0.0",
        "<strong>with</strong>",
    ):
        assert part in page, part


@pytest.mark.parametrize("query", ["", "?v=1.0.0", "?v=1.0.0&v=2.0.0&v=3.0.0", "?v=9.9.9&v=1.0.0"])
def test_comparing_takes_exactly_two(client: Client, query: str) -> None:
    for version in ("1.0.0", "2.0.0", "3.0.0"):
        published(version=version)
    assert "Choose two versions" in html(client, f"/mods/pipeworks/compare/{query}")


def test_a_release_that_was_taken_back_answers_410_with_reason_and_remedy(client: Client) -> None:
    bad = published(version="1.0.0")
    published(version="2.0.0")
    take_back(bad)
    page = html(client, "/mods/pipeworks/versions/1.0.0/", 410)
    for part in (
        "Pipeworks 1.0.0 was taken back",
        "It deleted saves.",
        "Get 2.0.0 instead",
        "update to 2.0.0",
    ):
        assert part in page, part
    assert "smmods://" not in page


@pytest.mark.parametrize(("level", "advice"), [("hard", "It is a danger"), ("soft", "it keeps running")])
def test_a_mod_without_any_release_left_answers_410_on_every_tab(
    client: Client, level: str, advice: str
) -> None:
    take_back(published(), level)
    for tab in ("", "versions/", "changelog/", "dependencies/", "dependants/", "compare/", "versions/1.0.0/"):
        page = html(client, f"/mods/pipeworks/{tab}", 410)
        assert "Pipeworks was taken back" in page
        assert "It deleted saves." in page
        assert advice in page


@pytest.mark.parametrize(
    "path",
    [
        "/mods/nothing/",
        "/mods/nothing/versions/",
        "/mods/nothing/versions/1.0.0/",
        "/mods/nothing/compare/",
        "/mods/pipeworks/versions/9.9.9/",
        "/mods/nobody.nothing/",
    ],
)
def test_what_is_not_there_is_404(client: Client, path: str) -> None:
    published()
    assert client.get(path).status_code == 404


def test_a_mod_that_never_had_a_release_has_no_page(client: Client) -> None:
    release = published()
    mod = release.mod
    mod.latest = None
    mod.save()
    release.delete()
    assert client.get("/mods/pipeworks/").status_code == 404


def test_the_mod_id_leads_to_the_page(client: Client) -> None:
    published()
    answer = client.get("/mods/luanti.pipeworks/")
    assert (answer.status_code, answer["Location"]) == (301, "/mods/pipeworks/")


@pytest.mark.parametrize(
    "path", ["/", "/mods/", "/mods/pipeworks/", "/mods/pipeworks/versions/1.0.0/", "/support/"]
)
def test_pages_take_no_other_method(client: Client, path: str) -> None:
    published()
    assert client.post(path).status_code == 405
    assert client.head(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/mods/",
        "/mods/?q=mod&category=tools",
        "/mods/mod-1/",
        "/mods/mod-1/versions/",
        "/mods/mod-1/changelog/",
        "/mods/mod-1/dependencies/",
        "/mods/mod-1/dependants/",
        "/mods/mod-1/versions/1.0.0/",
    ],
)
def test_the_number_of_queries_is_constant(
    client: Client, path: str, django_assert_max_num_queries: Any
) -> None:
    wish = ({"id": "a.mod-0", "version": "^1.0.0"}, {"id": "a.mod-2", "version": "^1.0.0"})
    at = timezone.now() - timedelta(1)
    for number in range(15):
        for version in ("1.0.0", "1.1.0", "2.0.0"):
            published(f"a.mod-{number}", version, f"Mod {number}", at=at, dependencies=wish if number else ())
    client.force_login(factories.make_user("moderator"))
    client.get(path)
    with django_assert_max_num_queries(12):
        html(client, path)
