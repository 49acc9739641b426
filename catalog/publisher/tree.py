"""The public tree in a local folder: what the world reads, and the vault behind it.

Rules
- Nothing is ever written in place. Bytes are written under a name that nobody asks for, synced to the disk,
  and given their name by a link or a rename, which a reader sees whole or not at all.
- Documents lie under a name made of their hash (`documents/{sha256}.json`) and never change; the plain name
  (`api/v1/catalog.json`) is a link to one of them and moves by rename.
- An artifact's bytes lie in the vault (`.private/artifacts/{sha256}`), hashed while they come in and again
  before they are placed. Placing makes a second name for the same bytes, taking back removes that name: the
  bytes stay, for a restore and as evidence. Only the portal's own account may enter the vault.
- A tombstone (`tombstones/{path}.json`) makes an address answer 410, with why.
- Nothing here asks the database.
"""

import hashlib
import os
import re
import secrets
import time
from pathlib import Path
from typing import BinaryIO, Protocol

PIECE = 1024 * 1024
DOCUMENTS, TOMBSTONES, VAULT = "documents", "tombstones", ".private/artifacts"
#: Folders that readers are served from.
PUBLIC = ("api/v1", "downloads")

_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Source(Protocol):
    """Anything that bytes are read from in pieces."""

    def read(self, size: int = ..., /) -> bytes:
        """Up to `size` bytes; empty at the end."""
        ...


class TreeError(Exception):
    """The tree does not hold what it should: bytes that are missing, damaged, or in another's place."""


def is_public(path: str) -> bool:
    """Whether `path` may name a published file: plain parts below one of the public folders."""
    return path.startswith(tuple(f"{folder}/" for folder in PUBLIC)) and all(
        _PART.fullmatch(part) for part in path.split("/")
    )


def sync_folder(folder: Path) -> None:
    """Bring a folder's own entries to the disk, so that a name survives a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _hash_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


class PublicTree:
    """A public tree below `root`. All paths are relative to it, with forward slashes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.vault = root / VAULT

    # Names

    def _public(self, path: str) -> Path:
        if not is_public(path):
            raise ValueError(f"{path!r} is not a path of the public tree")
        return self.root / path

    def _kept(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise ValueError(f"{sha256!r} is not a hash")
        return self.vault / sha256

    def _document(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise ValueError(f"{sha256!r} is not a hash")
        return self.root / DOCUMENTS / f"{sha256}.json"

    def _folder(self, folder: Path, mode: int = 0o755) -> None:
        """Make a folder and those above it, and sync the ones that hold new entries."""
        if folder.is_dir():
            return
        if folder != self.root:
            self._folder(folder.parent, mode)
        folder.mkdir(mode=mode, exist_ok=True)
        sync_folder(folder.parent)

    def _write(self, target: Path, body: bytes) -> None:
        """Give `target` these bytes in one step."""
        self._folder(target.parent)
        draft = target.parent / f".{secrets.token_hex(8)}.draft"
        try:
            with draft.open("wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(target.parent)

    # The vault

    def keep(self, source: Source, limit: int | None = None) -> tuple[str, int]:
        """Copy `source` into the vault; returns its SHA-256 in hex and its size in bytes.

        Raises TreeError as soon as there is more than `limit` bytes, and OSError where the disk refuses;
        nothing is kept then.
        """
        self._folder(self.vault, 0o755)
        self.vault.parent.chmod(0o700)
        draft = self.vault / f".{secrets.token_hex(8)}.draft"
        digest, size = hashlib.sha256(), 0
        try:
            with draft.open("wb") as file:
                while piece := source.read(PIECE):
                    size += len(piece)
                    if limit is not None and size > limit:
                        raise TreeError(f"there are more than the {limit:,} bytes that were announced")
                    digest.update(piece)
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            draft.chmod(0o644)
            draft.replace(self._kept(digest.hexdigest()))
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(self.vault)
        return digest.hexdigest(), size

    def keeps(self, sha256: str) -> bool:
        """Whether the vault has a file of that hash; `place` looks whether it is right."""
        return self._kept(sha256).is_file()

    def open_kept(self, sha256: str) -> BinaryIO:
        """The bytes in the vault. Raises FileNotFoundError."""
        return self._kept(sha256).open("rb")

    def forget(self, sha256: str) -> None:
        """Remove bytes that nothing was published of."""
        self._kept(sha256).unlink(missing_ok=True)

    # Artifacts and tombstones

    def place(self, path: str, sha256: str) -> None:
        """Give the vault's bytes the public name `path`, for good; safe to repeat.

        Raises TreeError where the vault's bytes are missing or are not what their name says, or where
        other bytes have the name already.
        """
        target, kept = self._public(path), self._kept(sha256)
        if not kept.is_file() or _hash_of(kept) != sha256:
            raise TreeError(f"the bytes kept for {path} are missing or damaged")
        self._folder(target.parent)
        try:
            os.link(kept, target)
        except FileExistsError:
            if not target.samefile(kept) and _hash_of(target) != sha256:
                raise TreeError(f"{path} has other bytes already") from None
        sync_folder(target.parent)

    def withdraw(self, path: str) -> None:
        """Take a public name away; the bytes stay in the vault. Safe to repeat."""
        target = self._public(path)
        if target.exists():
            target.unlink()
            sync_folder(target.parent)

    def bury(self, path: str, body: bytes) -> None:
        """Put a tombstone in the place of `path`."""
        self._public(path)
        self._write(self.root / TOMBSTONES / f"{path}.json", body)

    def unbury(self, path: str) -> None:
        """Take the tombstone of `path` away. Safe to repeat."""
        self._public(path)
        stone = self.root / TOMBSTONES / f"{path}.json"
        if stone.exists():
            stone.unlink()
            sync_folder(stone.parent)

    def tombstone(self, path: str) -> bytes | None:
        """What the tombstone of `path` says, or None where there is none."""
        self._public(path)
        try:
            return (self.root / TOMBSTONES / f"{path}.json").read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    # Documents

    def store(self, body: bytes) -> str:
        """Write a document under its hash and return that; nobody is pointed at it yet. Safe to repeat."""
        sha256 = hashlib.sha256(body).hexdigest()
        if not self.stores(sha256):
            self._write(self._document(sha256), body)
        return sha256

    def stores(self, sha256: str) -> bool:
        """Whether a document of that hash is there and is right: it is read and hashed again."""
        document = self._document(sha256)
        return document.is_file() and _hash_of(document) == sha256

    def point(self, path: str, sha256: str) -> None:
        """Make the plain name `path` show the document of that hash, in one step. Safe to repeat.

        A file's time is what a web server tells versions apart by, to the second, so the new one is always
        later than the one that it replaces. Raises FileNotFoundError where the document is missing.
        """
        target, document = self._public(path), self._document(sha256)
        self._folder(target.parent)
        if target.exists():
            if target.samefile(document):
                return
            before = int(target.stat().st_mtime)
            if int(document.stat().st_mtime) <= before:
                os.utime(document, (before + 1, before + 1))
        draft = target.parent / f".{secrets.token_hex(8)}.draft"
        os.link(document, draft)
        draft.replace(target)
        sync_folder(target.parent)

    def read(self, path: str) -> bytes | None:
        """The bytes under a public name, or None where there is nothing."""
        try:
            return self._public(path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def size(self, sha256: str) -> int:
        """How many bytes a stored document has. Raises FileNotFoundError."""
        return self._document(sha256).stat().st_size

    def size_of(self, path: str) -> int | None:
        """How many bytes lie under a public name; None where there is nothing."""
        try:
            return self._public(path).stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return None

    def sweep(self, older_than: float) -> int:
        """Remove documents that no plain name shows and what a killed process left half-written.

        Only what is older than so many seconds goes; returns how many files did. A document that is shown
        has a second name, so its count of links tells.
        """
        limit, removed = time.time() - older_than, 0
        for folder, drafts_only in ((self.root / DOCUMENTS, False), (self.vault, True)):
            if not folder.is_dir():
                continue
            with os.scandir(folder) as entries:
                for entry in entries:
                    if drafts_only and not entry.name.endswith(".draft"):
                        continue
                    facts = entry.stat()
                    if facts.st_nlink == 1 and facts.st_ctime < limit:
                        Path(entry.path).unlink()
                        removed += 1
        return removed
