"""The account page and the profile."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import agreement, services
from accounts.forms import ProfileForm
from accounts.limits import limited
from accounts.models import User
from accounts.views_signed_in import person


@never_cache
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """What an account is for and the way in; for those who are in, everything about theirs at a glance."""
    user = request.user
    if not isinstance(user, User):
        return render(request, "accounts/welcome.html")
    factors = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES)
    context = {
        "addresses": EmailAddress.objects.filter(user=user).order_by("-primary", "email"),
        "factors": factors.order_by("created_at"),
        "sessions": UserSession.objects.filter(user=user).count(),
        "keys": services.live_keys(user).count(),
        "agreement_version": agreement.VERSION,
        "here": "overview",
    }
    return render(request, "accounts/overview.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("write")
def profile(request: HttpRequest) -> HttpResponse:
    """The name that others see."""
    user = person(request)
    form = ProfileForm(request.POST or None, initial={"display_name": user.display_name})
    if request.method == "POST" and form.is_valid():
        services.change_profile(user, form.cleaned_data["display_name"])
        messages.success(request, "Your profile was saved.")
        return redirect("account_profile")
    return render(request, "accounts/profile.html", {"form": form, "here": "profile"})
