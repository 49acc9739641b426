"""A folder of real packages goes through the API in dependency order and is installed from the catalog alone.

The folder is the portal's own three samples; `PACKAGES_FOLDER` names another one, of packages with their
sidecars, to try the same on.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from catalog.client import Client, source_for
from tests.e2e.stack import Stack, wait_for
from tests.e2e.visitor import Visitor

pytestmark = [pytest.mark.postgres, pytest.mark.redis]


def packages(stack: Stack, folder: Path) -> Path:
    """The folder to try: the one named from outside, or the samples, packed."""
    named = os.environ.get("PACKAGES_FOLDER")
    if named:
        return Path(named)
    samples = Path(__file__).resolve().parent.parent.parent / "catalog" / "samples"
    folder.mkdir(exist_ok=True)
    for sample in sorted(p.parent for p in samples.glob("*/manifest.json")):
        manifest = json.loads((sample / "manifest.json").read_text(encoding="utf-8"))
        name = f"{manifest['id']}-v{manifest['version']}"
        stack.manage("pack", str(sample), "--output", str(folder / f"{name}.zip"))
        sidecar = samples / f"{sample.name}.release.json"
        (folder / f"{name}.release.json").write_bytes(sidecar.read_bytes())
    return folder


def in_dependency_order(folder: Path) -> list[tuple[dict[str, Any], bytes, bytes]]:
    """(sidecar, its bytes, the package's bytes), each after those that it depends on."""
    waiting = {}
    for path in sorted(folder.glob("*.release.json")):
        document = json.loads(path.read_bytes())
        package = path.with_name(path.name.replace(".release.json", ".zip"))
        waiting[document["modId"]] = (document, path.read_bytes(), package.read_bytes())
    ordered: list[tuple[dict[str, Any], bytes, bytes]] = []
    while waiting:
        ready = [
            mod_id
            for mod_id, (document, _, _) in waiting.items()
            if not any(wish["id"] in waiting for wish in document["dependencies"])
        ]
        assert ready, "the packages depend on each other in a circle"
        ordered += [waiting.pop(mod_id) for mod_id in ready]
    return ordered


def test_every_package_is_published_and_installs_from_the_catalog_alone(
    portal: Stack, modder: Visitor, moderator: Visitor, tmp_path: Path
) -> None:
    batch = in_dependency_order(packages(portal, tmp_path / "packages"))
    assert batch
    for document, sidecar, package in batch:
        sent = modder.upload("/api/v1/uploads", package, sidecar)
        assert sent.status == 202, sent.body
        address = sent.headers["Location"]

        def checked(address: str = address) -> Any:
            now = modder.get(address).json()
            return now if now["state"] in {"pending_review", "validation_failed"} else None

        submission = wait_for(checked, f"the checks of {document['modId']}", 60)
        assert submission["state"] == "pending_review", submission["checks"]
        decided = moderator.post_json(
            f"/api/v1/submissions/{submission['submissionId']}/decisions",
            {
                "action": "approve",
                "revision": submission["revision"],
                "sha256": submission["packageSha256"],
            },
        )
        assert decided.status == 200, decided.body

        def listed(document: dict[str, Any] = document) -> Any:
            catalog = json.loads(portal.get("/api/v1/catalog.json")[1])
            return next((m for m in catalog["mods"] if m["id"] == document["modId"]), None)

        entry = wait_for(listed, f"{document['modId']} in the catalog", 20)
        status, artifact = portal.get(entry["latest"]["artifactUrl"])
        assert status == 200
        assert artifact == package
        assert hashlib.sha256(artifact).hexdigest() == entry["latest"]["sha256"]

    client = Client(source_for(portal.url), tmp_path / "game")
    client.refresh()
    wanted = {document["modId"] for document, _, _ in batch}
    installed = client.install(*sorted(wanted))
    assert wanted <= {release.mod_id for release in installed}
    for release in installed:
        assert "manifest.json" in release.files
    portal.manage("verify_audit")
    portal.manage("validate_site", portal.url)
