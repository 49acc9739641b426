"""The platform's own documents: the current runtime, framework and manager, and the builds of the game.

A release's file lies with us, under a name that holds its hash, or at an outside address.
"""

from collections.abc import Callable
from datetime import datetime

from accounts.strict_json import canonical
from catalog.documents import Json, pinned_build, timestamp
from catalog.models import GameBuild, PlatformRelease

PATHS = {kind: f"api/v1/{kind.value}/latest.json" for kind in PlatformRelease.Kind}
#: The first part of the file name of a platform release that lies with us.
FILES = {
    PlatformRelease.Kind.RUNTIME: "StarminerRuntime",
    PlatformRelease.Kind.FRAMEWORK: "StarminerFramework",
    PlatformRelease.Kind.MANAGER: "smmodmanager",
}


def file_path(release: PlatformRelease) -> str:
    """Where the file of a platform release lies in the tree; empty where it lies elsewhere."""
    if not release.file:
        return ""
    kind = PlatformRelease.Kind(release.kind)
    return f"downloads/{kind.value}/{FILES[kind]}-{release.version}-{release.sha256[:8]}.zip"


def platform(kind: PlatformRelease.Kind, at: datetime) -> bytes:
    """The current release of one part of the platform; null while there is none."""
    release = PlatformRelease.objects.filter(kind=kind, current=True).first()
    body: Json = {
        "schema": f"smmods.{kind.value}.v1",
        "generatedAt": timestamp(at),
        "targetGameBuild": pinned_build(),
        "release": _platform_release(release) if release else None,
    }
    if kind is PlatformRelease.Kind.RUNTIME:
        body["builds"] = [
            {"build": build.build, "status": build.status, "pinned": build.pinned}
            for build in GameBuild.objects.order_by("-pinned", "build")
        ]
    return canonical(body)


def _platform_release(release: PlatformRelease) -> Json:
    path = file_path(release)
    body: Json = {
        "version": release.version,
        "targetGameBuild": release.target_game_build,
        "artifactUrl": f"/{path}" if path else release.artifact_url,
        "sha256": release.sha256,
        "sizeBytes": release.size_bytes,
        "publishedAt": timestamp(release.published_at),
    }
    if release.kind == PlatformRelease.Kind.MANAGER:
        body["sourceExecutableSha256"] = release.source_executable_sha256 or None
    return body


def _of_kind(kind: PlatformRelease.Kind) -> Callable[[datetime], bytes]:
    return lambda at: platform(kind, at)


#: The documents of the platform, by path: how each is rendered for a time.
DOCUMENTS: dict[str, Callable[[datetime], bytes]] = {path: _of_kind(kind) for kind, path in PATHS.items()}
