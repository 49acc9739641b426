"""The platform's own sample releases: one of each part, the framework with a small real file of ours."""

import hashlib
import io
import json
import zipfile
from typing import Any

from django.core.files.base import ContentFile

from accounts.models import User
from catalog import services
from catalog.models import GameBuild, PlatformRelease

Kind = PlatformRelease.Kind
FRAMEWORK, RUNTIME, MANAGER = "0.5.8", "0.9.0", "0.1.26"
REASON = "Sample data of this development installation."
_TIME = (1980, 1, 1, 0, 0, 0)

_LOADER = """-- StarminerFramework: loads the mods' entrypoints in the order of what they need, and calls their hooks.

local framework = { version = "%s", loaded = {} }

function framework.load(mod_id, entrypoint)
  framework.loaded[mod_id] = entrypoint()
end

function framework.call(hook, game)
  for _, mod in pairs(framework.loaded) do
    if type(mod[hook]) == "function" then
      mod[hook](game)
    end
  end
end

return framework
"""


def framework_file() -> bytes:
    """A small real ZIP: the sample's loader and what it says of itself."""
    about = {"name": "StarminerFramework", "version": FRAMEWORK, "sample": True}
    members = {
        "framework.json": json.dumps(about, indent=2) + "\n",
        "Framework/loader.lua": _LOADER % FRAMEWORK,
        "README.txt": "StarminerFramework, as sample data of a development installation of SMMODS.\n",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted(members.items()):
            info = zipfile.ZipInfo(name, _TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o100644 << 16
            archive.writestr(info, text)
    return out.getvalue()


def _elsewhere(file_name: str, size_bytes: int) -> dict[str, Any]:
    """A release on another site, made up: its hash is that of its name."""
    return {
        "artifact_url": f"https://downloads.example.com/starminer/{file_name}",
        "sha256": hashlib.sha256(file_name.encode()).hexdigest(),
        "size_bytes": size_bytes,
    }


def release_all(admin: User) -> None:
    """A current release of each part, where there is none yet."""
    manager = _elsewhere(f"smmodmanager-{MANAGER}-windows-x64.zip", 9_874_521)
    manager["source_executable_sha256"] = hashlib.sha256(b"smmodmanager.exe").hexdigest()
    parts: dict[str, tuple[str, dict[str, Any]]] = {
        Kind.RUNTIME: (RUNTIME, _elsewhere(f"starminer-runtime-{RUNTIME}-windows-x64.zip", 48_211_904)),
        Kind.FRAMEWORK: (FRAMEWORK, {"file": ContentFile(framework_file())}),
        Kind.MANAGER: (MANAGER, manager),
    }
    there = set(PlatformRelease.objects.values_list("kind", flat=True))
    build = GameBuild.objects.get(pinned=True).build
    for kind, (version, given) in parts.items():
        if kind not in there:
            services.save_platform_release(
                admin, kind, version, target_game_build=build, current=True, reason=REASON, **given
            )
