"""Rescans: the list with the form that starts one, and one rescan with its progress and its differences."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import permissions
from accounts.errors import RefusedError
from accounts.limits import limited
from accounts.models import User
from accounts.views_signed_in import person_who_may
from uploads import rescan_hits, rescans, scanner
from uploads.checks import RULES_VERSION
from uploads.models import QueueReason, Rescan, RescanResult

LIST = "/moderation/rescans/"
PAGE = 50
#: What the table of differences shows; "changed" is all that is not the same.
VIEWS = {"changed": "Changed", "worse": "Worse", "better": "Better", "waits": "Waits", "all": "All"}
#: What is refused in words above the form; anything else is an error page.
_IN_WORDS = (409, 422)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("write")
def listing(request: HttpRequest) -> HttpResponse:
    """`/moderation/rescans/`: every rescan, what older rules looked at, and the form that starts a dry run."""
    reader = person_who_may(request, "rescan.start")
    typed = {name: request.POST.get(name, "") for name in ("scope", "reason")}
    refused: RefusedError | None = None
    if request.method == "POST":
        try:
            started = rescans.start(reader, scope=typed["scope"], reason=typed["reason"])
        except RefusedError as error:
            if error.status not in _IN_WORDS:
                raise
            refused = error
        else:
            messages.success(request, "The dry run has begun. It changes nothing.")
            return redirect(f"{LIST}{started.pk}/")
    outdated = rescans.outdated()
    if not typed["scope"] and outdated.published and not outdated.waiting:
        typed["scope"] = Rescan.Scope.PUBLISHED
    context = {
        "rescans": Paginator(rescans.listed(reader), PAGE).get_page(request.GET.get("page")),
        "outdated": outdated,
        "scopes": Rescan.Scope.choices,
        "rules": RULES_VERSION,
        "scanner": scanner.state(),
        "typed": typed,
        "refused": refused,
        "longest": rescans.LONGEST,
        "may_apply": permissions.can(reader, "rescan.apply"),
    }
    return render(request, "moderation/rescans.html", context, status=refused.status if refused else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("write")
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """`/moderation/rescans/{number}/`: how far it is, what it found, and what can be done with that."""
    reader = person_who_may(request, "rescan.start")
    rescan = rescans.find(reader, pk)
    refused: RefusedError | None = None
    if request.method == "POST":
        try:
            return _act(request, reader, rescan)
        except RefusedError as error:
            if error.status not in _IN_WORDS:
                raise
            refused = error
    context = _context(reader, rescan, request.GET.get("view", "changed"), request.GET.get("page"))
    template = "moderation/rescan_progress.html" if request.GET.get("part") == "progress" else ""
    context["refused"] = refused
    context["live"] = bool(template)
    return render(
        request, template or "moderation/rescan.html", context, status=refused.status if refused else 200
    )


def _act(request: HttpRequest, reader: User, rescan: Rescan) -> HttpResponse:
    if request.POST.get("do") == "apply":
        started = rescans.start(
            reader, scope=rescan.scope, reason=request.POST.get("reason", ""), dry_run=False
        )
        messages.success(request, "The rescan has begun. It moves nothing; hits come into the queue.")
        return redirect(f"{LIST}{started.pk}/")
    kept = rescan_hits.close_hit(
        reader, rescan, request.POST.get("submission", ""), request.POST.get("reason", "")
    )
    messages.success(request, f"{kept.name} {kept.version} stays as it is, and says why.")
    return redirect(f"{LIST}{rescan.pk}/")


def _context(reader: User, rescan: Rescan, view: str, page: str | None) -> dict[str, Any]:
    counts = rescans.outcomes(rescan)
    view = view if view in VIEWS else "changed"
    rows = Paginator(_rows(rescan, view), PAGE).get_page(page)
    looked = rescan.total - counts.get("", 0)
    return {
        "rescan": rescan,
        "counts": [(word, counts.get(word, 0)) for word in (*rescans.OUTCOMES, "gone")],
        "looked": looked,
        "running": rescan.finished_at is None,
        "page": rows,
        "rows": [_row(row) for row in rows],
        "hits": _open_hits(rescan, rows),
        "view": view,
        "tabs": [
            {
                "word": word,
                "href": f"?view={name}",
                "current": name == view,
                "count": _count(counts, rescan.total, name),
            }
            for name, word in VIEWS.items()
        ],
        "may_apply": permissions.can(reader, "rescan.apply"),
        "applicable": rescan.dry_run
        and rescan.finished_at is not None
        and rescan.rules_version == RULES_VERSION,
        "longest": rescans.LONGEST,
    }


def _rows(rescan: Rescan, view: str) -> Any:
    rows = RescanResult.objects.filter(rescan=rescan).select_related("revision__submission").order_by("pk")
    if view == "all":
        return rows
    if view == "changed":
        return rows.exclude(outcome__in=("", "same"))
    return rows.filter(outcome=view)


def _count(counts: dict[str, int], total: int, view: str) -> int:
    if view == "all":
        return total
    if view == "changed":
        return total - counts.get("", 0) - counts.get("same", 0)
    return counts.get(view, 0)


def _row(row: RescanResult) -> dict[str, Any]:
    """One line of the table, with the checks that end otherwise and the signals that came or went."""
    return {
        "result": row,
        "submission": row.revision.submission,
        "checks": row.checks,
        "new": [signal for signal in row.signals if signal["change"] == "new"],
        "gone": [signal for signal in row.signals if signal["change"] == "gone"],
    }


def _open_hits(rescan: Rescan, rows: Any) -> frozenset[int]:
    """The submissions on this page that a rescan opened an urgent reason for, and that wait for somebody."""
    shown = [row.revision.submission_id for row in rows]
    return frozenset(
        QueueReason.objects.filter(
            submission__in=shown,
            kind=QueueReason.Kind.SCANNER_HIT,
            closed_at__isnull=True,
            submission__state__in=[state.value for state in rescans.STATES[Rescan.Scope.PUBLISHED]],
        ).values_list("submission_id", flat=True)
        if not rescan.dry_run
        else ()
    )
