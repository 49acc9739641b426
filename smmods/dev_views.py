"""Pages of a development installation: sign in as one of the sample people, read the mails sent.

Rules
- These addresses exist in development only: elsewhere they are not wired at all.
- Signing in here counts as a fresh sign-in with a second factor, needs the CSRF token as everything does, and
  is recorded like any other.
"""

from dataclasses import dataclass
from pathlib import Path

from allauth.account import signals
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from smmods.dev_mail import sent_mails


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """Somebody whom the samples make, and what they are there for."""

    email: str
    says: str


PEOPLE = (
    SamplePerson("player@example.com", "looks around, may become a modder"),
    SamplePerson("modder@example.com", "has submissions in every state"),
    SamplePerson("second.modder@example.com", "another modder, with a namespace of their own"),
    SamplePerson("moderator@example.com", "reviews and decides"),
    SamplePerson("second.moderator@example.com", "the second person, where two are needed"),
    SamplePerson("admin@example.com", "gives roles, edits the platform"),
)


@never_cache
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The sample people with a button each."""
    there = {
        user.email: user for user in User.objects.people().filter(email__in=[one.email for one in PEOPLE])
    }
    rows = [{"person": one, "user": there.get(one.email)} for one in PEOPLE]
    return render(request, "dev/index.html", {"rows": rows})


@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in as the account with the posted `email`; 404 where there is none."""
    address = request.POST.get("email", "").strip().lower()
    user = User.objects.people().filter(email=address, is_active=True).first()
    if user is None:
        raise Http404("There is no such account. The samples are made by manage.py demo.")
    with transaction.atomic():
        get_adapter(request).login(request, user)
        record_authentication(request, user, method="code", reauthenticated=True, email=user.email)
        record_authentication(request, user, method="mfa", reauthenticated=True, type="totp")
        signals.user_logged_in.send(sender=User, request=request, response=None, user=user)
    url = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return redirect(url if ours else "/")


@never_cache
@require_safe
def mail(request: HttpRequest) -> HttpResponse:
    """The mails sent, newest first."""
    folder = Path(settings.EMAIL_FILE_PATH)
    kept = settings.EMAIL_BACKEND == "django.core.mail.backends.filebased.EmailBackend"
    return render(request, "dev/mail.html", {"mails": sent_mails(folder) if kept else [], "kept": kept})
