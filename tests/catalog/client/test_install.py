"""From the published documents alone to installed mods, over HTTP and from a folder."""

import io
import json
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from catalog.client import Client, ClientError, FolderSource, HttpSource, UnresolvableError, source_for
from catalog.client import sources as sources_module
from catalog.client import unpack as unpack_module
from catalog.client.download import download
from catalog.client.unpack import unpack
from tests.catalog.client.world import Site, World, package, wish


def fill(world: World) -> World:
    world.add("a.base", "1.0.0")
    world.add("a.top", "1.0.0", wish("a.base", "^1.0.0"))
    return world.write()


@pytest.mark.parametrize("place", ["folder", "site"])
def test_a_mod_is_installed_with_what_it_needs(world: World, site: Site, tmp_path: Path, place: str) -> None:
    fill(world)
    source = source_for(site.url if place == "site" else str(world.root))
    client = Client(source, tmp_path / "game")
    done = client.install("a.top")
    assert [one.mod_id for one in done] == ["a.base", "a.top"]
    assert done[1].files == ("manifest.json", "Scripts/main.lua")
    assert (tmp_path / "game/mods/a.top/Scripts/main.lua").read_bytes() == b"return {}\n"
    assert {one.mod_id for one in client.installed()} == {"a.base", "a.top"}


def test_what_is_there_already_is_not_fetched_again(world: World, site: Site, tmp_path: Path) -> None:
    fill(world)
    client = Client(HttpSource(site.url), tmp_path / "game")
    client.install("a.base")
    site.requests.clear()
    client.install("a.top")
    assert [path for path, _ in site.requests if "/downloads/" in path] == [
        "/downloads/mods/a.top/1.0.0/a.top-v1.0.0.zip"
    ]
    assert Client(HttpSource(site.url), tmp_path / "elsewhere").installed() == ()


def test_updates_and_what_was_taken_back_are_listed(world: World, tmp_path: Path) -> None:
    fill(world)
    client = Client(FolderSource(world.root), tmp_path / "game")
    client.install("a.top")
    assert client.updates() == ()
    assert client.taken_back() == ()
    world.add("a.base", "1.1.0")
    world.take_back("a.base", "1.0.0")
    world.write()
    client.refresh()
    ((now, row),) = client.updates()
    assert (now.version, row.version) == ("1.0.0", "1.1.0")
    (back,) = client.taken_back()
    assert (back.installed.mod_id, back.blocked.level) == ("a.base", "hard")
    client.install("a.base@^1.1.0")
    assert client.taken_back() == ()
    assert {one.version for one in client.installed() if one.mod_id == "a.base"} == {"1.1.0"}


def test_a_mod_that_is_not_listed_is_refused(world: World, tmp_path: Path) -> None:
    client = Client(FolderSource(fill(world).root), tmp_path / "game", game_build="0.9.0")
    with pytest.raises(UnresolvableError, match=r"x\.y"):
        client.install("x.y")
    with pytest.raises(ClientError, match=r"x\.y is not in the catalog"):
        client.versions("x.y")


def test_a_refresh_that_fails_leaves_the_catalog(world: World, site: Site, tmp_path: Path) -> None:
    fill(world)
    client = Client(HttpSource(site.url), tmp_path / "game")
    before = client.refresh()
    world.put("/api/v1/catalog.json", b"{}")
    with pytest.raises(ClientError) as caught:
        client.refresh()
    assert caught.value.code == "bad_document"
    assert client.catalog is before


BIG = {"Content/data.json": bytes(range(256)) * 8192}


def test_a_broken_download_goes_on_where_it_stopped(world: World, site: Site, tmp_path: Path) -> None:
    row = world.add("a.big", data=package("a.big", "1.0.0", BIG))
    world.write()
    site.cuts = [1000, 500]
    client = Client(HttpSource(site.url), tmp_path / "game")
    client.install("a.big")
    assert [wanted for path, wanted in site.requests if path == row["artifactUrl"]] == [
        None,
        "bytes=1000-",
        "bytes=1500-",
    ]


def test_what_came_is_kept_for_the_next_time(world: World, site: Site, tmp_path: Path) -> None:
    row = world.add("a.big", data=package("a.big", "1.0.0", BIG))
    site.cuts = [100, 100, 100]
    source = HttpSource(site.url)
    with pytest.raises(ClientError) as caught:
        download(source, row["artifactUrl"], row["sha256"], row["sizeBytes"], tmp_path)
    assert caught.value.code == "interrupted"
    assert (tmp_path / f"{row['sha256']}.part").stat().st_size == 300
    ready = download(source, row["artifactUrl"], row["sha256"], row["sizeBytes"], tmp_path)
    assert site.requests[-1][1] == "bytes=300-"
    site.requests.clear()
    assert download(source, row["artifactUrl"], row["sha256"], row["sizeBytes"], tmp_path) == ready
    assert site.requests == []


def test_a_site_that_does_not_resume_is_read_anew(world: World, site: Site, tmp_path: Path) -> None:
    row = world.add("a.big", data=package("a.big", "1.0.0", BIG))
    site.cuts, site.ranges = [100], False
    download(HttpSource(site.url), row["artifactUrl"], row["sha256"], row["sizeBytes"], tmp_path)


def test_a_spoiled_beginning_is_thrown_away(world: World, site: Site, tmp_path: Path) -> None:
    row = world.add("a.big", data=package("a.big", "1.0.0", BIG))
    part = tmp_path / f"{row['sha256']}.part"
    for spoiled in (b"not what it was", b"x" * row["sizeBytes"], b"x" * (row["sizeBytes"] + 5)):
        part.write_bytes(spoiled)
        ready = download(HttpSource(site.url), row["artifactUrl"], row["sha256"], row["sizeBytes"], tmp_path)
        assert not part.exists()
        ready.unlink()


def test_bytes_that_are_not_the_catalogs_are_refused(world: World, site: Site, tmp_path: Path) -> None:
    row = world.add("a.base")
    good = (world.root / row["artifactUrl"].lstrip("/")).read_bytes()
    for bytes_there in (good[:-1] + b"x", good + b"more"):
        world.put(row["artifactUrl"], bytes_there)
        with pytest.raises(ClientError) as caught:
            download(HttpSource(site.url), row["artifactUrl"], row["sha256"], row["sizeBytes"], tmp_path)
        assert caught.value.code == "hash_mismatch"
        assert list(tmp_path.glob("*.zip")) == []
    world.put(row["artifactUrl"], good[:-1])
    with pytest.raises(ClientError) as caught:
        download(HttpSource(site.url), row["artifactUrl"], row["sha256"], row["sizeBytes"], tmp_path)
    assert caught.value.code == "interrupted"


@pytest.mark.parametrize(
    ("status", "code"), [(404, "not_found"), (410, "taken_back"), (500, "unavailable"), (503, "unavailable")]
)
def test_answers_have_codes(world: World, site: Site, status: int, code: str) -> None:
    fill(world)
    site.statuses["/api/v1/catalog.json"] = status
    with pytest.raises(ClientError) as caught:
        HttpSource(site.url).read("/api/v1/catalog.json")
    assert caught.value.code == code


def test_nobody_there(site: Site) -> None:
    with pytest.raises(ClientError) as caught:
        HttpSource("http://127.0.0.1:1").read("/x")
    assert caught.value.code == "unavailable"
    with pytest.raises(ClientError) as caught:
        HttpSource("https://127.0.0.1:1").read("/x?y=1")
    assert caught.value.code == "unavailable"


def test_redirects_are_followed_within_reason(world: World, site: Site) -> None:
    fill(world)
    source = HttpSource(site.url)
    site.redirects["/old"] = "/api/v1/catalog.json"
    assert source.read("/old") == source.read("/api/v1/catalog.json")
    site.redirects["/round"] = "/round"
    site.redirects["/file"] = "file:///etc/passwd"
    for address in ("/round", "/file"):
        with pytest.raises(ClientError) as caught:
            source.read(address)
        assert caught.value.code == "unavailable"


def test_https_is_not_left(site: Site) -> None:
    with pytest.raises(ClientError, match="not followed"):
        HttpSource._redirected("https://example.com/a", "http://example.com/b")


def test_a_document_has_a_limit(world: World, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    world.put("/x.json", b"0123456789")
    monkeypatch.setattr(sources_module, "MAX_DOCUMENT", 5)
    for source in (HttpSource(site.url), FolderSource(world.root)):
        with pytest.raises(ClientError) as caught:
            source.read("/x.json")
        assert caught.value.code == "too_large"


def test_a_document_that_breaks_off_is_not_believed(world: World, site: Site) -> None:
    world.put("/downloads/x.json", b'{"a": 1}')
    site.cuts = [4]
    with pytest.raises(ClientError) as caught:
        HttpSource(site.url).read("/downloads/x.json")
    assert caught.value.code == "interrupted"


@pytest.mark.parametrize("address", ["x", "//host/x", "/../x", "/a/../../x", "/a\\b", "/%2e%2e/x", "/a/./b"])
def test_addresses_stay_on_the_site(world: World, address: str) -> None:
    world.put("/x", b"1")
    for source in (FolderSource(world.root / "sub"), HttpSource("http://127.0.0.1:1")):
        with pytest.raises(ClientError) as caught:
            source.read(address)
        assert caught.value.code == "bad_document"


def test_a_file_that_is_not_there(world: World) -> None:
    with pytest.raises(ClientError) as caught:
        FolderSource(world.root).read("/x")
    assert caught.value.code == "not_found"


MANIFEST = json.dumps({"id": "a.base", "version": "1.0.0"}).encode()


def bad_zip(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("manifest.json", MANIFEST)
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    "data",
    [
        bad_zip(("../evil", b"x")),
        bad_zip(("/evil", b"x")),
        bad_zip(("a//b", b"x")),
        bad_zip(("a/./b", b"x")),
        bad_zip(("C:evil", b"x")),
        bad_zip(("a\\b", b"x")),
        bad_zip(("a\x01b", b"x")),
        bad_zip(("dot.", b"x")),
        bad_zip((link(), b"/etc/passwd")),
        bad_zip(("MANIFEST.JSON", b"x")),
        bad_zip(("a", b"x"), ("a/b", b"y")),
        bad_zip(("a.lua", b"x")).replace(b"x", b"y", 1),
        b"not a zip",
        b"",
    ],
)
def test_an_unsafe_package_leaves_nothing(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    path.write_bytes(data)
    with pytest.raises(ClientError) as caught:
        unpack(path, tmp_path / "mods" / "a.base", mod_id="a.base", version="1.0.0")
    assert caught.value.code == "unsafe_package"
    assert list((tmp_path / "mods").iterdir()) == []
    assert not (tmp_path / "evil").exists()


def test_limits_of_unpacking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "p.zip"
    path.write_bytes(bad_zip(("a", b"12345"), ("folder/", b"")))
    folder = tmp_path / "mods" / "a.base"
    assert unpack(path, folder, mod_id="a.base", version="1.0.0") == ("manifest.json", "a")
    for limit in ("MAX_MEMBERS", "MAX_TOTAL"):
        with monkeypatch.context() as patch:
            patch.setattr(unpack_module, limit, 1)
            with pytest.raises(ClientError) as caught:
                unpack(path, folder, mod_id="a.base", version="1.0.0")
            assert caught.value.code == "unsafe_package"
    assert (folder / "a").read_bytes() == b"12345"


def test_a_member_that_yields_more_than_it_says_is_refused(tmp_path: Path) -> None:
    data = bytearray(bad_zip(("a", b"12345")))
    central = data.rindex(b"PK\x01\x02")
    struct.pack_into("<L", data, central + 24, 3)
    path = tmp_path / "p.zip"
    path.write_bytes(data)
    with pytest.raises(ClientError) as caught:
        unpack(path, tmp_path / "mods" / "a.base", mod_id="a.base", version="1.0.0")
    assert caught.value.code == "unsafe_package"


@pytest.mark.parametrize(
    "data",
    [
        package("a.other", "1.0.0"),
        package("a.base", "2.0.0"),
        bad_zip()[:0] + package("a.base", "1.0.0", {"manifest.json": b"[]"}),
        package("a.base", "1.0.0", {"manifest.json": b"{"}),
    ],
)
def test_a_package_must_be_what_was_asked_for(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    path.write_bytes(data)
    with pytest.raises(ClientError) as caught:
        unpack(path, tmp_path / "mods" / "a.base", mod_id="a.base", version="1.0.0")
    assert caught.value.code == "wrong_package"


def test_a_package_without_a_manifest(tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", b"x")
    with pytest.raises(ClientError) as caught:
        unpack(path, tmp_path / "mods" / "a.base", mod_id="a.base", version="1.0.0")
    assert caught.value.code == "wrong_package"


def test_an_old_version_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    folder = tmp_path / "mods" / "a.base"
    path = tmp_path / "p.zip"
    path.write_bytes(bad_zip(("old.lua", b"1")))
    unpack(path, folder, mod_id="a.base", version="1.0.0")
    path.write_bytes(bad_zip(("../evil", b"x")))
    with pytest.raises(ClientError):
        unpack(path, folder, mod_id="a.base", version="1.0.0")
    assert (folder / "old.lua").exists()
    path.write_bytes(bad_zip(("new.lua", b"1")))
    unpack(path, folder, mod_id="a.base", version="1.0.0")
    assert sorted(p.name for p in folder.iterdir()) == ["manifest.json", "new.lua"]
    assert [p.name for p in folder.parent.iterdir()] == ["a.base"]
