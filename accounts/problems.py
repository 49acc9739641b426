"""Refusals over HTTP: problem documents (RFC 9457) for programs, and cursors for lists.

Rules
- The media type is `application/problem+json`; `code` is stable, `title` and `detail` are for people.
- Bad input lists `errors` of `{pointer, code, message, hint}`.
- 429 and 503 carry `Retry-After` in seconds.
"""

import base64
import binascii
import json
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse

from accounts.errors import RefusedError

CONTENT_TYPE = "application/problem+json"


def document(refused: RefusedError) -> dict[str, Any]:
    """The problem document of a refusal, as plain JSON values."""
    body: dict[str, Any] = {
        "type": f"/api/v1/problems/{refused.code}",
        "title": HTTPStatus(refused.status).phrase,
        "status": refused.status,
        "code": refused.code,
        "detail": refused.message,
    }
    if refused.hint:
        body["hint"] = refused.hint
    if refused.problems:
        body["errors"] = [
            {"pointer": p.pointer or p.path, "code": p.code, "message": p.message, "hint": p.hint}
            for p in refused.problems
        ]
    return refused.extra | body


def response(refused: RefusedError) -> HttpResponse:
    """The answer to a program whose request was refused."""
    answer = HttpResponse(
        json.dumps(document(refused), ensure_ascii=False), content_type=CONTENT_TYPE, status=refused.status
    )
    wait = refused.retry_after
    if wait is None and refused.status in (429, 503):
        wait = 30
    if wait is not None:
        answer["Retry-After"] = str(wait)
    answer["Cache-Control"] = "no-store"
    return answer


def cursor_for(value: int | str) -> str:
    """An opaque cursor that says where the next page begins."""
    return base64.urlsafe_b64encode(str(value).encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> str:
    """What `cursor_for` was given. Raises RefusedError (400) for anything that it did not make."""
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError) as error:
        raise RefusedError(
            "bad_cursor",
            "This cursor is not one of ours.",
            "Leave it out to start at the beginning.",
            status=400,
        ) from error


def read_number(cursor: str) -> int:
    """The number that `cursor_for` was given. Raises RefusedError (400) for anything else."""
    text = read_cursor(cursor)
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise RefusedError(
            "bad_cursor",
            "This cursor is not one of ours.",
            "Leave it out to start at the beginning.",
            status=400,
        )
    return int(text)
