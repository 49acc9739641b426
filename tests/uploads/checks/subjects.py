"""Subjects for the checks' tests: a good mod in a portal that has everything."""

import hashlib
import io
from typing import Any

from tests.packages import Mod, Part, encoded, good_parts, mod, sidecar, zip_of
from uploads.checks import PortalFacts, Result, Service, Subject, prepare
from uploads.checks.base import KnownRelease

PORTAL: dict[str, Any] = {
    "builds": {"0.9.0": "accepted", "0.8.0": "deprecated", "0.7.0": "refused"},
    "pinned_build": "0.9.0",
    "taken_versions": frozenset({"0.1.0"}),
    "releases": [
        KnownRelease("example.base", version, "0.9.0") for version in ("1.0.0", "1.4.0", "2.0.0-beta")
    ],
    "framework": "0.5.8",
    "services": {"database": Service(True, "answers"), "storage": Service(True, "writes")},
    "categories": frozenset({"gameplay", "library"}),
}


def portal(**changes: Any) -> PortalFacts:
    """A portal that has everything, but for `changes`."""
    return PortalFacts(**(PORTAL | changes))


def subject(made: Mod | None = None, *, facts: PortalFacts | None = None, **changes: Any) -> Subject:
    """A mod as it arrives in the portal; `changes` are `mod`'s."""
    arrived = made or mod(**changes)
    return of_bytes(arrived.package, arrived.sidecar_raw, facts or portal())


def offline(**changes: Any) -> Subject:
    """The same without a portal."""
    arrived = mod(**changes)
    return of_bytes(arrived.package, arrived.sidecar_raw, None)


def of_bytes(package: bytes, sidecar_raw: bytes | None, facts: PortalFacts | None) -> Subject:
    """Any bytes as a subject."""
    return prepare(
        lambda: io.BytesIO(package),
        len(package),
        sha256=hashlib.sha256(package).hexdigest(),
        sidecar_raw=sidecar_raw,
        portal=facts,
    )


def with_manifest_bytes(raw: bytes) -> Subject:
    """A good mod but for the bytes of its manifest."""
    return of_bytes(zip_of([Part("manifest.json", raw), *good_parts()[1:]]), encoded(sidecar()), portal())


def told(result: Result) -> tuple[str, list[str]]:
    """A result's status and its problems' codes."""
    for problem in result.problems:
        assert problem.message.endswith((".", "?"))
        assert problem.hint
    return result.status.value, [problem.code for problem in result.problems]
