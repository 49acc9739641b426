"""Signing up and in: allauth's views, bound to this portal's rules.

Rules
- GET and HEAD consume nothing; a link in a mail only fills in the code, and the button sends it.
- A code belongs to the browser that asked for it; another browser is told so.
- Asking again, or for another address, starts anew and sends as many mails, whoever has an account.
- Writing requests count against a limit and run in one transaction, so that what they change, the entry in
  the audit trail and the owed mail stand or fall together.
"""

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

from allauth.account import views
from allauth.account.internal.flows.code_verification import AbstractCodeVerificationProcess
from allauth.account.internal.flows.email_verification_by_code import EmailVerificationProcess
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.internal.flows.password_reset_by_code import PasswordResetVerificationProcess
from allauth.account.internal.stagekit import clear_login
from allauth.account.stages import LoginByCodeStage, LoginStage, LoginStageController
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from accounts import limits
from accounts.errors import RefusedError

View = Callable[..., HttpResponseBase]
READS = ("GET", "HEAD", "OPTIONS")


def guarded(view: View, limit: str = "sign_in") -> View:
    """`view`, whose writing requests count against `limit` and run in one transaction.

    A refusal undoes the session as well: nothing half-made remains in it.
    """

    @never_cache
    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method in READS:
            return view(request, *args, **kwargs)
        limits.hit(limit, limits.key_for(limit, request))
        try:
            with transaction.atomic():
                return view(request, *args, **kwargs)
        except RefusedError:
            store = import_module(settings.SESSION_ENGINE).SessionStore
            request.session = store(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
            raise

    return inner


class StartAnewMixin:
    """A page that begins a flow forgets the one that was begun before."""

    def _redirect_to_pending_stage(self, request: HttpRequest, stage: LoginStage) -> None:
        clear_login(request)


class SignInView(StartAnewMixin, views.RequestLoginCodeView):
    """The way in: an address of mail, and a code comes."""

    template_name = "account/login.html"

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        form.fields["email"].label = "Mail address"
        return form


class PasswordSignInView(StartAnewMixin, views.LoginView):
    """The way in for those who have set a password."""

    template_name = "account/login_password.html"

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        form.fields["login"].label = "Mail address"
        return form


class SignUpView(StartAnewMixin, views.SignupView):
    """A new account. Its mail leaves now, or there is no account."""


def _resend(process: AbstractCodeVerificationProcess) -> None:
    """A new code by a new mail; a known and an unknown address get one each."""
    process.generate_code()
    process.send(skip_enumeration_mails=False)
    process.record_resend()
    process.persist()


def prefilled(request: HttpRequest) -> dict[str, str]:
    """What the code's field holds at first: the code of the mail's link."""
    return {"code": request.GET.get("code", "")[:32]}


def code_elsewhere(request: HttpRequest, again: str) -> HttpResponse:
    """Says that the code is not for this browser, was used or has run out; `again` names where to ask anew."""
    return render(request, "account/code_elsewhere.html", {"again": reverse(again)}, status=410)


class ConfirmSignInView(views.ConfirmLoginCodeView):
    """Enter the code of a mail to sign in."""

    template_name = "account/confirm_login_code.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer; without a code that this browser asked for, say so."""
        stage = LoginStageController.enter(request, LoginByCodeStage.key)
        going = stage is not None and LoginCodeVerificationProcess.resume(stage) is not None
        if request.user.is_anonymous and not going:
            return code_elsewhere(request, "account_login")
        return super().dispatch(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        return super().get_initial() | prefilled(self.request)

    def _resend_form_valid(self, form: Any) -> HttpResponse:
        _resend(self._process)
        return HttpResponseRedirect(self.passthrough_next_url(reverse("account_confirm_login_code")))


class ConfirmAddressView(views.ConfirmEmailVerificationCodeView):
    """Enter the code of a mail to show that the address is yours."""

    template_name = "account/confirm_email_verification_code.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer; without a code that this browser asked for, say so."""
        if EmailVerificationProcess.resume(request) is None:
            return code_elsewhere(request, "account_login" if request.user.is_anonymous else "account_email")
        return super().dispatch(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        return super().get_initial() | prefilled(self.request)

    def form_valid(self, form: Any) -> HttpResponse:
        """The code that signs somebody in for the first time is a sign-in by code: the session is fresh."""
        anonymous = self.request.user.is_anonymous
        response: HttpResponse = super().form_valid(form)
        user = self.request.user
        if anonymous and user.is_authenticated:
            record_authentication(self.request, user, method="code", email=user.email)
        return response

    def _resend_form_valid(self, form: Any) -> HttpResponse:
        _resend(self._process)
        return HttpResponseRedirect(self.passthrough_next_url(reverse("account_email_verification_sent")))


class ConfirmResetView(views.ConfirmPasswordResetCodeView):
    """Enter the code of a mail to set a new password."""

    template_name = "account/confirm_password_reset_code.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer; without a code that this browser asked for, say so."""
        if PasswordResetVerificationProcess.resume(request) is None:
            return code_elsewhere(request, "account_reset_password")
        return super().dispatch(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        return super().get_initial() | prefilled(self.request)
