"""The queue's pages: the list with its figures, taking the next item, assigning many, taking back all of one author's.

Rules
- View, filters, search and order stand in the address; the list that was looked at last is kept in the session,
  so that "next" goes on in it from the review page too.
"""

from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import RefusedError
from accounts.limits import limited
from accounts.models import User
from accounts.views_signed_in import person_who_may
from moderation import assignments, hide_all, leases, policies, queue, queue_plot
from moderation.forms import DecisionForm, errors_of
from moderation.models import Decision
from moderation.queue_filters import (
    AGES,
    DUES,
    LEAST_RISK,
    NAMES,
    OF,
    PARTS,
    SETTLED,
    SORTS,
    VIEWS,
    Filters,
)
from uploads import rescans
from uploads.models import QueueReason, Submission
from uploads.states import State

QUEUE = "/moderation/queue/"
KEPT = "queue"
#: How often somebody else may take the item first before "next" gives up.
TRIES = 5


def list_address(request: HttpRequest) -> str:
    """The list of the queue that was looked at last."""
    return QUEUE + str(request.session.get(KEPT, ""))


def _last_list(request: HttpRequest) -> Filters:
    """The filters of that list; the whole queue where there was none."""
    try:
        return Filters.read(dict(parse_qsl(str(request.session.get(KEPT, "")).removeprefix("?"))))
    except RefusedError:
        return Filters()


@never_cache
@require_safe
def queue_page(request: HttpRequest) -> HttpResponse:
    """The queue with its figures, tabs, search and filters; a page behind a cursor."""
    reader = person_who_may(request, "queue.view")
    filters, cursor = Filters.read(request.GET.dict()), request.GET.get("cursor", "")
    found = queue.page(reader, filters, cursor=cursor)
    query = filters.query()
    if request.session.get(KEPT) != query:
        request.session[KEPT] = query
    waits_here = filters.view not in SETTLED
    context: dict[str, Any] = {
        "page": found,
        "figures": found.figures,
        "filters": filters,
        "hidden": [(name, getattr(filters, name)) for name in NAMES if getattr(filters, name)],
        "tabs": _tabs(filters, found.figures.views),
        "order": "Stuck longest first" if filters.view == "stuck" else SORTS[filters.sort],
        "sorts": SORTS.items(),
        "kinds": QueueReason.Kind.choices,
        "ofs": OF.items(),
        "risks": LEAST_RISK.items(),
        "ages": AGES.items(),
        "dues": DUES.items(),
        "first": not cursor,
        "start_href": query,
        "next_href": f"{query}&cursor={found.next}" if found.next else "",
        "clear_href": Filters(view=filters.view, sort=filters.sort).query(),
        "nav_counts": {QUEUE: found.figures.waiting},
        "waits_here": waits_here,
        "sortable": waits_here and filters.view != "stuck",
        "staff": assignments.staff() if waits_here else [],
        "plot": queue_plot.time_used([item.used for item in found.items]) if waits_here else None,
        "undoable": _undoable(reader),
        "outdated": rescans.noticed(),
    }
    return render(request, "moderation/queue.html", context)


def _tabs(filters: Filters, counts: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "word": word,
            "href": filters.query(view=name),
            "current": name == filters.view,
            "count": counts.get(name, 0),
        }
        for name, word in VIEWS.items()
        if name not in PARTS or name == filters.view or counts.get(name, 0)
    ]


def _undoable(reader: User) -> list[Decision]:
    """The reader's own approvals that still wait to be published."""
    if not settings.SMMODS_UNDO_MINUTES:
        return []
    return list(
        Decision.objects.filter(
            decider=reader, undo_until__gt=timezone.now(), submission__state=State.APPROVED.value
        ).select_related("submission", "revision")[:10]
    )


@never_cache
@require_POST
@limited("write")
def take_next(request: HttpRequest) -> HttpResponse:
    """Lease the next free item of the list (the form's, else the one that was looked at last) and open it."""
    reader = person_who_may(request, "queue.view")
    given = {name: request.POST[name] for name in NAMES if name in request.POST}
    return open_next(request, reader, Filters.read(given) if given else _last_list(request))


def open_next(request: HttpRequest, reader: User, filters: Filters | None = None) -> HttpResponse:
    """The same, for whoever wants to go on after a decision."""
    filters = filters or _last_list(request)
    for _ in range(TRIES):
        found = queue.next_free(reader, filters)
        if found is None:
            break
        try:
            leases.take(reader, found.submission_id)
        except RefusedError as refused:
            if refused.code != "lease_held":
                raise
            continue  # somebody else was quicker
        return redirect(f"/moderation/review/{found.submission_id}/")
    messages.info(
        request,
        "Nothing is free in this list: what waits is held, assigned to somebody else, escalated or your own work.",
    )
    return redirect(QUEUE + filters.query())


@never_cache
@require_POST
@limited("write")
def bulk(request: HttpRequest) -> HttpResponse:
    """What is done with the ticked items: `assign` them, or go to the preview of hiding all of their author's."""
    reader = person_who_may(request, "queue.view")
    chosen = request.POST.getlist("item")
    try:
        if request.POST.get("do") == "hide":
            return _to_the_author(chosen)
        done = assignments.assign(reader, chosen, request.POST.get("person", ""))
    except RefusedError as refused:
        if refused.status != 422:
            raise
        messages.error(request, f"{refused.message} {refused.hint}")
        return redirect(list_address(request))
    count = len(done.done)
    words = f"{count} item{'' if count == 1 else 's'}"
    if count and done.person:
        messages.success(request, f"{words} assigned to {done.person.name}.")
    elif count:
        messages.success(request, f"{words} assigned to nobody any more.")
    elif not done.refused:
        messages.info(request, "Nothing to change: it is so already.")
    for submission, why in done.refused:
        messages.warning(request, f"{submission.name or submission.submission_id}: {why}")
    return redirect(list_address(request))


def _to_the_author(chosen: list[str]) -> HttpResponse:
    authors = set(
        Submission.objects.filter(submission_id__in=chosen).values_list("author__account_id", flat=True)
    )
    if len(authors) != 1:
        raise RefusedError(
            "one_author",
            "Releases are taken back one author at a time.",
            "Tick items of one author." if authors else "Tick an item of the author first.",
            status=422,
        )
    return redirect(f"/moderation/authors/{authors.pop()}/hide/")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("write")
def hide_author(request: HttpRequest, account_id: str) -> HttpResponse:
    """The preview of taking back all of one author's releases; posted, it does so and says what came of it."""
    reader = person_who_may(request, "queue.view")
    form, errors, done, status = DecisionForm(), [], None, 200
    if request.method == "POST":
        form = DecisionForm.read(request.POST)
        given = form.given()
        try:
            done = hide_all.hide(
                reader,
                account_id,
                request.POST.getlist("item"),
                reasons=given["reasons"],
                level=form.level,
                note=form.note,
            )
        except RefusedError as refused:
            if refused.status != 422:
                raise
            errors, status = errors_of(refused), 422
    shown = hide_all.preview(reader, account_id)
    context: dict[str, Any] = {
        "preview": shown,
        "more": shown.total - len(shown.planned),
        "form": form,
        "choices": form.choices(policies.in_force()),
        "errors": errors,
        "done": done,
    }
    return render(request, "moderation/hide_author.html", context, status=status)
