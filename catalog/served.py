"""The published tree under the portal's own web server, where no nginx or CDN stands in front.

Rules
- It answers from the tree alone: no database, no session, so downloads go on when the portal is down.
- An artifact never changes: it may be kept for a year, resumed by ranges, and is always a download, never
  shown: attachment, no sniffing, a sandbox. A document may be kept for a second.
- The entity tag is the SHA-256 of the bytes, strong.
- What was taken back answers 410 with why: to programs a problem document, to people a page.
- Every published file may be read from any site (CORS); nothing else here may.
"""

import hashlib
import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.template.loader import render_to_string

from accounts import problems
from accounts.errors import RefusedError
from catalog.byte_ranges import Part, UnsatisfiableError, asked_part, matches
from catalog.publisher.tree import PublicTree, is_public

PIECE = 256 * 1024
ARTIFACTS = "downloads/"
FOR_EVER = "public, max-age=31536000, immutable"
SHORT = "public, max-age=1, must-revalidate"
METHODS = ("GET", "HEAD")


@lru_cache(maxsize=4096)
def _hash(path: Path, inode: int, changed: int, size: int) -> str:
    """The file's SHA-256; the other values make a changed file another question."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _pieces(path: Path, part: Part) -> Iterator[bytes]:
    left = part.length
    with path.open("rb") as file:
        file.seek(part.start)
        while left > 0 and (piece := file.read(min(PIECE, left))):
            left -= len(piece)
            yield piece


def published(request: HttpRequest, path: str) -> HttpResponseBase:
    """A published document or artifact, whole or in part; 404, 405, 410, 416 where that can't be."""
    if not is_public(path):
        return _absent(path)
    tree = PublicTree(settings.PUBLIC_ROOT)
    file = tree.root / path
    if not file.is_file():
        stone = tree.tombstone(path)
        return _absent(path) if stone is None else _gone(request, stone)
    if request.method not in METHODS:
        return _wrong_method()
    response = _answer(request, path, file)
    if path.startswith(ARTIFACTS):
        _as_download(response, path)
    response["Access-Control-Allow-Origin"] = "*"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _answer(request: HttpRequest, path: str, file: Path) -> HttpResponseBase:
    facts = file.stat()
    etag = f'"{_hash(file, facts.st_ino, facts.st_mtime_ns, facts.st_size)}"'
    response: HttpResponseBase
    if matches(request.headers.get("If-None-Match", ""), etag):
        response = HttpResponse(status=304)
        del response["Content-Type"]
    else:
        response = _body(request, file, facts.st_size, etag)
        response["Content-Type"] = "application/zip" if path.endswith(".zip") else "application/json"
        response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    response["Cache-Control"] = FOR_EVER if path.startswith(ARTIFACTS) else SHORT
    return response


def _body(request: HttpRequest, file: Path, size: int, etag: str) -> HttpResponseBase:
    part, status = Part(0, size), 200
    headers: dict[str, str] = {}
    if request.headers.get("If-Range", etag) == etag:
        try:
            asked = asked_part(request.headers.get("Range", ""), size)
        except UnsatisfiableError:
            return HttpResponse(
                status=416, headers={"Content-Range": f"bytes */{size}", "Content-Length": "0"}
            )
        if asked is not None:
            part, status = asked, 206
            last = part.start + part.length - 1
            headers["Content-Range"] = f"bytes {part.start}-{last}/{size}"
    headers["Content-Length"] = str(part.length)
    if request.method == "HEAD":
        return HttpResponse(status=status, headers=headers)
    return StreamingHttpResponse(_pieces(file, part), status=status, headers=headers)


def _as_download(response: HttpResponseBase, path: str) -> None:
    response["Content-Disposition"] = f'attachment; filename="{path.rpartition("/")[2]}"'
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"


def _absent(path: str) -> HttpResponse:
    if path.startswith("api/"):
        return problems.response(
            RefusedError("not_found", "There is no such document.", "Check the address.", status=404)
        )
    raise Http404


def _wrong_method() -> HttpResponse:
    refused = problems.response(
        RefusedError("method_not_allowed", "This file can only be read.", "Use GET or HEAD.", status=405)
    )
    refused["Allow"] = ", ".join(METHODS)
    return refused


def _gone(request: HttpRequest, stone: bytes) -> HttpResponse:
    facts: dict[str, Any] = json.loads(stone)
    if request.accepts("text/html") and request.headers.get("Accept", "*/*") != "*/*":
        page = render_to_string("catalog/gone.html", {"facts": facts})
        response = HttpResponse(page, status=410)
    else:
        response = HttpResponse(stone, status=410, content_type=problems.CONTENT_TYPE)
    response["Cache-Control"] = SHORT
    response["Access-Control-Allow-Origin"] = "*"
    response["Vary"] = "Accept"
    return response
