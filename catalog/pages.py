"""The pages that people read: how to play, how to make a mod, the manager, support, what it is made of."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from catalog import attribution as credit
from catalog import contract, copy, platform_documents
from catalog.models import GameBuild, Mod, PlatformRelease

SAMPLE_IDS = ("example.hello-lua", "example.hello-lua-companion", "starminer.object-catalog-export")


def _asked(name: str) -> Any:
    """What the app in charge of `name` says, or nothing while no app is: the section is then left out."""
    try:
        return contract.value(name)
    except LookupError:
        return None


@dataclass(frozen=True, slots=True)
class Part:
    """A current release of the platform, its name for readers and the address of its file."""

    release: PlatformRelease
    name: str
    address: str


def _platform() -> dict[str, Part]:
    """The platform's current releases by kind."""
    return {
        release.kind: Part(
            release,
            PlatformRelease.Kind(release.kind).label,
            release.artifact_url or f"/{platform_documents.file_path(release)}",
        )
        for release in PlatformRelease.objects.filter(current=True)
    }


def _build() -> str:
    return GameBuild.objects.filter(pinned=True).values_list("build", flat=True).first() or ""


@require_safe
def download(request: HttpRequest) -> HttpResponse:
    """`/download/`: the manager, the framework and the runtime, from the records behind their documents."""
    platform = _platform()
    return render(
        request,
        "pages/download.html",
        {
            "manager": platform.get(PlatformRelease.Kind.MANAGER),
            "others": [
                part for kind, part in sorted(platform.items()) if kind != PlatformRelease.Kind.MANAGER
            ],
            "claim": copy.claim("/download/"),
        },
    )


@require_safe
def players(request: HttpRequest) -> HttpResponse:
    """`/players/`: installing with the manager and by hand, checking a download, what to do when it breaks."""
    return render(request, "pages/players.html", {"platform": _platform(), "current_build": _build()})


@require_safe
def modders(request: HttpRequest) -> HttpResponse:
    """`/modders/`: from a folder to a published release, the package rules and the review policies."""
    return render(
        request,
        "pages/modders.html",
        {
            "package_rules": _asked("package_rules"),
            "policies": _asked("policies"),
            "waits": _asked("waits"),
            "claim": copy.claim("/upload/"),
            "builds": list(GameBuild.objects.exclude(status=GameBuild.Status.REFUSED)),
            "samples": list(Mod.objects.public().filter(mod_id__in=SAMPLE_IDS).select_related("latest")),
            "max_bytes": settings.SMMODS_MAX_PACKAGE_BYTES,
            "staging_days": settings.SMMODS_STAGING_DAYS,
        },
    )


@require_safe
def getting_started(request: HttpRequest) -> HttpResponse:
    """`/wiki/getting-started/`: a first mod, step by step."""
    return render(
        request,
        "pages/getting_started.html",
        {
            "current_build": _build(),
            "platform": _platform(),
            "samples": list(Mod.objects.public().filter(mod_id__in=SAMPLE_IDS).select_related("latest")),
        },
    )


@require_safe
def support(request: HttpRequest) -> HttpResponse:
    """`/support/`: answers, how to report a mod, and the status of the services."""
    return render(
        request,
        "pages/support.html",
        {
            "services": copy.status_list(),
            "claims": [copy.claim(path) for path in ("/account/", "/upload/", "/moderation/", "/download/")],
            "support_email": settings.SMMODS_SUPPORT_EMAIL,
        },
    )


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """`/favicon.ico`, which browsers ask for by themselves on pages that are not ours (the admin's, say)."""
    return redirect(static("icons/favicon.svg"))


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """`/privacy/`: what is kept of whom, for how long."""
    return render(request, "pages/privacy.html", {"support_email": settings.SMMODS_SUPPORT_EMAIL})


@require_safe
def attribution(request: HttpRequest) -> HttpResponse:
    """`/attribution/`: dependencies, fonts, icons and samples with their licences."""
    return render(
        request,
        "pages/attribution.html",
        {
            "packages": credit.packages(),
            "vendored": credit.vendored(),
            "samples": credit.samples(),
        },
    )
