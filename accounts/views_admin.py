"""The admin's door: the portal's own sign-in, sign-out and password pages stand in for the admin's."""

from urllib.parse import urlencode

from allauth.account.utils import get_next_redirect_url
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import permissions
from accounts.models import User


@never_cache
@require_safe
def admin_login(request: HttpRequest) -> HttpResponse:
    """Where the admin sends those whom it does not let in: to sign in, or to hear that it is for admins."""
    back = get_next_redirect_url(request) or reverse("admin:index")
    if isinstance(request.user, User):
        permissions.ensure(request.user, "role.assign")
        return redirect(back)
    return redirect(f"{reverse('account_login')}?{urlencode({'next': back})}")


@require_safe
def admin_password(request: HttpRequest) -> HttpResponse:
    """A password is changed on the account's own page."""
    return redirect("account_change_password")
