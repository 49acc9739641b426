"""The page of API keys: what there is, a new one (shown once), revoking."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import services
from accounts.errors import RefusedError
from accounts.forms import KeyForm
from accounts.keys import SCOPES
from accounts.limits import limited
from accounts.models import ApiKey, User
from accounts.permissions import can
from accounts.views_fresh import fresh_required, is_fresh
from accounts.views_signed_in import person


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("write")
def keys(request: HttpRequest) -> HttpResponseBase:
    """The list and the form; a new key is in the answer to its form and nowhere else."""
    user = person(request)
    if request.method == "POST":
        return _issue(request)
    return _page(request, user, _form(user))


@fresh_required
def _issue(request: HttpRequest) -> HttpResponse:
    user = person(request)
    form = _form(user, request)
    if not form.is_valid():
        return _page(request, user, form, status=422)
    data = form.cleaned_data
    ends = timezone.now() + timedelta(days=data["days"]) if data["days"] else None
    try:
        issued = services.issue_key(user, data["name"], data["scopes"], ends)
    except RefusedError as refused:
        form.add_error(None, f"{refused.message} {refused.hint}")
        return _page(request, user, form, status=refused.status)
    return _page(request, user, _form(user), issued=issued)


def _form(user: User, request: HttpRequest | None = None) -> KeyForm:
    """The form, with the scopes that this account may give away."""
    allowed = [scope for scope in SCOPES.values() if not scope.permission or can(user, scope.permission)]
    return KeyForm(request.POST if request else None, allowed)


def _page(
    request: HttpRequest,
    user: User,
    form: KeyForm,
    *,
    issued: services.IssuedKey | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    rows = [
        {"key": key, "live": key.live(now), "soon": key.live(now) and _soon(key)}
        for key in ApiKey.objects.filter(user=user)
    ]
    context = {"form": form, "rows": rows, "issued": issued, "fresh": is_fresh(request), "here": "keys"}
    return render(request, "accounts/keys.html", context, status=status)


def _soon(key: ApiKey) -> bool:
    return key.expires_at is not None and key.expires_at < timezone.now() + timedelta(days=7)


@require_POST
@limited("write")
def revoke(request: HttpRequest, prefix: str) -> HttpResponse:
    """Revoke one of one's own keys."""
    services.revoke_key(person(request), prefix)
    messages.success(request, "The key was revoked. It opens nothing any more.")
    return redirect("account_keys")
