"""The public tree: whole or not at all, named by hash, kept in a vault."""

import errno
import hashlib
import io
import os
from pathlib import Path
from typing import Any

import pytest

from catalog.publisher.tree import PublicTree, TreeError, is_public

ZIP = "downloads/mods/example.mod/1.0.0/example.mod-v1.0.0.zip"
CATALOG = "api/v1/catalog.json"


@pytest.fixture
def tree(tmp_path: Path) -> PublicTree:
    return PublicTree(tmp_path / "tree")


def names(tree: PublicTree) -> set[str]:
    return {str(path.relative_to(tree.root)) for path in tree.root.rglob("*") if path.is_file()}


def keep(tree: PublicTree, body: bytes = b"bytes") -> str:
    return tree.keep(io.BytesIO(body))[0]


@pytest.mark.parametrize(
    "path",
    [
        "",
        "catalog.json",
        "api/v1/",
        "api/v1/../x",
        "downloads/.hidden",
        "documents/x",
        "/api/v1/x",
        "api/v1//x",
        "downloads/a\0b",
        "downloads/a\\b",
        ".private/artifacts/x",
        "tombstones/downloads/x",
    ],
)
def test_only_plain_paths_below_the_public_folders_are_public(tree: PublicTree, path: str) -> None:
    assert not is_public(path)
    for act in (tree.read, tree.withdraw, tree.tombstone, tree.size_of):
        with pytest.raises(ValueError, match="public tree"):
            act(path)


@pytest.mark.parametrize("sha256", ["", "../x", "A" * 64, "0" * 63])
def test_what_is_no_hash_names_nothing(tree: PublicTree, sha256: str) -> None:
    for act in (tree.keeps, tree.stores, tree.size, tree.forget):
        with pytest.raises(ValueError, match="hash"):
            act(sha256)


def test_kept_bytes_get_a_public_name_and_lose_it_again(tree: PublicTree) -> None:
    sha256, size = tree.keep(io.BytesIO(b"bytes"))
    assert (sha256, size) == (hashlib.sha256(b"bytes").hexdigest(), 5)
    assert tree.read(ZIP) is None
    tree.place(ZIP, sha256)
    tree.place(ZIP, sha256)
    assert tree.read(ZIP) == b"bytes" and tree.size_of(ZIP) == 5
    tree.withdraw(ZIP)
    tree.withdraw(ZIP)
    assert tree.read(ZIP) is None and tree.size_of(ZIP) is None
    with tree.open_kept(sha256) as file:
        assert file.read() == b"bytes"
    tree.forget(sha256)
    assert not tree.keeps(sha256)


def test_nobody_else_enters_the_vault_but_the_artifact_is_readable(tree: PublicTree) -> None:
    tree.place(ZIP, keep(tree))
    assert (tree.root / ".private").stat().st_mode & 0o777 == 0o700
    assert (tree.root / ZIP).stat().st_mode & 0o444 == 0o444


def test_more_bytes_than_announced_are_not_kept(tree: PublicTree) -> None:
    with pytest.raises(TreeError):
        tree.keep(io.BytesIO(b"123456"), limit=5)
    assert names(tree) == set()


def test_a_full_disk_leaves_nothing_behind(tree: PublicTree, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    (tree.root / ".private" / "artifacts").mkdir(parents=True)
    (tree.root / "documents").mkdir()
    with pytest.raises(OSError, match="no space"):
        keep(tree)
    with pytest.raises(OSError, match="no space"):
        tree.store(b"{}")
    assert names(tree) == set()


def test_missing_or_damaged_bytes_are_not_placed(tree: PublicTree) -> None:
    sha256 = keep(tree)
    (tree.vault / sha256).write_bytes(b"other")
    with pytest.raises(TreeError, match="missing or damaged"):
        tree.place(ZIP, sha256)
    with pytest.raises(TreeError, match="missing or damaged"):
        tree.place(ZIP, "0" * 64)
    assert tree.read(ZIP) is None


def test_an_artifact_is_never_replaced(tree: PublicTree) -> None:
    tree.place(ZIP, keep(tree, b"first"))
    with pytest.raises(TreeError, match="other bytes"):
        tree.place(ZIP, keep(tree, b"second"))
    assert tree.read(ZIP) == b"first"


def test_the_same_bytes_from_elsewhere_are_fine(tree: PublicTree) -> None:
    sha256 = keep(tree)
    (tree.root / ZIP).parent.mkdir(parents=True)
    (tree.root / ZIP).write_bytes(b"bytes")
    tree.place(ZIP, sha256)
    assert tree.read(ZIP) == b"bytes"


def test_a_tombstone_comes_and_goes(tree: PublicTree) -> None:
    assert tree.tombstone(ZIP) is None
    tree.bury(ZIP, b'{"status":410}')
    assert tree.tombstone(ZIP) == b'{"status":410}'
    tree.unbury(ZIP)
    tree.unbury(ZIP)
    assert tree.tombstone(ZIP) is None
    tree.root.joinpath("tombstones", "api").write_bytes(b"a file where a folder would be")
    assert tree.tombstone(CATALOG) is None


def test_a_plain_name_moves_from_one_document_to_the_next(tree: PublicTree) -> None:
    first, second = tree.store(b"1"), tree.store(b"2")
    tree.point(CATALOG, first)
    assert tree.read(CATALOG) == b"1"
    tree.point(CATALOG, second)
    tree.point(CATALOG, second)
    assert tree.read(CATALOG) == b"2"
    assert tree.size(first) == 1
    assert tree.read(f"{CATALOG}/below") is None and tree.size_of(f"{CATALOG}/below") is None
    with pytest.raises(FileNotFoundError):
        tree.point(CATALOG, "0" * 64)
    assert tree.read(CATALOG) == b"2"


def test_a_newer_version_has_a_later_time_even_within_a_second(tree: PublicTree) -> None:
    times = []
    for body in (b"1", b"2", b"1", b"3"):
        tree.point(CATALOG, tree.store(body))
        times.append(int((tree.root / CATALOG).stat().st_mtime))
    assert times == sorted(set(times))


def test_a_damaged_document_is_written_again(tree: PublicTree) -> None:
    sha256 = tree.store(b"{}")
    (tree.root / "documents" / f"{sha256}.json").write_bytes(b"{")
    assert not tree.stores(sha256)
    assert tree.store(b"{}") == sha256
    assert tree.stores(sha256)


def test_the_sweep_leaves_what_is_shown_and_what_is_young(tree: PublicTree) -> None:
    assert tree.sweep(0) == 0
    shown, old = tree.store(b"1"), tree.store(b"2")
    tree.point(CATALOG, shown)
    kept = keep(tree)
    (tree.vault / ".x.draft").write_bytes(b"half")
    assert tree.sweep(3600) == 0
    assert tree.sweep(-1) == 2
    assert tree.stores(shown) and not tree.stores(old)
    assert tree.keeps(kept) and not (tree.vault / ".x.draft").exists()


def test_a_reader_never_meets_half_a_document(tree: PublicTree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.point(CATALOG, tree.store(b"old"))
    new = tree.store(b"new")
    seen: list[bytes | None] = []
    replace = Path.replace

    def watched(self: Path, target: Any) -> Path:
        seen.append(tree.read(CATALOG))
        moved = replace(self, target)
        seen.append(tree.read(CATALOG))
        return moved

    monkeypatch.setattr(Path, "replace", watched)
    tree.point(CATALOG, new)
    assert seen == [b"old", b"new"]
