"""A fresh sign-in: what a stolen cookie does not have.

Rules
- Making a key, changing the address or the password, closing the account, and whatever a room above asks it
  for, need a sign-in by code, password or second factor that is at most 30 minutes old.
- An older session confirms by a code that comes by mail: it belongs to this session, opens once, within 15
  minutes and three attempts. Asking and entering it are the only writes; GET does nothing.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.core.internal.cryptokit import compare_user_code, generate_user_code
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import limits, notifications
from accounts.errors import RefusedError
from accounts.forms import CodeForm
from accounts.limits import limited
from accounts.models import User
from accounts.views_signed_in import person

FRESH_SECONDS = 30 * 60
CODE_SECONDS = 15 * 60
MAX_ATTEMPTS = 3
SESSION_KEY = "accounts_fresh_code"

View = Callable[..., HttpResponseBase]


def is_fresh(request: HttpRequest) -> bool:
    """Whether the person at this session signed in, or confirmed it, within the last 30 minutes."""
    if not isinstance(request.user, User):
        return False
    records = get_authentication_records(request, request.user)
    return bool(records) and time.time() - max(record["at"] for record in records) < FRESH_SECONDS


def fresh_required(view: View) -> View:
    """`view` for people who are signed in, freshly; others are led to the page that makes it so and back."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        person(request)
        if is_fresh(request):
            return view(request, *args, **kwargs)
        back = urlencode({"next": request.get_full_path()})
        return HttpResponseRedirect(f"{reverse('account_fresh')}?{back}")

    return inner


def send_code(request: HttpRequest, user: User, next_url: str) -> None:
    """Send `user` a code for this session. Raises RefusedError (429) over the address's limit."""
    limits.hit("mail", user.email)
    code = generate_user_code()
    query = urlencode({"code": code, "next": next_url})
    link = f"{settings.SMMODS_SITE_URL}{reverse('account_fresh')}?{query}"
    with transaction.atomic():
        notifications.notify(user, "confirm_sign_in", {"code": code, "link": link})
    request.session[SESSION_KEY] = {"code": code, "at": time.time(), "attempts": 0}


def code_sent(request: HttpRequest) -> bool:
    """Whether a code is on its way that this session may still enter."""
    state = request.session.get(SESSION_KEY)
    return state is not None and time.time() - state["at"] < CODE_SECONDS and state["attempts"] < MAX_ATTEMPTS


def enter_code(request: HttpRequest, user: User, code: str) -> None:
    """Take the code that `user` entered; the session is fresh afterwards.

    Raises RefusedError: 422 code_expired, incorrect_code.
    """
    state = request.session.get(SESSION_KEY)
    if state is None or not code_sent(request):
        request.session.pop(SESSION_KEY, None)
        raise RefusedError("code_expired", "This code has run out or was used.", "Ask for a new one.")
    if not compare_user_code(actual=code, expected=state["code"]):
        state["attempts"] += 1
        request.session[SESSION_KEY] = state
        raise RefusedError("incorrect_code", "This is not the code from the mail.", "Check it and try again.")
    del request.session[SESSION_KEY]
    record_authentication(request, user, method="code", reauthenticated=True, email=user.email)


def _way_back(request: HttpRequest) -> str:
    """Where the person came from, if that is a page of this portal."""
    url = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return url if ours else reverse("account")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("write")
def fresh(request: HttpRequest) -> HttpResponse:
    """Confirm that it is still you: ask for a code by mail, then enter it. A second factor goes before mail."""
    user = person(request)
    back = _way_back(request)
    if is_fresh(request):
        return redirect(back)
    if is_mfa_enabled(user):
        return redirect(f"{reverse('mfa_reauthenticate')}?{urlencode({'next': back})}")
    form = CodeForm(initial={"code": request.GET.get("code", "")[:32]})
    if request.method == "POST" and request.POST.get("action") == "send":
        send_code(request, user, back)
        return redirect(f"{reverse('account_fresh')}?{urlencode({'next': back})}")
    if request.method == "POST":
        form = CodeForm(request.POST)
        if form.is_valid():
            try:
                enter_code(request, user, form.cleaned_data["code"])
                return redirect(back)
            except RefusedError as refused:
                form.add_error("code", f"{refused.message} {refused.hint}")
    context = {"form": form, "sent": code_sent(request), "back": back, "email": user.email}
    return render(request, "accounts/fresh.html", context)
