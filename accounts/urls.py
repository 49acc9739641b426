"""Pages of this room, below /account/: ours first, then what allauth gives by itself.

Rules
- Every writing request here counts against a limit: `sign_in` where nobody is signed in yet, else `write`.
- What changes the way into an account asks for a fresh sign-in.
"""

from allauth.account import views as allauth_views
from allauth.account.urls import urlpatterns as allauth_account
from allauth.mfa.urls import urlpatterns as allauth_mfa
from allauth.usersessions.urls import urlpatterns as allauth_sessions
from django.urls import URLPattern, URLResolver, include, path

from accounts import (
    views,
    views_admin,
    views_agreement,
    views_fresh,
    views_keys,
    views_notices,
    views_own_data,
    views_roles,
)
from accounts.views_fresh import fresh_required
from accounts.views_sign_in import (
    ConfirmAddressView,
    ConfirmResetView,
    ConfirmSignInView,
    PasswordSignInView,
    SignInView,
    SignUpView,
    guarded,
)

Patterns = list[URLPattern | URLResolver]

OURS: Patterns = [
    path("", views.overview, name="account"),
    path("profile/", views.profile, name="account_profile"),
    path("fresh/", views_fresh.fresh, name="account_fresh"),
    path("agreement/", views_agreement.agreement, name="account_agreement"),
    path("keys/", views_keys.keys, name="account_keys"),
    path("keys/<str:prefix>/revoke/", views_keys.revoke, name="account_key_revoke"),
    path("notices/", views_notices.notices, name="account_notices"),
    path("export/", views_own_data.export, name="account_export"),
    path("close/", views_own_data.close, name="account_close"),
    path("roles/", views_roles.roles, name="account_roles"),
    path("roles/<str:account_id>/", views_roles.role, name="account_role"),
]
EMAIL = allauth_views.EmailView.as_view(extra_context={"here": "email"})
SIGN_IN: Patterns = [
    path("login/", guarded(SignInView.as_view()), name="account_login"),
    path("login/code/", guarded(SignInView.as_view()), name="account_request_login_code"),
    path("login/code/confirm/", guarded(ConfirmSignInView.as_view()), name="account_confirm_login_code"),
    path("login/password/", guarded(PasswordSignInView.as_view()), name="account_login_password"),
    path("signup/", guarded(SignUpView.as_view()), name="account_signup"),
    path("confirm-email/", guarded(ConfirmAddressView.as_view()), name="account_email_verification_sent"),
    path(
        "password/reset/confirm/",
        guarded(ConfirmResetView.as_view()),
        name="account_confirm_password_reset_code",
    ),
    path("email/", fresh_required(guarded(EMAIL, "write")), name="account_email"),
    path(
        "password/change/",
        fresh_required(guarded(allauth_views.password_change, "write")),
        name="account_change_password",
    ),
    path(
        "password/set/",
        fresh_required(guarded(allauth_views.password_set, "write")),
        name="account_set_password",
    ),
]


#: What a second factor is used for, rather than changed by: open to those who are about to sign in.
USES_OF_FACTORS = frozenset(
    {
        "mfa_index",
        "mfa_authenticate",
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
        "mfa_login_webauthn",
    }
)


def _guard_all(patterns: Patterns, limit: str) -> Patterns:
    """The same patterns, each view guarded; what changes a second factor needs a fresh sign-in as well."""
    guarded_patterns: Patterns = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            guarded_patterns.append(
                path(str(pattern.pattern), include(_guard_all(pattern.url_patterns, limit)))
            )
        elif pattern.callback is not None:
            view = guarded(pattern.callback, limit)
            if (pattern.name or "").startswith("mfa_") and pattern.name not in USES_OF_FACTORS:
                view = fresh_required(view)
            guarded_patterns.append(URLPattern(pattern.pattern, view, pattern.default_args, pattern.name))
    return guarded_patterns


TAKEN = {pattern.name for pattern in SIGN_IN if isinstance(pattern, URLPattern)}
REST: Patterns = [p for p in allauth_account if isinstance(p, URLPattern) and p.name not in TAKEN]

#: Wired before the admin's own addresses, in whose place they stand.
admin_urlpatterns: Patterns = [
    path("login/", views_admin.admin_login),
    path("logout/", guarded(allauth_views.logout)),
    path("password_change/", views_admin.admin_password),
]
urlpatterns: Patterns = [
    *OURS,
    *SIGN_IN,
    *_guard_all(REST, "sign_in"),
    path("2fa/", include(_guard_all(allauth_mfa, "sign_in"))),
    path("sessions/", include(_guard_all(allauth_sessions, "write"))),
]
