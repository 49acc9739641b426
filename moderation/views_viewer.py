"""One member of a package on a page of its own: as numbered lines or hex by pieces, and pictures written anew.

Rules
- Nothing of the package is sent as it is: text goes through a template that escapes it, a picture is decoded
  and encoded again in the confined child, sent as `image/png` under a policy that allows nothing at all.
- In the address: `path`, `side` (new, or old for the last approved release), `offset` or `line` to begin at,
  `as=hex`.
"""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.errors import RefusedError
from moderation import evidence, findings, opened, pictures, viewers
from moderation.views_review import address, reviewed
from uploads.models import PackageFile, Revision, Submission

SANDBOX = "default-src 'none'; sandbox; frame-ancestors 'self'"


def _member(request: HttpRequest, submission: Submission, current: Revision) -> tuple[Revision, PackageFile]:
    """Which file of which side is asked for. Raises RefusedError (404)."""
    revision = evidence.baseline(submission) if request.GET.get("side") == "old" else current
    path = request.GET.get("path", "")
    row = revision.files.filter(path=path).first() if revision is not None and "\0" not in path else None
    if revision is None or row is None:
        raise RefusedError(
            "not_found", "There is no such file in this package.", "Choose one of the list.", status=404
        )
    return revision, row


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0


@never_cache
@require_safe
def file(request: HttpRequest, submission_id: str) -> HttpResponse:
    """A piece of one member, with what is known of it and the findings in it."""
    _, submission, current = reviewed(request, submission_id)
    revision, row = _member(request, submission, current)
    as_hex, line = request.GET.get("as") == "hex", _number(request.GET.get("line", ""))
    old = revision.pk != current.pk
    notes = {} if old else findings.of(submission, current).by_line.get(row.path, {})
    offset = _number(request.GET.get("offset", ""))
    found = viewers.view(revision, row, offset, line=line, as_hex=as_hex, notes=notes)
    if not old:
        opened.note(request.session, f"{submission_id}/{current.number}", row.path)
    base: dict[str, Any] = {"path": row.path} | ({"side": "old"} if old else {})
    kept = base | ({"as": "hex"} if as_hex else {})
    beside = _beside(revision, row.path)
    context = {
        "submission": submission,
        "base": address(submission_id),
        "revision": revision,
        "view": found,
        "old": old,
        "side": "old" if old else "new",
        "as_hex": as_hex,
        "before": urlencode(kept | {"offset": found.before}) if found.before is not None else "",
        "after": urlencode(kept | {"offset": found.after}) if found.after is not None else "",
        "other": urlencode(base | ({} if as_hex else {"as": "hex"})),
        "picture": urlencode(base),
        "file_notes": [note for of_line in notes.values() for note in of_line],
        "previous_file": beside[0],
        "next_file": beside[1],
        "number": line or "",
    }
    return render(request, "moderation/file.html", context)


def _beside(revision: Revision, path: str) -> tuple[str, str]:
    """The paths before and after this one in the package; empty at its ends."""
    before = revision.files.filter(path__lt=path).order_by("-path").values_list("path", flat=True).first()
    after = revision.files.filter(path__gt=path).order_by("path").values_list("path", flat=True).first()
    return before or "", after or ""


@never_cache
@require_safe
def image(request: HttpRequest, submission_id: str) -> HttpResponse:
    """The picture at `path`, written anew; 422 with the reason where it can't be shown."""
    _, submission, current = reviewed(request, submission_id)
    revision, row = _member(request, submission, current)
    if row.kind not in viewers.PICTURES:
        raise RefusedError(
            "image_not_shown",
            "It is no image of a kind that is shown.",
            "Look at its bytes in the viewer.",
            status=422,
        )
    shown = pictures.picture(revision, row.path)
    answer = HttpResponse(shown.png, content_type="image/png")
    answer["Content-Security-Policy"] = SANDBOX
    answer["Content-Disposition"] = 'inline; filename="picture.png"'
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    answer["Cache-Control"] = "no-store, private"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
