"""Which commit runs: read from a build's stamp or from the checkout, without git."""

from pathlib import Path

from smmods.build import commit

HASH = "0123456789abcdef0123456789abcdef01234567"


def git(folder: Path, head: str) -> Path:
    (folder / ".git" / "refs" / "heads").mkdir(parents=True)
    (folder / ".git" / "HEAD").write_text(head)
    return folder / ".git"


def test_a_stamped_build(tmp_path: Path) -> None:
    (tmp_path / "COMMIT").write_text(f"{HASH}\n")
    assert commit(tmp_path) == HASH


def test_neither_stamp_nor_checkout(tmp_path: Path) -> None:
    assert commit(tmp_path) == "unknown"


def test_a_branch(tmp_path: Path) -> None:
    (git(tmp_path, "ref: refs/heads/main\n") / "refs" / "heads" / "main").write_text(f"{HASH}\n")
    assert commit(tmp_path) == HASH


def test_a_detached_head(tmp_path: Path) -> None:
    git(tmp_path, f"{HASH}\n")
    assert commit(tmp_path) == HASH


def test_packed_references(tmp_path: Path) -> None:
    packed = git(tmp_path, "ref: refs/heads/main\n") / "packed-refs"
    packed.write_text(f"# pack-refs\n{'f' * 40} refs/heads/other\n{HASH} refs/heads/main\n")
    assert commit(tmp_path) == HASH


def test_a_branch_without_a_commit(tmp_path: Path) -> None:
    git(tmp_path, "ref: refs/heads/main\n")
    assert commit(tmp_path) == "unknown"


def test_a_linked_worktree(tmp_path: Path) -> None:
    main = git(tmp_path / "main", f"{'f' * 40}\n")
    (main / "refs" / "heads" / "topic").write_text(HASH)
    linked = main / "worktrees" / "topic"
    linked.mkdir(parents=True)
    (linked / "HEAD").write_text("ref: refs/heads/topic\n")
    (linked / "commondir").write_text("../..\n")
    (tmp_path / "topic").mkdir()
    (tmp_path / "topic" / ".git").write_text(f"gitdir: {linked}\n")
    assert commit(tmp_path / "topic") == HASH
