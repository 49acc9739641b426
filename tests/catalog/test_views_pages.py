"""The pages that people read, the error page, and what every page shares."""

import re
from html import unescape
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts.errors import Problem, RefusedError
from catalog import contract
from catalog.models import PlatformRelease
from smmods import refusals
from tests import factories

pytestmark = pytest.mark.django_db

PAGES = (
    "/",
    "/mods/",
    "/download/",
    "/players/",
    "/modders/",
    "/support/",
    "/attribution/",
    "/privacy/",
    "/wiki/getting-started/",
)
HASH, INNER = "8" * 64, "e" * 64


def html(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status
    return answer.content.decode()


def platform(kind: str, version: str, **fields: Any) -> PlatformRelease:
    """The current release of a part of the platform."""
    fields.setdefault("artifact_url", f"https://example.com/{kind}-{version}.zip")
    return PlatformRelease.objects.create(
        kind=kind,
        version=version,
        target_game_build="0.9.0",
        sha256=HASH,
        size_bytes=18_402_113,
        current=True,
        **fields,
    )


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_what_readers_and_screen_readers_need(client: Client, path: str) -> None:
    page = html(client, path)
    assert len(re.findall(r"<h1[ >]", page)) == 1
    assert re.search(r"<title>[^<]+ · SMMODS</title>", page)
    assert 'class="skip-link" href="#content"' in page
    assert '<main id="content"' in page
    assert '<html lang="en">' in page
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids)), [name for name in ids if ids.count(name) > 1]


@pytest.mark.parametrize("path", PAGES)
def test_no_page_carries_script_or_style_of_its_own_or_anything_from_elsewhere(
    client: Client, path: str
) -> None:
    page = html(client, path)
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"\son\w+=|\sstyle=|<style", page)
    for address in re.findall(r'(?:src|href)="(https?:[^"]+)"', page):
        assert "rel=" in re.findall(rf'<[^>]+"{re.escape(address)}"[^>]*>', page)[0], address
    assert not re.search(r'<(?:script|link|img)[^>]+(?:src|href)="(?:https?:)?//', page)


@pytest.mark.parametrize("path", PAGES)
def test_links_within_a_page_lead_somewhere(client: Client, path: str) -> None:
    page = html(client, path)
    for target in re.findall(r'href="#([^"]+)"', page):
        assert f'id="{target}"' in page, target


def test_links_to_places_on_other_pages_lead_somewhere(client: Client) -> None:
    own = {path: html(client, path) for path in PAGES}
    for page in own.values():
        for path, target in re.findall(r'href="(/[^"#]*)#([^"]+)"', page):
            if path in own and target != "package-rules":
                assert f'id="{target}"' in own[path], f"{path}#{target}"


def test_the_header_says_where_the_reader_is(client: Client) -> None:
    assert '<a href="/mods/" aria-current="page">Mods</a>' in html(client, "/mods/")
    assert '<a href="/modders/" aria-current="true">Modders</a>' in html(client, "/wiki/getting-started/")
    assert "aria-current" not in html(client, "/").split("<main", 1)[0]


def test_strangers_are_led_to_sign_in_and_back(client: Client) -> None:
    assert 'href="/account/login/?next=%2Fmods%2F%3Fq%3Dpipe"' in html(client, "/mods/?q=pipe")


@pytest.mark.parametrize(
    ("role", "sees", "not_sees"),
    [
        ("player", ("/account/",), ("/moderation/queue/", "/admin/")),
        ("moderator", ("/moderation/queue/",), ("/admin/",)),
        ("admin", ("/moderation/queue/", "/admin/"), ()),
    ],
)
def test_the_account_menu_shows_what_the_role_may(
    client: Client, role: str, sees: tuple[str, ...], not_sees: tuple[str, ...]
) -> None:
    client.force_login(factories.make_user(role, display_name="Mirela Voss"))
    page = html(client, "/")
    assert "Mirela Voss" in page
    assert all(f'href="{address}"' in page for address in sees)
    assert not any(f'href="{address}"' in page for address in not_sees)


def test_download_shows_the_manager_with_size_and_both_hashes(client: Client) -> None:
    platform("manager", "0.1.26", source_executable_sha256=INNER)
    platform("framework", "0.5.8", artifact_url="", file="platform/x.zip")
    page = html(client, "/download/")
    for part in (
        "0.1.26",
        "17.5 MiB",
        HASH,
        INNER,
        "https://example.com/manager-0.1.26.zip",
        "/downloads/framework/StarminerFramework-0.5.8-88888888.zip",
    ):
        assert part in page, part


def test_without_a_manager_the_pages_do_not_pretend_that_there_is_one(client: Client) -> None:
    assert "No manager has been released here yet" in html(client, "/download/")
    assert "No manager has been released through this portal yet" in html(client, "/players/")
    platform("manager", "0.1.26")
    assert "manager 0.1.26" in html(client, "/players/")


def test_copy_follows_the_services(client: Client, settings: Any) -> None:
    settings.SMMODS_LIVE_UPLOADS = True
    factories.services_live("validation_worker")
    assert "Uploads are not taken at the moment." in html(client, "/modders/")
    assert "Uploads are not taken at the moment." in html(client, "/support/")
    factories.services_live()
    assert "not taken at the moment" not in html(client, "/modders/")
    assert "not taken at the moment" not in html(client, "/support/")


def test_the_status_list_names_every_service_and_what_is_missing(client: Client) -> None:
    factories.services_live("moderation_queue")
    page = html(client, "/support/")
    assert page.count("Running") >= 5
    assert "Not running" in page
    assert "not seen" in page
    assert "Not seen yet" in page


def test_modders_reads_rules_and_policies_from_those_in_charge(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    suppliers = {
        "package_rules": [
            {"code": "zip.path", "title": "Paths", "rule": "Paths are safe.", "hint": "Pack again."}
        ],
        "policies": [{"code": "broken", "title": "Broken", "text": "It does not load."}],
    }
    monkeypatch.setattr(
        contract, "_register", {name: (lambda rows=rows: rows) for name, rows in suppliers.items()}
    )
    page = html(client, "/modders/")
    for part in (
        'id="package-rules"',
        "Paths are safe.",
        'id="policies"',
        "It does not load.",
    ):
        assert part in page, part
    monkeypatch.setattr(contract, "_register", {})
    page = html(client, "/modders/")
    assert 'id="package-rules"' not in page
    assert 'id="policies"' not in page


def test_samples_are_linked_once_they_are_published(client: Client) -> None:
    assert "catalog/samples/" in html(client, "/modders/")
    factories.make_release(mod_id="example.hello-lua", version="0.1.3")
    assert 'href="/mods/hello-lua/"' in html(client, "/modders/")
    assert 'href="/mods/hello-lua/"' in html(client, "/wiki/getting-started/")


def test_attribution_names_packages_fonts_and_samples(client: Client) -> None:
    page = html(client, "/attribution/")
    for part in ("Django", "BSD", "Inter (variable)", "OFL-1.1", "Lucide", "htmx", "example.hello-lua"):
        assert part in page, part


def test_an_error_page_says_what_happened_what_to_do_and_the_request(rf: RequestFactory) -> None:
    request = rf.get("/upload/")
    request.META["smmods.request_id"] = "req-123"
    refused = RefusedError(
        "bad_input",
        "The form is wrong.",
        "Mend it.",
        status=422,
        retry_after=90,
        problems=[Problem("version", "The version is taken.", "Raise it.")],
    )
    answer = refusals.page(request, refused, plain=True)
    page = answer.content.decode()
    for part in (
        "422 bad_input",
        "The form is wrong.",
        "Mend it.",
        "The version is taken. Raise it.",
        "req-123",
        "1 min 30 s",
    ):
        assert part in page, part


@pytest.mark.parametrize("status", sorted(refusals.ERROR_PAGES))
def test_there_is_an_error_page_for_every_status(rf: RequestFactory, status: int) -> None:
    answer = refusals.page(rf.get("/x/"), refusals.standard(status), plain=True)
    assert answer.status_code == status
    assert refusals.ERROR_PAGES[status].heading in unescape(answer.content.decode())


def test_browsers_that_ask_for_an_icon_get_ours(client: Client) -> None:
    answer = client.get("/favicon.ico")
    assert (answer.status_code, answer["Location"]) == (302, "/static/icons/favicon.svg")


def test_messages_are_shown_as_banners(rf: RequestFactory) -> None:
    class Said:
        tags = "success"

        def __str__(self) -> str:
            return "Saved."

    page = render_to_string("base.html", {"messages": [Said()]}, rf.get("/"))
    assert 'class="banner banner--good"' in page
    assert "<strong>Saved.</strong>" in page


def test_the_workbench_has_its_own_navigation(rf: RequestFactory) -> None:
    request = rf.get("/moderation/queue/")
    request.user = factories.make_user("admin")
    page = render_to_string("base_moderation.html", {"nav_counts": {"/moderation/queue/": 23}}, request)
    assert '<span class="brand-area">Moderation</span>' in page
    assert '<a href="/moderation/queue/" aria-current="page">Queue <span class="count">23</span></a>' in page
    assert "Audit log" in page
    assert "Upload a mod" not in page.split("<main", 1)[0].split("menu__sheet")[0]


def test_times_are_written_in_utc_for_readers_without_scripts(client: Client) -> None:
    release = factories.make_release(mod_id="a.mod", at=timezone.now())
    page = html(client, "/mods/mod/")
    assert f'datetime="{release.published_at:%Y-%m-%dT%H:%M:%S}Z"' in page
