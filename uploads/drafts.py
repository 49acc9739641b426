"""A browser's draft: what its package says of itself, and the form that is filled from it.

Rules
- The manifest is read by the confined child process, never otherwise, and counts only if it keeps its schema.
- A draft whose manifest can't be read is kept: the form is filled by hand, and the checks will say more.
- The form writes the very sidecar that the API asks for.
"""

from dataclasses import dataclass
from typing import Any

from accounts import strict_json
from accounts.errors import Problem, RefusedError
from catalog import schema_registry
from uploads import asked, staging
from uploads.identity import SIDECAR
from uploads.isolation import IsolationError, IsolationUnavailableError, inspect
from uploads.staging import Staged

MANIFEST = "starminer.mod-manifest.v1"


@dataclass(frozen=True, slots=True)
class Peek:
    """What a look into a package found: its manifest if it is good, and what is wrong with the package."""

    manifest: dict[str, Any] | None = None
    problems: tuple[Problem, ...] = ()


NOTHING = Peek()


def peek(staged: Staged) -> Peek:
    """Look into staged bytes. Never raises on hostile bytes."""
    try:
        report = inspect(
            lambda: staging.read(staged.name), staged.size_bytes, profile=asked.profile(), signals=False
        ).report
    except (IsolationError, IsolationUnavailableError) as broken:
        return Peek(None, (Problem(broken.code, broken.message, broken.hint),))
    if report.manifest_raw is None:
        missing = Problem(
            "manifest_missing",
            "There is no readable manifest.json at the package's root.",
            "Put manifest.json at the top of the ZIP, beside Content/, and pack again.",
            path="manifest.json",
        )
        return Peek(None, (*report.problems, missing))
    try:
        manifest = strict_json.loads(report.manifest_raw)
    except RefusedError as refused:
        return Peek(None, (*report.problems, *refused.problems))
    found = schema_registry.problems(MANIFEST, manifest)
    if found or not isinstance(manifest, dict):
        return Peek(None, (*report.problems, *found))
    return Peek(manifest, report.problems)


def identity_of(
    sidecar: dict[str, Any] | None, manifest: dict[str, Any] | None
) -> tuple[str | None, str | None, str]:
    """Mod id, version and name, as far as they are known."""
    if sidecar is not None:
        return sidecar["modId"], sidecar["version"], sidecar["name"]
    if manifest is not None:
        return manifest["id"], manifest["version"], manifest["name"]
    return None, None, ""


def sidecar_from(manifest: dict[str, Any] | None, sidecar: dict[str, Any] | None) -> dict[str, Any]:
    """What the form begins with: the sidecar that came along, or what the manifest says."""
    if sidecar is not None:
        return sidecar
    if manifest is None:
        return {}
    begun: dict[str, Any] = {
        "modId": manifest["id"],
        "name": manifest["name"],
        "version": manifest["version"],
        "targetGameBuild": manifest["targetGameBuild"],
        "dependencies": manifest.get("dependencies", []),
        "license": manifest.get("license", ""),
    }
    said = " ".join(manifest.get("description", "").split())
    begun["summary"] = said if len(said) <= 200 else said[:199] + "…"
    return begun


def sidecar_of(fields: dict[str, Any], begun: dict[str, Any]) -> dict[str, Any]:
    """The sidecar that the form's fields write: empty ones are left out, dependencies are the manifest's."""
    sidecar: dict[str, Any] = {"schema": SIDECAR, "dependencies": begun.get("dependencies", [])}
    for name in ("modId", "name", "version", "targetGameBuild", "summary", "license"):
        sidecar[name] = fields.get(name, "")
    for name in ("description", "changelog", "categories"):
        if fields.get(name):
            sidecar[name] = fields[name]
    links = {name: fields[name] for name in ("homepage", "source", "issues") if fields.get(name)}
    if links:
        sidecar["links"] = links
    if "package" in begun:
        sidecar["package"] = begun["package"]
    return sidecar
