"""JSON API of this room: the queue, a decision, a verdict on a finding. By session alone."""

from datetime import UTC, datetime
from typing import Any, TypeVar

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field, ValidationError

from accounts import strict_json
from accounts.api_auth import session
from accounts.errors import Problem, RefusedError
from accounts.limits import limited
from accounts.models import User
from moderation import actions, queue, verdicts
from moderation.queue_filters import AGES, DUES, LEAST_RISK, OF, SORTS, VIEWS, Filters
from moderation.table import ACTIONS
from uploads import documents
from uploads.models import QueueReason

router = Router(tags=["moderation"])


class Given(Schema):
    """A reason of a decision: a policy's code, and its blanks filled."""

    model_config = ConfigDict(extra="forbid")
    policy: str = Field(max_length=40)
    values: dict[str, str] = Field(default_factory=dict)


class DecisionIn(Schema):
    """A decision, on the revision and the SHA-256 that were seen."""

    model_config = ConfigDict(extra="forbid")
    action: str = Field(max_length=40, description=f"One of {', '.join(ACTIONS)}.")
    revision: int = Field(ge=1)
    sha256: str = Field(min_length=64, max_length=64)
    reasons: list[Given] = Field(default_factory=list, max_length=50)
    note: str | None = ""
    successor: str | None = ""
    level: str | None = ""
    question: str | None = ""


class Asked(Schema):
    """Which list of the queue: its view, and the filters that narrow it."""

    view: str = Field("all", description=f"One of {', '.join(VIEWS)}.")
    mine: bool = Field(False, description="The same as the view mine.")
    q: str = Field("", description="A mod, an author, or the beginning of a SHA-256.")
    kind: str = Field("", description=f"Why it waits: one of {', '.join(QueueReason.Kind.values)}.")
    of: str = Field("", description=f"One of {', '.join(OF)}.")
    risk: str = Field("", description=f"At least: one of {', '.join(LEAST_RISK)}.")
    author: str = Field("", description="A name, an address or an account's id.")
    build: str = Field("", description="The game build that it is for.")
    age: str = Field("", description=f"Waiting for so many days or more: one of {', '.join(AGES)}.")
    due: str = Field("", description=f"One of {', '.join(DUES)}.")
    sort: str = Field("due", description=f"One of {', '.join(SORTS)}.")


class VerdictIn(Schema):
    """A verdict on a finding of the current revision, by its fingerprint, and how far it reaches."""

    model_config = ConfigDict(extra="forbid")
    fingerprint: str = Field(max_length=32)
    verdict: str = Field(max_length=20, description=f"One of {', '.join(verdicts.Verdict.values)}.")
    scope: str = Field(max_length=20, description=f"One of {', '.join(verdicts.Scope.values)}.")
    note: str | None = Field(default="", max_length=5000)


def _schema() -> dict[str, Any]:
    """The JSON Schema of a decision, in one piece, for the API's description."""
    schema = DecisionIn.model_json_schema()
    schema["properties"]["reasons"]["items"] = schema.pop("$defs")["Given"]
    return schema


@router.get("/moderation/queue", auth=session, summary="What waits for a decision, and why")
def list_queue(
    request: HttpRequest,
    asked: Query[Asked],
    limit: int = queue.PAGE,
    cursor: str = "",
) -> dict[str, Any]:
    """A page of the queue, by the tabs and filters of its page: earliest due first, then the higher risk."""
    found = queue.page(_user(request), Filters.read(asked.model_dump()), cursor=cursor, limit=limit)
    figures = found.figures
    return {
        "items": [_item(item) for item in found.items],
        "next": found.next,
        "waiting": figures.waiting,
        "overdue": figures.overdue,
        "medianWaitSeconds": figures.median,
        "p90WaitSeconds": figures.p90,
        "views": figures.views,
    }


@router.post(
    "/submissions/{submission_id}/decisions",
    auth=session,
    summary="Decide on the bytes that were seen",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _schema()}},
        }
    },
)
@limited("write")
def make_decision(request: HttpRequest, submission_id: str) -> dict[str, Any]:
    """One action of the table; 409 with what is true now where somebody or something was first."""
    given = _read(DecisionIn, request.body, "decision")
    actor = _user(request)
    outcome = actions.decide(
        actor,
        submission_id,
        action=given.action,
        revision=given.revision,
        sha256=given.sha256,
        reasons=[reason.model_dump() for reason in given.reasons],
        note=given.note or "",
        successor=given.successor or "",
        level=given.level or "",
        question=given.question or "",
    )
    document = documents.as_document(outcome.submission, actor)
    return document | ({"needs": outcome.needs} if outcome.needs else {})


@router.post(
    "/submissions/{submission_id}/findings",
    auth=session,
    summary="Judge a finding",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": VerdictIn.model_json_schema()}},
        }
    },
)
@limited("write")
def judge_finding(request: HttpRequest, submission_id: str) -> dict[str, Any]:
    """Say whether a finding of the current revision is true, and how far that reaches; 409 where it stands already."""
    given = _read(VerdictIn, request.body, "verdict")
    judged = verdicts.judge(
        _user(request), submission_id, given.fingerprint, given.verdict, given.scope, given.note or ""
    )
    row = judged.verdict
    return {
        "submissionId": submission_id,
        "fingerprint": row.fingerprint,
        "code": row.code,
        "verdict": row.verdict,
        "scope": row.scope,
        "note": row.note,
        "inForce": row.in_force_at is not None,
        "at": _stamp(row.at),
    } | ({"needs": judged.needs} if judged.needs else {})


T = TypeVar("T", bound=Schema)


def _read(kind: type[T], raw: bytes, name: str) -> T:
    value = strict_json.loads(raw)
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        found = [
            Problem(
                str(item["type"]),
                str(item["msg"]),
                "See the description of this call.",
                "/" + "/".join(str(part) for part in item["loc"]),
            )
            for item in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise RefusedError(
            "bad_input",
            f"The {name} is not one that this call takes.",
            "Each entry of errors names the place.",
            status=422,
            problems=found,
        ) from error


def _user(request: HttpRequest) -> User:
    account: Any = request
    user: User = account.auth
    return user


def _stamp(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def _item(item: queue.Item) -> dict[str, Any]:
    row = item.submission
    return {
        "submissionId": row.submission_id,
        "state": row.state,
        "modId": row.mod_id,
        "name": row.name,
        "version": row.version,
        "revision": row.current.number if row.current else None,
        "packageSha256": row.current.sha256 if row.current else None,
        "author": row.author.name,
        "reasons": [
            {
                "kind": reason.kind,
                "detail": reason.detail,
                "openedAt": _stamp(reason.opened_at),
                "dueAt": _stamp(reason.due_at),
            }
            for reason in item.reasons
        ],
        "dueAt": _stamp(item.due),
        "waitingSince": _stamp(item.since),
        "waitingSeconds": int(item.waited.total_seconds()),
        "overdue": item.overdue,
        "risk": item.risk,
        "needs": "second_person" if item.second else None,
        "escalated": row.escalated_at is not None,
        "ownWork": item.own,
        "stuck": item.stuck or None,
        "assignedTo": item.assigned.name if item.assigned else None,
        "lease": {"holder": item.held.holder.name, "mine": item.held.mine, "until": _stamp(item.held.until)}
        if item.held
        else None,
        "reviewUrl": None if item.own else f"/moderation/review/{row.submission_id}/",
    }
