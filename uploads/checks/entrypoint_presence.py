"""Entrypoints: each is in the package, and of the kind that its type says."""

from accounts.errors import Problem
from uploads.checks.base import Check, Json, Phase, Result, Subject, judged, not_run, objects_of, text_of
from uploads.package.content import PROGRAMS_FOLDER

ID = "entrypoint_presence"


def run(subject: Subject) -> Result:
    """Look each entrypoint up among the package's files."""
    if subject.manifest is None:
        return not_run(ID, "manifest_unreadable", "There is no readable manifest, so no entrypoints yet.")
    entrypoints = objects_of(subject.manifest, "entrypoints")
    paths = subject.report.paths
    spelled = {path.lower(): path for path in sorted(paths)}
    problems: list[Problem] = []
    for number, entrypoint in enumerate(entrypoints):
        path = text_of(entrypoint, "path")
        pointer = f"/entrypoints/{number}/path"
        if path not in paths:
            near = spelled.get(path.lower())
            hint = (
                f"Write it as it is in the package: {near}."
                if near
                else "Put the file into the package, or correct the path; it counts from the package's root."
            )
            problems.append(
                Problem(
                    "entrypoint_missing",
                    f"{path or 'An entrypoint'} is not in the package.",
                    hint,
                    pointer,
                    path,
                )
            )
        elif not _right_kind(entrypoint, path):
            problems.append(
                Problem(
                    "entrypoint_wrong_kind",
                    f"{path} cannot be an entrypoint of type {text_of(entrypoint, 'type')}.",
                    f"lua needs a .lua file, native a .dll under {PROGRAMS_FOLDER}; anything else is data.",
                    pointer,
                    path,
                )
            )
    return judged(
        ID, problems, f"{len(entrypoints)} entrypoints are in the package.", entrypoints=len(entrypoints)
    )


def _right_kind(entrypoint: Json, path: str) -> bool:
    match text_of(entrypoint, "type"):
        case "lua":
            return path.lower().endswith(".lua")
        case "native":
            return path.lower().endswith(".dll") and path.startswith(PROGRAMS_FOLDER)
    return True


CHECK = Check(
    ID,
    "Entrypoints",
    "Every manifest entrypoint path must exist inside the uploaded ZIP.",
    Phase.INTAKE,
    ("entrypoint_missing", "entrypoint_wrong_kind"),
    run,
)
