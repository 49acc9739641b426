"""My mods: namespaces with their maintainers and invitations; asking to adopt a mod; and for staff, the requests."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.errors import RefusedError
from accounts.limits import limited
from accounts.models import User
from accounts.views_fresh import fresh_required, is_fresh
from accounts.views_signed_in import person, person_who_may
from catalog import adoption, downloads, sharing
from catalog.models import Mod

PAGE = "account_mods"
DAYS = 30
#: What the forms of the page ask for, by their button's value, and the sentence for having done it.
DONE = {
    "invite": "Invited. They have 14 days to answer.",
    "transfer": "Asked. It is theirs once they accept; until then nothing changes.",
    "withdraw": "Taken back.",
    "remove": "Done. Everybody concerned hears of it.",
    "accept": "You maintain it now.",
    "decline": "Declined. Nothing has changed.",
}


@never_cache
@require_safe
def mods(request: HttpRequest) -> HttpResponse:
    """`/account/mods/`: what one maintains, with whom, and what one is asked."""
    return _page(request, person(request))


@never_cache
@require_http_methods(["POST"])
@limited("write")
@fresh_required
def act(request: HttpRequest) -> HttpResponseBase:
    """What the page's forms ask for: `do` names it."""
    user = person(request)
    given, do = request.POST, request.POST.get("do", "")
    try:
        _act(user, do, given.get("namespace", ""), given)
    except RefusedError as refused:
        if refused.status not in (403, 409, 422):
            raise
        return _page(request, user, refused, given.dict())
    messages.success(request, DONE[do])
    return redirect(PAGE)


def _act(user: User, do: str, namespace: str, given: Any) -> None:
    number = given.get("invitation", "")
    number = int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0
    match do:
        case "invite":
            sharing.invite(user, namespace, given.get("email", ""))
        case "transfer":
            sharing.invite(user, namespace, given.get("email", ""), kind=sharing.Kind.TRANSFER)
        case "withdraw":
            sharing.withdraw(user, number)
        case "remove":
            sharing.remove(user, namespace, given.get("account", ""))
        case "accept" | "decline":
            sharing.answer(user, number, accept=do == "accept")
        case _:
            raise RefusedError("unknown_act", "This form asks for nothing known.", "Go back.", status=422)


def _page(
    request: HttpRequest, user: User, refused: RefusedError | None = None, typed: dict[str, Any] | None = None
) -> HttpResponse:
    shared = sharing.of(user)
    context = {
        "here": "mods",
        "shared": [
            {"space": one, "mods": [(mod, _plot(mod)) for mod in one.mods], "owners": _owners(one)}
            for one in shared
        ],
        "invited": sharing.invited(user),
        "refused": refused,
        "typed": typed or {},
        "fresh": is_fresh(request),
        "days": DAYS,
    }
    return render(request, "catalog/my_mods.html", context, status=refused.status if refused else 200)


def _owners(one: sharing.Shared) -> int:
    return sum(row.owner for row in one.people)


def _plot(mod: Mod) -> dict[str, Any]:
    """The downloads of the last days as bars of a hundred units."""
    days = downloads.by_day(mod, DAYS) if mod.downloads else []
    most = max((count for _, count in days), default=0) or 1
    return {
        "bars": [
            {"x": place * 7, "y": 100 - count * 100 / most, "height": count * 100 / most}
            for place, (_, count) in enumerate(days)
        ],
        "width": len(days) * 7,
        "total": sum(count for _, count in days),
    }


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("write")
def adopt(request: HttpRequest, slug: str) -> HttpResponse:
    """`/mods/{slug}/adopt/`: ask staff for a mod whose maintainers are gone."""
    user = person(request)
    mod = Mod.objects.filter(slug=slug).first()
    if mod is None:
        raise Http404("No mod has this address.")
    refused: RefusedError | None = None
    text = request.POST.get("text", "")
    if request.method == "POST":
        try:
            adoption.ask(user, mod.mod_id, text)
        except RefusedError as error:
            if error.status not in (403, 409, 422):
                raise
            refused = error
        else:
            messages.success(request, "Asked. Its owners hear of it, and the moderation team decides.")
            return redirect(mod)
    context = {"mod": mod, "text": text, "refused": refused, "most": adoption.WORDS}
    return render(request, "catalog/adopt.html", context, status=refused.status if refused else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("write")
def adoptions(request: HttpRequest) -> HttpResponse:
    """`/moderation/adoptions/`: the requests that wait, and the answer to one."""
    reader = person_who_may(request, "queue.view")
    refused: RefusedError | None = None
    if request.method == "POST":
        number = request.POST.get("request", "")
        try:
            adoption.decide(
                reader,
                int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0,
                grant=request.POST.get("do") == "grant",
                words=request.POST.get("words", ""),
            )
        except RefusedError as error:
            if error.status not in (409, 422):
                raise
            refused = error
        else:
            messages.success(request, "Answered. They hear of it by mail.")
            return redirect("moderation-adoptions")
    context = {
        "requests": adoption.waiting(),
        "refused": refused,
        "typed": request.POST.dict() if refused else {},
    }
    return render(request, "catalog/adoptions.html", context, status=refused.status if refused else 200)
