"""Downloading an artifact: believed by its hash alone, resumed where it broke off.

Rules
- Bytes go into `{sha256}.part` and get their name `{sha256}.zip` only when size and SHA-256 are right.
- What a broken download left is hashed again and continued with a range request; where the site does not
  resume, it starts anew.
- More bytes than the catalog says are not written.
"""

import hashlib
from pathlib import Path

from catalog.client.errors import ClientError
from catalog.client.sources import PIECE, Source

ATTEMPTS = 3


def download(source: Source, address: str, sha256: str, size_bytes: int, folder: Path) -> Path:
    """The verified file in `folder`; a file that is there already is verified and used.

    Raises ClientError: `hash_mismatch`, `interrupted` (what came is kept for the next time), or what the
    source says (`not_found`, `taken_back`, `unavailable`).
    """
    folder.mkdir(parents=True, exist_ok=True)
    ready = folder / f"{sha256}.zip"
    if ready.is_file() and _sha256(ready).hexdigest() == sha256:
        return ready
    part = folder / f"{sha256}.part"
    resumed = False
    for attempt in range(1, ATTEMPTS + 1):
        try:
            resumed = _fetch(source, address, size_bytes, part)
        except ClientError as error:
            if error.code != "interrupted" or attempt == ATTEMPTS:
                raise
            continue
        size = part.stat().st_size
        if size == size_bytes and _sha256(part).hexdigest() == sha256:
            part.replace(ready)
            return ready
        part.unlink()
        if not resumed:
            break
    raise ClientError("hash_mismatch", f"{address} is not what the catalog says: its SHA-256 or size differ.")


def _fetch(source: Source, address: str, size_bytes: int, part: Path) -> bool:
    """Complete `part`; returns whether old bytes were kept. Raises ClientError."""
    offset = part.stat().st_size if part.exists() else 0
    if offset >= size_bytes:
        part.unlink()
        offset = 0
    stream = source.stream(address, offset)
    written = stream.start
    with part.open("r+b" if stream.start else "wb") as file:
        file.seek(stream.start)
        file.truncate()
        for piece in stream.pieces:
            written += len(piece)
            if written > size_bytes:
                break
            file.write(piece)
    if written < size_bytes:
        raise ClientError("interrupted", f"{address} broke off after {written:,} of {size_bytes:,} bytes.")
    if written > size_bytes:
        part.unlink()
        raise ClientError(
            "hash_mismatch", f"{address} is longer than the {size_bytes:,} bytes in the catalog."
        )
    return stream.start > 0


def _sha256(path: Path) -> "hashlib._Hash":
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest
