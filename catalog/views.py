"""The pages on which mods are found, read about and downloaded."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from catalog import detail, search
from catalog.models import GameBuild, Mod, Release

OVERVIEW_RELEASES = 5
FRONT_MODS = 6


@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """`/`: search, what this is, what was updated last, the three ways in."""
    public = Mod.objects.public()
    recent = (
        public.filter(deprecated=False).order_by("-updated_at", "-id").values(*search.FIELDS)[:FRONT_MODS]
    )
    return render(
        request,
        "catalog/front.html",
        {
            "mods": list(recent),
            "mod_count": public.count(),
            "current_build": _current_build(),
        },
    )


def _current_build() -> str:
    return GameBuild.objects.filter(pinned=True).values_list("build", flat=True).first() or ""


@require_safe
def browse(request: HttpRequest) -> HttpResponse:
    """`/mods/`: search, filters and sort, all of them in the address."""
    query = search.read(dict(request.GET.lists()))
    found = search.search(query, request.GET.get("page", "1"))
    return render(
        request,
        "catalog/browse.html",
        {
            "query": query,
            "found": found,
            "page": found.page,
            "filters": found.filters,
            "sorts": search.SORTS.items() if query.text else list(search.SORTS.items())[1:],
            "chips": _chips(query, found.filters),
            "current_build": found.current_build,
            "suggestion": search.suggestion(query) if query.text and not found.total else None,
        },
    )


def _chips(query: search.Query, filters: search.Filters) -> list[tuple[str, str]]:
    """Each filter in force, with the address that lifts it."""
    chips = []
    if query.build:
        chips.append((f"For {query.build}", replace(query, build="")))
    for choice in filters.categories:
        if choice.chosen:
            left = tuple(code for code in query.categories if code != choice.value)
            chips.append((choice.word, replace(query, categories=left)))
    if query.updated:
        chips.append((search.UPDATED[query.updated], replace(query, updated="")))
    if query.deprecated:
        chips.append(("Deprecated too", replace(query, deprecated=False)))
    return [(word, f"/mods/{left.address()}") for word, left in chips]


def _mod_view(tab: str) -> Callable[..., HttpResponse]:
    """The view of one tab of a mod's page."""

    @require_safe
    def view(request: HttpRequest, slug: str) -> HttpResponse:
        page = detail.find(slug)
        if page is None:
            raise Http404("No mod has this address.")
        if page.gone:
            return taken_back(request, page.shown, page)
        return render(
            request,
            f"catalog/mod_{tab}.html",
            _frame(page, tab)
            | {
                "shown_releases": page.releases[:OVERVIEW_RELEASES] if tab == "overview" else page.releases,
            },
        )

    return view


overview = _mod_view("overview")
changelog = _mod_view("changelog")
versions = _mod_view("versions")
dependencies = _mod_view("dependencies")
dependants = _mod_view("dependants")


def _frame(page: detail.ModPage, tab: str) -> dict[str, Any]:
    """What every page of a mod shows around its own content."""
    home = page.mod.get_absolute_url()
    tabs = (
        ("overview", "Overview", "", None),
        ("changelog", "Changelog", "changelog/", None),
        ("versions", "Versions", "versions/", len(page.releases)),
        ("dependencies", "Dependencies", "dependencies/", len(page.wishes)),
        ("dependants", "Dependants", "dependants/", len(page.dependants)),
    )
    return {
        "page": page,
        "mod": page.mod,
        "release": page.shown,
        "checked": detail.checked(page.shown),
        "install_link": detail.install_link(page.shown),
        "home": home,
        "tabs": [(word, home + path, count, code == tab) for code, word, path, count in tabs],
        "categories": list(page.mod.categories.all()),
    }


@require_safe
def release(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """`/mods/{slug}/versions/{version}/`: one release with its full report; 410 once it was taken back."""
    page = detail.find(slug, version)
    if page is None:
        raise Http404("No release has this address.")
    if page.shown.taken_back_at is not None:
        return taken_back(request, page.shown, page)
    return render(request, "catalog/release.html", _frame(page, "versions"))


@require_safe
def compare(request: HttpRequest, slug: str) -> HttpResponse:
    """`/mods/{slug}/compare/?v=…&v=…`: in what two releases differ."""
    page = detail.find(slug)
    if page is None:
        raise Http404("No mod has this address.")
    if page.gone:
        return taken_back(request, page.shown, page)
    asked = set(request.GET.getlist("v"))
    found = [r for r in page.releases if r.version in asked and r.taken_back_at is None]
    context = _frame(page, "versions") | {"versions_href": f"{page.mod.get_absolute_url()}versions/"}
    if len(found) == 2:
        newer, older = found
        context |= {"older": older, "newer": newer, "rows": detail.compare(older, newer)}
    return render(request, "catalog/compare.html", context)


def taken_back(request: HttpRequest, gone: Release, page: detail.ModPage) -> HttpResponse:
    """410: what was taken back, why, and what to do."""
    return render(
        request,
        "catalog/taken_back.html",
        {
            "release": gone,
            "mod": page.mod,
            "whole": page.gone,
            "latest": page.latest,
            "request_id": request.META.get("smmods.request_id", ""),
        },
        status=410,
    )


@require_safe
def by_mod_id(request: HttpRequest, mod_id: str) -> HttpResponse:
    """`/mods/{modId}/`: leads to the page under the mod's slug."""
    mod = get_object_or_404(Mod, mod_id=mod_id)
    return redirect(mod.get_absolute_url(), permanent=True)
