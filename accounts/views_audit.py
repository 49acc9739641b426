"""The page of the audit trail, for moderators and admins; wired below /moderation/ by that room."""

from dataclasses import asdict
from urllib.parse import urlencode

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import audit
from accounts import audit_log as trail
from accounts.audit import Action
from accounts.audit_words import WORDS
from accounts.errors import RefusedError
from accounts.limits import limited
from accounts.models import User
from accounts.views_signed_in import person_who_may

PAGE_SIZE = 50
FILTERS = ("actor", "action", "target", "since", "until")
#: Walking the chain takes time in proportion to its length: the badge shows a verdict at most this old.
VERDICT_SECONDS = 300


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("write")
def audit_log(request: HttpRequest) -> HttpResponseBase:
    """Entries as sentences with their values; POST takes the filtered trail away as CSV."""
    user = person_who_may(request, "audit.view")
    fields = request.POST if request.method == "POST" else request.GET
    filters = trail.Filters(*(fields.get(name, "").strip() for name in FILTERS))
    if request.method == "POST":
        return _export(user, filters)
    context = {"filters": filters, "lines": [], "next": None, "error": None}
    status = 200
    try:
        found = trail.search(user, filters, limit=PAGE_SIZE, cursor=request.GET.get("cursor", ""))
        context |= {"lines": trail.as_lines(found.items), "next": _query(filters, found.next)}
    except RefusedError as refused:
        context["error"], status = refused, refused.status
    context |= {
        "verdict": _verdict(),
        "choices": [(action.value, WORDS[action]) for action in Action],
        "fields": sorted({action.value.partition(".")[0] for action in Action}),
        "first": not request.GET.get("cursor"),
        "restart": _query(filters, ""),
    }
    return render(request, "accounts/audit_log.html", context, status=status)


def _query(filters: trail.Filters, cursor: str | None) -> str | None:
    """The query of another page of the same search; None where there is none."""
    if cursor is None:
        return None
    given = {name: value for name, value in asdict(filters).items() if value}
    return "?" + urlencode(given | ({"cursor": cursor} if cursor else {}))


def _verdict() -> dict[str, object]:
    """Whether the chain agrees, and when that was looked at."""
    held: dict[str, object] | None = cache.get("audit.verdict")
    if held is None:
        verdict = audit.verify()
        held = {
            "intact": verdict.intact,
            "entries": verdict.entries,
            "bad": verdict.bad_sequence,
            "why": verdict.why,
            "head": verdict.head,
            "at": timezone.now(),
        }
        cache.set("audit.verdict", held, VERDICT_SECONDS)
    return held


def _export(user: User, filters: trail.Filters) -> HttpResponseBase:
    try:
        lines = trail.export_csv(user, filters)
    except RefusedError as refused:
        return HttpResponse(refused.message, status=refused.status, content_type="text/plain; charset=utf-8")
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="smmods-audit-{timezone.now():%Y%m%d-%H%M%S}.csv"'
    return answer
