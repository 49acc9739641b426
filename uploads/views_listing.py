"""The page on which a maintainer edits what players read about a mod."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.errors import RefusedError
from accounts.limits import limited
from uploads import listings
from uploads.documents import actions_of
from uploads.forms import LINKS, ListingForm
from uploads.models import Submission
from uploads.views import account


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@limited("write")
def edit(request: HttpRequest, mod_id: str) -> HttpResponse:
    """`/upload/listing/{modId}/`: the words as they are, or as they were proposed and sent back."""
    user = account(request)
    mod = listings.find_mod(user, mod_id)
    waiting = listings.open_edit(mod_id)
    changeable = waiting is not None and "replace" in actions_of(waiting, user)
    if waiting is not None and not changeable:
        messages.info(request, "An edit of this listing is waiting already.")
        return redirect(waiting)
    form = ListingForm(request.POST or None, initial=_initial(waiting, listings.live(mod)))
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                sent = (
                    listings.revise(user, waiting, form.words())
                    if waiting is not None
                    else listings.propose(user, mod_id, form.words())
                )
            except RefusedError as refused:
                if refused.status != 422:
                    raise
                form.show(refused)
            else:
                messages.success(request, "Sent. The old words stay until a person has read the new ones.")
                return redirect(sent)
        status = 422
    return render(request, "uploads/listing.html", {"mod": mod, "form": form, "edit": waiting}, status=status)


def _initial(waiting: Submission | None, live: dict[str, Any]) -> dict[str, Any]:
    words = (waiting.current.sidecar if waiting is not None and waiting.current is not None else None) or live
    links = words["links"]
    return {name: words[name] for name in ("summary", "description", "categories")} | {
        name: links.get(name, "") for name in LINKS
    }
