"""Which commit is running: from a `COMMIT` file in a build, else from the checkout."""

from pathlib import Path


def commit(base: Path) -> str:
    """The commit's full hash, or `unknown`. Reads files only, so no git is needed where the portal runs."""
    stamped = base / "COMMIT"
    if stamped.is_file():
        return stamped.read_text(encoding="ascii").strip() or "unknown"
    git = base / ".git"
    try:
        if git.is_file():
            git = (base / git.read_text(encoding="utf-8").partition("gitdir:")[2].strip()).resolve()
        head = (git / "HEAD").read_text(encoding="ascii").strip()
        if not head.startswith("ref: "):
            return head
        return _resolve(git, head.removeprefix("ref: "))
    except (OSError, UnicodeDecodeError):
        return "unknown"


def _resolve(git: Path, reference: str) -> str:
    """The hash that a reference names: in its own file, or in the packed list; a worktree shares both."""
    common = git / "commondir"
    folders = [git]
    if common.is_file():
        folders.append((git / common.read_text(encoding="utf-8").strip()).resolve())
    for folder in folders:
        if (folder / reference).is_file():
            return (folder / reference).read_text(encoding="ascii").strip()
        packed = folder / "packed-refs"
        if packed.is_file():
            for line in packed.read_text(encoding="utf-8").splitlines():
                value, _, name = line.partition(" ")
                if name == reference:
                    return value
    return "unknown"
