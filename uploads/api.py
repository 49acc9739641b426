"""JSON API of this room: input to plain values, one service, the result rendered."""

from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Router

from accounts import permissions, problems
from accounts.api_auth import session_or_key
from accounts.errors import RefusedError
from accounts.limits import limited
from accounts.models import User
from uploads import gate, rehearsal, services
from uploads.api_parts import read_parts
from uploads.models import Submission
from uploads.states import STATES

router = Router(tags=["uploads"])

MAX_ITEMS = 100
LONGEST_NUMBER = 19
_PARTS = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["package"],
                    "properties": {
                        "package": {
                            "type": "string",
                            "format": "binary",
                            "contentMediaType": "application/zip",
                            "description": "The package: a ZIP, application/zip or application/x-zip-compressed.",
                        },
                        "sidecar": {
                            "type": "string",
                            "format": "binary",
                            "contentMediaType": "application/json",
                            "description": "The sidecar *.release.json, smmods.mod-release-submission.v1.",
                        },
                    },
                }
            }
        },
    }
}


def _user(request: HttpRequest) -> User:
    account: Any = request
    user: User = account.auth
    return user


def _answer(document: dict[str, Any], status: int = 200, location: str = "") -> HttpResponse:
    answer = JsonResponse(
        document, status=status, encoder=DjangoJSONEncoder, json_dumps_params={"ensure_ascii": False}
    )
    if location:
        answer["Location"] = location
    answer["Cache-Control"] = "no-store"
    return answer


def _before(cursor: str) -> int:
    """The row before which the page begins. Raises RefusedError (400) for a cursor that is not ours."""
    before = problems.read_cursor(cursor)
    if not (before.isascii() and before.isdigit() and len(before) < LONGEST_NUMBER):
        raise RefusedError(
            "bad_cursor",
            "This cursor is not one of ours.",
            "Leave it out to start at the beginning.",
            status=400,
        )
    return int(before)


@router.post(
    "/uploads", auth=session_or_key("uploads:write"), openapi_extra=_PARTS, summary="Submit a release"
)
@limited("upload")
def create(request: HttpRequest) -> HttpResponse:
    """Take a package and its sidecar: 202 and the submission, whose checks are under way. The parts are
    `package` and `sidecar`; `Idempotency-Key` makes a retry safe."""
    user = _user(request)
    permissions.ensure(user, "upload.create")
    gate.ensure_open()
    parts = read_parts(request)
    submission = services.receive(
        user,
        chunks=parts.chunks(),
        content_type=parts.content_type,
        sidecar_raw=parts.sidecar,
        via=Submission.Via.API,
        idempotency_key=request.headers.get("Idempotency-Key"),
    )
    document = services.as_document(submission, user)
    return _answer(document, 202, document["statusUrl"])


@router.get("/uploads", auth=session_or_key("uploads:read"), summary="List submissions")
def list_uploads(
    request: HttpRequest, q: str = "", state: str = "", limit: int = 20, cursor: str = ""
) -> HttpResponse:
    """Submissions that you may see, the newest first: your own and your namespaces'; all for moderators."""
    user = _user(request)
    rows = Submission.objects.visible_to(user)
    if state:
        if state not in STATES:
            raise RefusedError(
                "bad_state", f"{state[:40]!r} is not a state.", f"Use one of {', '.join(STATES)}.", status=422
            )
        rows = rows.filter(state=state)
    if q := q.replace("\0", "").strip():
        rows = rows.filter(Q(mod_id__icontains=q) | Q(name__icontains=q) | Q(submission_id=q))
    if cursor:
        rows = rows.filter(pk__lt=_before(cursor))
    size = min(max(limit, 1), MAX_ITEMS)
    found = list(rows.select_related("current").prefetch_related("current__results")[: size + 1])
    page = found[:size]
    return _answer(
        {
            "items": [services.as_document(row, user, queue=False) for row in page],
            "next": problems.cursor_for(page[-1].pk) if len(found) > size else None,
        }
    )


@router.get("/uploads/{submission_id}", auth=session_or_key("uploads:read"), summary="One submission")
def read(request: HttpRequest, submission_id: str) -> HttpResponse:
    """The submission: its state, every check's result, its place in the queue."""
    user = _user(request)
    return _answer(services.as_document(services.find(user, submission_id), user))


@router.post("/uploads/{submission_id}/cancel", auth=session_or_key("uploads:write"), summary="Withdraw")
@limited("write")
def cancel(request: HttpRequest, submission_id: str) -> HttpResponse:
    """Take a submission back; its version is free again."""
    user = _user(request)
    submission = services.withdraw(user, services.find(user, submission_id))
    return _answer(services.as_document(submission, user))


@router.post(
    "/uploads/{submission_id}/package",
    auth=session_or_key("uploads:write"),
    openapi_extra=_PARTS,
    summary="Replace the package",
)
@limited("upload")
def replace_package(request: HttpRequest, submission_id: str) -> HttpResponse:
    """A new package for a submission whose checks failed or for which changes were asked: its next revision.
    Without a sidecar the one before counts."""
    user = _user(request)
    submission = services.find(user, submission_id)
    permissions.ensure(user, "submission.replace", submission.relation(user))
    gate.ensure_open()
    parts = read_parts(request)
    submission = services.replace(
        user, submission, chunks=parts.chunks(), content_type=parts.content_type, sidecar_raw=parts.sidecar
    )
    document = services.as_document(submission, user)
    return _answer(document, 202, document["statusUrl"])


@router.post("/validate", auth=None, openapi_extra=_PARTS, summary="Rehearse")
@limited("rehearsal")
def validate(request: HttpRequest) -> HttpResponse:
    """A rehearsal, open to everybody: the same checks and report; nothing is queued and nothing kept."""
    parts = read_parts(request)
    report = rehearsal.rehearse(
        chunks=parts.chunks(), content_type=parts.content_type, sidecar_raw=parts.sidecar
    )
    return _answer(report)
