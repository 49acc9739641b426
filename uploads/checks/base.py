"""What a check is, what it looks at and what it says.

A check is a pure function: everything it may know is in its subject, as plain values that the caller
gathered. It answers with one `Result`. What it says while it runs:

* `passed`   nothing is wrong
* `warned`   something deserves a look, and nothing is refused
* `failed`   something is wrong; each problem says what, where and how to mend it
* `not_run`  it could not be asked here, and why
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, BinaryIO, Generic, TypeVar

from accounts.errors import Problem
from uploads.package import PackageReport
from uploads.scanners.verdict import Verdict
from uploads.signals import rules_version
from uploads.signals.found import Signal

#: Grows whenever a rule changes what it takes, refuses or finds; stored with every result.
RULES_VERSION = rules_version.VERSION

#: The build that releases are taken for where no portal says otherwise.
SHIPPED_BUILD = "0.9.0"

Json = dict[str, Any]
Evidence = dict[str, Any]
S = TypeVar("S")


class Status(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    WARNED = "warned"
    NOT_RUN = "not_run"


class Phase(StrEnum):
    """When a check runs: on arrival, over the planned tree before the switch, or after it."""

    INTAKE = "intake"
    PUBLICATION = "publication"
    AFTER = "after"


class MustWaitError(Exception):
    """A check cannot be answered now through no fault of the package: the submission waits, to be tried again.

    `check_id` says which check, `code` and `message` what it waits for.
    """

    def __init__(self, check_id: str, code: str, message: str) -> None:
        super().__init__(message)
        self.check_id = check_id
        self.code = code
        self.message = message


class ScannerUnavailableError(MustWaitError):
    """A configured scanner gave no answer that can be believed."""


class BackendNotReadyError(MustWaitError):
    """A service that the portal needs is not running."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a check said. `code`, `message`, `hint` and `path` are its first problem's, if it has any."""

    check_id: str
    status: Status
    code: str = ""
    message: str = ""
    hint: str = ""
    path: str = ""
    evidence: Evidence = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    rules_version: str = RULES_VERSION

    def as_dict(self) -> Json:
        """The result as documents and reports write it.

        A problem's `path` is the file that it is in, or else the pointer into the document; `pointer` is
        always the JSON pointer, and empty where the problem is not in a document.
        """
        return {
            "id": self.check_id,
            "status": self.status.value,
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "path": self.path,
            "evidence": self.evidence,
            "problems": [
                {
                    "code": p.code,
                    "message": p.message,
                    "hint": p.hint,
                    "path": p.path or p.pointer,
                    "pointer": p.pointer,
                }
                for p in self.problems
            ],
            "rulesVersion": self.rules_version,
        }


@dataclass(frozen=True, slots=True)
class Service:
    """Whether a service runs, and how that is known or what is missing."""

    live: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class KnownRelease:
    """A release that checks know of: published, or on its way beside the one that is checked.

    `dependencies` and `conflicts` are as manifests write them, `framework` is a range or empty. `submission_id`
    names the submission of one that is not published yet.
    """

    mod_id: str
    version: str
    target_game_build: str
    framework: str = ""
    dependencies: Sequence[Json] = ()
    conflicts: Sequence[Json] = ()
    superseded: bool = False
    submission_id: str = ""


@dataclass(frozen=True, slots=True)
class PortalFacts:
    """What checks must know of the portal, gathered by the caller.

    `builds` maps each known game build to accepted, deprecated or refused. `taken_versions` are those of this
    mod that are published, were ever, or are on their way in another submission; `newest_stable` is the highest
    version of it that is in the catalog and no prerelease, if any. `releases` are the published ones of each
    mod that is named, and of all that these need in turn; `batch` those that come beside this one;
    `releases_cut` tells that there were more than are gathered. `services` are those that this environment
    asks for. `antivirus` is "off" or a clamd address; `antivirus_max_age` is in
    days, None where the age of signatures is not asked for; `antivirus_timeout` in seconds;
    `antivirus_unfit` says why the scanner there is not to be believed, and is empty where it is;
    `antivirus_probed` names the scanner whose limits were tried, and is empty where none had to be.
    """

    builds: Mapping[str, str]
    pinned_build: str
    taken_versions: frozenset[str] = frozenset()
    newest_stable: str | None = None
    releases: Sequence[KnownRelease] = ()
    batch: Sequence[KnownRelease] = ()
    releases_cut: bool = False
    framework: str | None = None
    services: Mapping[str, Service] = field(default_factory=dict)
    categories: frozenset[str] = frozenset()
    antivirus: str = "off"
    antivirus_max_age: int | None = 7
    antivirus_timeout: float = 120
    antivirus_unfit: str = ""
    antivirus_probed: str = ""
    environment: str = "development"


@dataclass(frozen=True, slots=True)
class Subject:
    """A package and its documents as intake checks see them.

    `manifest` and `sidecar` are the documents as far as they are JSON objects, checked or not. `portal` is
    None where a package is checked without one; what needs it is then `not_run`. `signals` and `programs`
    (the facts of each Windows program, by path) are what the child process found beside the rules; `scanners`
    says which scanners and rules looked, by name. `leaked_keys` are API keys of this portal that lay in the
    package, each as prefix and SHA-256 of its secret. `antivirus` is what the scanner said where it looked while
    the package was being unpacked. `confined_by` is how the child process was confined.
    """

    open_package: Callable[[], BinaryIO]
    size: int
    sha256: str
    report: PackageReport
    manifest: Json | None
    sidecar: Json | None
    sidecar_raw: bytes | None = None
    portal: PortalFacts | None = None
    signals: Sequence[Signal] = ()
    programs: Mapping[str, Json] = field(default_factory=dict)
    scanners: Mapping[str, str] = field(default_factory=dict)
    leaked_keys: Sequence[Mapping[str, str]] = ()
    antivirus: Verdict | None = None
    confined_by: str = ""


@dataclass(frozen=True, slots=True)
class PublishedRelease:
    """A release in the tree that is planned, or that was published, as later checks see it.

    `get` reads a document by its path without a leading slash: of the planned tree, or over the live address.
    `sha256` and `size` are those of the bytes that were reviewed. `smoke` is the report of the public smoke.
    """

    mod_id: str
    version: str
    name: str
    slug: str
    sha256: str
    size: int
    artifact_path: str
    get: Callable[[str], bytes | None]
    open_artifact: Callable[[], BinaryIO]
    detail_html: str = ""
    smoke: Json | None = None


@dataclass(frozen=True, slots=True)
class Check(Generic[S]):
    """A check: its id and title, what it asks (`description`), its phase and every code it may answer with.

    `extension` marks what goes beyond the publishing contract's own fourteen.
    """

    id: str
    title: str
    description: str
    phase: Phase
    codes: tuple[str, ...]
    run: Callable[[S], Result]
    required: bool = True
    extension: bool = False


def passed(check_id: str, message: str, **evidence: Any) -> Result:
    """Nothing is wrong; `message` says what was found."""
    return Result(check_id, Status.PASSED, message=message, evidence=evidence)


def not_run(check_id: str, code: str, message: str) -> Result:
    """It could not be asked here; `message` says why."""
    return Result(check_id, Status.NOT_RUN, code, message)


def failed(check_id: str, problems: Sequence[Problem], **evidence: Any) -> Result:
    """Something is wrong. `problems` must not be empty."""
    return _with_problems(check_id, Status.FAILED, problems, evidence)


def warned(check_id: str, problems: Sequence[Problem], **evidence: Any) -> Result:
    """Something deserves a look. `problems` must not be empty."""
    return _with_problems(check_id, Status.WARNED, problems, evidence)


def _with_problems(check_id: str, status: Status, problems: Sequence[Problem], evidence: Evidence) -> Result:
    first = problems[0]
    return Result(
        check_id,
        status,
        first.code,
        first.message,
        first.hint,
        first.path or first.pointer,
        evidence,
        tuple(problems),
    )


def judged(check_id: str, problems: Sequence[Problem], message: str, **evidence: Any) -> Result:
    """Failed with `problems` if there are any, else passed with `message`."""
    return failed(check_id, problems, **evidence) if problems else passed(check_id, message, **evidence)


def text_of(document: Json | None, key: str) -> str:
    """The text at `key`, or nothing: documents may be wrong in form where a check looks at them."""
    value = (document or {}).get(key)
    return value if isinstance(value, str) else ""


def objects_of(document: Json | None, key: str) -> list[Json]:
    """The objects in the list at `key`; what is no object is left to the schema's check."""
    value = (document or {}).get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
