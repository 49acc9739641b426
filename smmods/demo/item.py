"""What a sample submission is: its owner, its documents, its files, and how far it goes."""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from django.conf import settings

from smmods.demo.people import Person

SAMPLES = Path(settings.BASE_DIR) / "catalog" / "samples"

BUILD = "0.9.0"
FRAMEWORK = ">=0.5.8 <0.6.0"
Json = dict[str, Any]


class End(StrEnum):
    """How far a sample submission goes."""

    PUBLISHED = "published"
    WAITING = "waiting"
    FAILED = "failed"
    CHANGES = "changes requested"
    REJECTED = "rejected"
    HIDDEN = "hidden"
    WITHDRAWN = "withdrawn"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Item:
    """One sample submission.

    With `folder` it is one of the sample mods as it lies there; with `edits` that mod with texts replaced, each
    as path, old text and new text; else `files` is the mod itself.
    """

    owner: Person
    mod_id: str
    version: str
    name: str
    summary: str
    end: End = End.WAITING
    category: str = "tools"
    description: str = ""
    changelog: str = "- First release."
    wishes: tuple[tuple[str, str], ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    native: str = ""
    folder: bool = False
    edits: tuple[tuple[str, str, str], ...] = ()
    policy: str = ""
    note: str = ""

    def manifest(self) -> Json:
        """Its `manifest.json`."""
        entrypoints = [{"type": "lua", "path": "Scripts/main.lua"}]
        if self.native:
            entrypoints.append({"type": "native", "path": self.native})
        return {
            "schema": "starminer.mod-manifest.v1",
            "id": self.mod_id,
            "name": self.name,
            "version": self.version,
            "targetGameBuild": BUILD,
            "description": self.summary,
            "authors": [self.owner.name],
            "license": "MIT",
            "framework": FRAMEWORK,
            "entrypoints": entrypoints,
            "dependencies": self._relations(),
        }

    def sidecar(self) -> Json:
        """Its release metadata."""
        return {
            "schema": "smmods.mod-release-submission.v1",
            "modId": self.mod_id,
            "name": self.name,
            "version": self.version,
            "targetGameBuild": BUILD,
            "dependencies": self._relations(),
            "summary": self.summary,
            "license": "MIT",
            "description": self.description or self.summary,
            "changelog": self.changelog,
            "categories": [self.category],
        }

    def members(self) -> dict[str, bytes]:
        """Its package's members; not for a whole folder, which is packed as it lies."""
        if not self.edits:
            return {"manifest.json": written(self.manifest()), **self.files}
        folder = SAMPLES / self.mod_id
        found = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
        for path, old, new in self.edits:
            if old.encode() not in found[path]:
                raise LookupError(f"{path} of {self.mod_id} does not have {old!r}")
            found[path] = found[path].replace(old.encode(), new.encode())
        return found

    def metadata(self) -> bytes:
        """Its release metadata as it is sent."""
        if self.folder:
            return (SAMPLES / f"{self.mod_id}.release.json").read_bytes()
        return written(self.sidecar())

    def _relations(self) -> list[Json]:
        return [{"id": mod_id, "version": version_range} for mod_id, version_range in self.wishes]


def lua(*lines: str) -> dict[str, bytes]:
    """A mod of one script."""
    return {"Scripts/main.lua": ("\n".join(lines) + "\n").encode()}


def hooked(*body: str) -> dict[str, bytes]:
    """A mod of one script whose lines run when a game is loaded."""
    return lua(
        "local mod = {}",
        "",
        "function mod.on_load(game)",
        *(f"  {line}" for line in body),
        "end",
        "",
        "return mod",
    )


def library() -> bytes:
    """A Windows library of headers only, for x86-64: enough to be one, with nothing that could run."""
    dos = b"MZ" + bytes(58) + struct.pack("<L", 0x80) + bytes(0x40)
    coff = struct.pack("<2H3L2H", 0x8664, 0, 0, 0, 0, 0xF0, 0x2022)
    optional = struct.pack("<H", 0x20B) + bytes(0xEE)
    return dos + b"PE\0\0" + coff + optional + bytes(512)


def written(document: Json) -> bytes:
    """A document as a modder writes it."""
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()
