"""The modder agreement: read by anybody, accepted by those who want to upload."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import agreement as modder_agreement
from accounts import services
from accounts.errors import RefusedError
from accounts.limits import limited
from accounts.views_signed_in import person


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("write")
def agreement(request: HttpRequest) -> HttpResponse:
    """The text; POST accepts the version that was shown, and a player is a modder from then on."""
    context = {
        "version": modder_agreement.VERSION,
        "since": modder_agreement.IN_FORCE_SINCE,
        "sections": modder_agreement.SECTIONS,
        "here": "agreement",
    }
    status = 200
    if request.method == "POST":
        if request.POST.get("accepted") == "on":
            return _accept(request)
        context["error"] = "Tick the box to say that you accept it."
        status = 422
    return render(request, "accounts/agreement.html", context, status=status)


def _accept(request: HttpRequest) -> HttpResponse:
    user = person(request)
    try:
        accepted = services.accept_agreement(user, request.POST.get("version", ""))
    except RefusedError as refused:
        if refused.code != "agreement_changed":
            raise
        messages.error(request, f"{refused.message} {refused.hint}")
        return redirect("account_agreement")
    # The role may have changed, which ends sessions: this one goes on under a new key.
    update_session_auth_hash(request, accepted)
    messages.success(request, "You are a modder now: you can upload releases.")
    url = request.GET.get("next", "")
    ours = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return redirect(url if ours else "account")
