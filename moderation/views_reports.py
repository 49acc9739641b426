"""Reports: the public form on a mod's page, and for staff the list and the answer."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import problems
from accounts.errors import RefusedError
from accounts.limits import limited
from accounts.models import User
from accounts.views_signed_in import person, person_who_may
from catalog.models import Mod, Release
from moderation import reports
from moderation.models import Report

LIST = "/moderation/reports/"
PAGE = 25
VIEWS = {"open": "Open", "closed": "Closed"}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("report")
def form(request: HttpRequest, slug: str) -> HttpResponse:
    """`/mods/{slug}/report/`: say what is wrong with a mod, signed in or not."""
    mod = Mod.objects.public().select_related("latest").filter(slug=slug).first()
    if mod is None:
        raise Http404("No mod has this address.")
    given = request.POST if request.method == "POST" else request.GET
    typed = {name: given.get(name, "") for name in ("version", "reason", "text", "email")}
    refused: RefusedError | None = None
    if request.method == "POST":
        try:
            filed = reports.file(
                slug=slug, reporter=request.user if isinstance(request.user, User) else None, **typed
            )
        except RefusedError as error:
            if error.status != 422:
                raise
            refused = error
        else:
            hears = isinstance(request.user, User) or bool(typed["email"].strip())
            return render(
                request, "moderation/report_done.html", {"mod": mod, "filed": filed, "hears": hears}
            )
    context = {
        "mod": mod,
        "typed": typed,
        "reasons": list(reports.REASONS.values()),
        "versions": Release.objects.public().filter(mod=mod).newest_first().values_list("version", flat=True),
        "refused": refused,
        "place": refused.problems[0].pointer if refused is not None and refused.problems else "",
        "most": reports.WORDS,
    }
    return render(request, "moderation/report.html", context, status=refused.status if refused else 200)


@never_cache
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """`/moderation/reports/`: what was reported, open or closed, behind a cursor."""
    person_who_may(request, "queue.view")
    view = request.GET.get("view", "open")
    q, cursor = request.GET.get("q", "").strip()[:100], request.GET.get("cursor", "")
    rows = reports.listed(q=q, closed=view == "closed")
    if cursor:
        rows = rows.filter(pk__lt=_number(cursor))
    page = list(rows[: PAGE + 1])
    following = problems.cursor_for(str(page[PAGE - 1].pk)) if len(page) > PAGE else ""
    kept = {"q": q} if q else {}
    context = {
        "reports": [{"row": row, "reason": reports.REASONS.get(row.reason)} for row in page[:PAGE]],
        "tabs": [
            {"word": word, "href": "?" + urlencode({"view": name} | kept), "current": name == view}
            for name, word in VIEWS.items()
        ],
        "view": view,
        "q": q,
        "next_href": "?" + urlencode({"view": view, "cursor": following} | kept) if following else "",
    }
    return render(request, "moderation/reports.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("write")
def detail(request: HttpRequest, report_id: str) -> HttpResponse:
    """`/moderation/reports/{id}/`: what is said, what is known of the mod, and the answer."""
    person_who_may(request, "queue.view")
    report = (
        Report.objects.select_related("submission", "reporter", "closed_by", "folded_into")
        .filter(report_id=report_id)
        .first()
    )
    if report is None:
        raise RefusedError("not_found", "There is no such report.", "Look in the list.", status=404)
    if report.folded_into is not None:
        return redirect(f"{LIST}{report.folded_into.report_id}/")
    typed = {"upheld": request.POST.get("upheld", ""), "outcome": request.POST.get("outcome", "")}
    refused: RefusedError | None = None
    if request.method == "POST":
        refused = _answer(request, report, typed)
        if refused is None:
            messages.success(request, "Closed. Everybody who left an address hears of it.")
            return redirect(LIST)
    return _shown(request, report, typed, refused)


def _answer(request: HttpRequest, report: Report, typed: dict[str, str]) -> RefusedError | None:
    try:
        if typed["upheld"] not in ("yes", "no"):
            raise RefusedError(
                "choice_required", "Say whether the report is right.", "Choose one of the two."
            )
        reports.close(
            person(request), report.report_id, upheld=typed["upheld"] == "yes", outcome=typed["outcome"]
        )
    except RefusedError as error:
        if error.status not in (409, 422):
            raise
        return error
    return None


def _shown(
    request: HttpRequest, report: Report, typed: dict[str, str], refused: RefusedError | None
) -> HttpResponse:
    report.refresh_from_db()
    context: dict[str, Any] = {
        "report": report,
        "reason": reports.REASONS.get(report.reason),
        "folded": report.folded.select_related("reporter").order_by("at")[: reports.MOST_FOLDED],
        "before": reports.history(report),
        "mod": Mod.objects.filter(mod_id=report.mod_id).first(),
        "typed": typed,
        "refused": refused,
        "most": reports.WORDS,
    }
    return render(
        request, "moderation/report_detail.html", context, status=refused.status if refused else 200
    )


def _number(cursor: str) -> int:
    try:
        return int(problems.read_cursor(cursor))
    except ValueError as error:
        raise RefusedError(
            "bad_cursor", "This cursor is not one of ours.", "Leave it out to start anew.", status=400
        ) from error
