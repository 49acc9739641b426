"""Repack for me, as the portal offers it: what it would change, the new bytes, and a revision made of them.

Rules
- The package is opened in a confined child process alone (the task "repack", `uploads.package.repack`).
- What the child says is not believed unchecked: the new bytes are counted and hashed here.
- Nothing is kept but what a submission's page says of a revision, for a day, by the SHA-256 of its bytes.
- What is submitted is what was shown: the caller names the SHA-256, and the portal repacks again and compares.
- The new package is a revision like any other and goes through every check.
"""

import hashlib
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core.cache import cache

from accounts import permissions
from accounts.errors import RefusedError
from accounts.models import User
from uploads import asked, isolation, services, staging
from uploads.checks import RULES_VERSION
from uploads.isolation.errors import IsolationError, IsolationUnavailableError
from uploads.models import Revision, Submission
from uploads.package import PackageReport
from uploads.package.changes import MAX_TOLD
from uploads.package.content import left_behind
from uploads.package.mending import MANIFEST
from uploads.states import REPLACEABLE, State
from uploads.transitions import illegal

Json = dict[str, Any]
OpenPackage = Callable[[], BinaryIO]

#: What a report says where there is nothing to repack.
NOT_NEEDED: Json = {
    "possible": False,
    "accepted": False,
    "refused": None,
    "changes": [],
    "moreChanges": 0,
    "membersBefore": 0,
    "filesAfter": 0,
    "sha256": "",
    "sizeBytes": 0,
    "problems": [],
}
#: For how long (seconds) the page of a submission knows what repacking would change.
KNOWN = 24 * 3600

#: The keys of a change and of a problem, how long their words may be, and how many problems there may be.
CHANGE = frozenset({"what", "path", "was", "now"})
PROBLEM = frozenset({"code", "message", "hint", "path"})
MAX_WORDS = 2_000
MAX_PROBLEMS = 1_000

#: Codes of problems that a tool may have made; whether it did, only the bytes tell.
_BY_TOOLS = frozenset({"zip.layout", "zip.headers", "zip.flags", "zip.extra", "zip.path", "zip.kind"})


def offer(open_package: OpenPackage, size: int, report: PackageReport) -> Json:
    """What repacking would do to a package that was just read: the document that reports carry as `repack`.

    Costs a look at the headers where there is nothing to mend, and nothing where the package is good.
    """
    if report.accepted and MANIFEST in report.paths:
        return dict(NOT_NEEDED)
    try:
        with open_package() as package:
            planned = _work(package, size, None)
            if not planned["possible"]:
                return planned
            with _scratch() as sink:
                return _work(package, size, sink)
    except (IsolationError, IsolationUnavailableError) as broken:
        why = {"code": broken.code, "message": broken.message, "hint": broken.hint, "path": ""}
        return NOT_NEEDED | {"refused": why}


def repacked(chunks: Iterable[bytes]) -> tuple[Json, BinaryIO]:
    """A package that somebody sent, written anew: what was changed, and an open file with the new bytes.

    Raises RefusedError: `package_too_large` (413), `package_empty`, and as `ensure_good` does.
    """
    sink = _scratch()
    try:
        with _scratch() as source:
            size = 0
            for chunk in chunks:
                size += len(chunk)
                if size > settings.SMMODS_MAX_PACKAGE_BYTES:
                    raise staging.too_large(settings.SMMODS_MAX_PACKAGE_BYTES)
                source.write(chunk)
            if not size:
                raise staging.empty()
            document = _work(source, size, sink)
        ensure_good(document)
        sink.seek(0)
        return document, sink
    except BaseException:
        sink.close()
        raise


def rewrite(source: BinaryIO, size: int, sink: BinaryIO) -> Json:
    """Repack the package of `size` bytes in `source` into `sink`; what was done, or why not."""
    return _work(source, size, sink)


def ensure_good(document: Json) -> None:
    """Raise RefusedError (422) unless repacking made a package that keeps the profile: why, and what remains."""
    why = document["refused"]
    if why is not None:
        place = f"{why['path']}: " if why["path"] else ""
        raise RefusedError(why["code"], f"{place}{why['message']}", why["hint"])
    if not document["accepted"]:
        remaining = document["problems"]
        first = remaining[0]
        raise RefusedError(
            "repack_not_enough",
            f"The rules would still refuse the repacked package: {first['path'] or 'the package'}: "
            f"{first['message']} [{first['code']}]",
            first["hint"] if len(remaining) == 1 else f"{len(remaining)} problems remain. {first['hint']}",
        )


def known(revision: Revision) -> Json | None:
    """What repacking would do to a revision's package, as far as somebody asked within the last day."""
    found: Json | None = cache.get(_key(revision))
    return found


def of(revision: Revision) -> Json:
    """What repacking would do to a revision's package. Raises RefusedError `bytes_gone` (409)."""
    found = known(revision)
    if found is None:
        with _open(revision) as package, _scratch() as sink:
            found = _work(package, revision.size_bytes, sink)
        cache.set(_key(revision), found, KNOWN)
    return found


def may_help(submission: Submission) -> bool:
    """Whether the checks of a submission found something that a tool may have spoiled. Opens no package."""
    revision = submission.current
    if revision is None or revision.bytes_gone_at is not None:
        return False
    if not _has_package(submission) or submission.state not in REPLACEABLE:
        return False
    for result in revision.results.all():
        for problem in [row for row in result.problems if result.status == "failed"]:
            code, path = problem.get("code", ""), problem.get("path", "")
            if code in _BY_TOOLS or (code == "content.allowed" and left_behind(path)):
                return True
            if code == "manifest_missing" and revision.files.filter(path__endswith=f"/{MANIFEST}").exists():
                return True
    return False


def submit(actor: User, submission: Submission, sha256: str) -> Submission:
    """Repack a submission's package and make it the next revision, if it is the one that was shown as `sha256`.

    Raises RefusedError as `services.replace` and `ensure_good` do, and `repack_changed` (409) where the bytes
    are others by now.
    """
    permissions.ensure(actor, "submission.replace", submission.relation(actor))
    if not _has_package(submission) or submission.state not in REPLACEABLE:
        raise illegal(submission, State.UPLOADED)
    revision = services.current(submission)
    with _open(revision) as package, _scratch() as sink:
        document = _work(package, revision.size_bytes, sink)
        ensure_good(document)
        if document["sha256"] != sha256:
            raise RefusedError(
                "repack_changed",
                "The repacked package is no longer the one that you were shown.",
                "Look at what it changes once more, then submit it.",
                status=409,
            )
        sink.seek(0)
        return services.replace(
            actor,
            submission,
            chunks=staging.pieces(sink),
            content_type="application/zip",
            reason=f"Repacked by the portal: {_told(document)}.",
        )


def _has_package(submission: Submission) -> bool:
    """An edit of a listing has none."""
    return submission.kind == Submission.Kind.PACKAGE


def _told(document: Json) -> str:
    """What was changed, in a line for the trail."""
    count = len(document["changes"]) + document["moreChanges"]
    return f"{count:,} change{'' if count == 1 else 's'}"


def _open(revision: Revision) -> BinaryIO:
    try:
        return staging.open_staged(revision)
    except FileNotFoundError as error:
        raise RefusedError(
            "bytes_gone",
            "The bytes of this package are no longer kept.",
            "Upload the package again.",
            status=409,
        ) from error


def _key(revision: Revision) -> str:
    return f"repack.{RULES_VERSION}.{revision.sha256}"


def _scratch() -> BinaryIO:
    """A file of no name, gone when it is closed; beside incoming packages where a portal is set up here."""
    folder = settings.FILE_UPLOAD_TEMP_DIR
    place = folder if folder and Path(folder).is_dir() else None
    return cast("BinaryIO", tempfile.TemporaryFile(dir=place))


def _work(source: BinaryIO, size: int, sink: BinaryIO | None) -> Json:
    profile = asked.profile()
    order = {"size": size, "maxPackage": profile.max_package, "allowed": sorted(profile.allowed)}
    answer = believed(isolation.run("repack", source, order, sink=sink))
    if sink is not None and answer["possible"]:
        digest, written = hashlib.sha256(), 0
        sink.seek(0)
        for piece in staging.pieces(sink):
            digest.update(piece)
            written += len(piece)
        answer |= {"sha256": digest.hexdigest(), "sizeBytes": written}
    return answer


def believed(answer: Json) -> Json:
    """The child's answer, if it has the form of one. Raises IsolationError `inspection_nonsense`."""
    forms = {key: type(value) for key, value in NOT_NEEDED.items()}
    fits = answer.keys() == forms.keys() and all(
        key == "refused" or type(answer[key]) is form for key, form in forms.items()
    )
    if not fits or len(answer["changes"]) > MAX_TOLD or len(answer["problems"]) > MAX_PROBLEMS:
        raise IsolationError("inspection_nonsense", "repacking gave an answer of another form")
    rows = [(row, CHANGE) for row in answer["changes"]] + [(row, PROBLEM) for row in answer["problems"]]
    if answer["refused"] is not None:
        rows.append((answer["refused"], PROBLEM))
    for row, keys in rows:
        if not isinstance(row, dict) or row.keys() != keys or not all(_is_words(row[key]) for key in keys):
            raise IsolationError("inspection_nonsense", "repacking told something that is no words")
    if (
        answer["possible"] is not (answer["refused"] is None)
        or min(answer[key] for key, form in forms.items() if form is int) < 0
    ):
        raise IsolationError("inspection_nonsense", "repacking contradicts itself")
    return dict(answer)


def _is_words(text: object) -> bool:
    return isinstance(text, str) and len(text) <= MAX_WORDS and text.isprintable()
