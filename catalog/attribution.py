"""What the portal is made of, and under which licences: read from what is installed, never typed in.

Rules
- Python packages: every name that requirements.txt pins and that is installed, with its own metadata.
- Fonts, icons and scripts for the browser: the table of `smmods/static/vendor/VENDOR.md`.
- Sample mods: the manifests that lie in `catalog/samples/`.
"""

import re
from dataclasses import dataclass
from email.message import Message
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import cast

import orjson
from django.conf import settings
from django.contrib.staticfiles import finders

VENDOR_TABLE = "vendor/VENDOR.md"
SAMPLES = Path(__file__).parent / "samples"
_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==", re.MULTILINE)
_CLASSIFIER = "License :: OSI Approved :: "
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Credit:
    """One thing that somebody else made: its name, version, licence, and where it lives."""

    name: str
    version: str
    licence: str
    home: str = ""


@lru_cache(maxsize=1)
def packages() -> tuple[Credit, ...]:
    """The Python packages that the portal runs on, by name."""
    pinned = (Path(settings.BASE_DIR) / "requirements.txt").read_text(encoding="utf-8")
    found = []
    for name in dict.fromkeys(_PINNED.findall(pinned)):
        try:
            about = cast("Message", metadata.metadata(name))
        except metadata.PackageNotFoundError:
            continue  # pinned for another Python or another processor
        found.append(Credit(about["Name"], about["Version"], licence_of(about), home_of(about)))
    return tuple(sorted(found, key=lambda credit: credit.name.lower()))


def licence_of(about: Message) -> str:
    """A package's licence: its SPDX expression, else its short licence field, else its classifiers."""
    expression = about.get("License-Expression")
    if expression:
        return str(expression)
    written = str(about.get("License") or "").strip().split("\n")[0]
    if written and len(written) <= _LONGEST and written != "UNKNOWN":
        return written
    classifiers = about.get_all("Classifier") or []
    names = [c.removeprefix(_CLASSIFIER) for c in classifiers if c.startswith(_CLASSIFIER)]
    return ", ".join(names) or "see its own page"


def home_of(about: Message) -> str:
    """A package's home page, where its metadata names one over https."""
    pairs = [str(row).partition(",") for row in about.get_all("Project-URL") or []]
    links = {label.strip().lower(): url.strip() for label, _, url in pairs}
    candidates = [links.get(label) for label in ("homepage", "home", "source", "repository", "documentation")]
    candidates.append(about.get("Home-page"))
    return next((url for url in candidates if url and url.startswith("https://")), "")


@lru_cache(maxsize=1)
def vendored() -> tuple[Credit, ...]:
    """Fonts, icons and scripts that are served from here, by the table beside them."""
    path = finders.find(VENDOR_TABLE) or Path(settings.STATIC_ROOT) / VENDOR_TABLE
    rows = []
    for line in Path(str(path)).read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 5 and cells[0] != "name" and not cells[0].startswith("---"):
            rows.append(Credit(cells[0], cells[1], cells[2]))
    return tuple(rows)


@lru_cache(maxsize=1)
def samples() -> tuple[Credit, ...]:
    """The sample mods that come with the portal, by their manifests."""
    rows = []
    for path in sorted(SAMPLES.glob("*/manifest.json")):
        manifest = orjson.loads(path.read_bytes())
        rows.append(
            Credit(manifest["name"], manifest["version"], manifest.get("license", ""), manifest["id"])
        )
    return tuple(rows)
