"""What marks an account as changed: another address, and factors beyond the first."""

import pytest
from allauth.account.models import EmailAddress
from allauth.account.signals import email_changed
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed

from accounts.audit import Action
from accounts.models import AuditEntry, User
from tests.factories import make_user

pytestmark = pytest.mark.django_db

TOTP, KEY, CODES = Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN, Authenticator.Type.RECOVERY_CODES


@pytest.fixture
def user() -> User:
    return make_user()


def added(user: User, kind: str) -> Authenticator:
    """A new authenticator, told as allauth tells it."""
    row = Authenticator.objects.create(user=user, type=kind, data={})
    authenticator_added.send(sender=Authenticator, request=None, user=user, authenticator=row)
    user.refresh_from_db()
    return row


def said() -> list[bool]:
    """Whether each entry on factors calls it a change, the oldest first."""
    entries = AuditEntry.objects.filter(action=Action.ACCOUNT_FACTOR_CHANGED).order_by("sequence")
    return [entry.after["change"] for entry in entries]


def test_the_first_factor_and_its_codes_are_no_change(user: User) -> None:
    added(user, TOTP)
    added(user, CODES)
    assert (said(), user.changed_at) == ([False, False], None)


def test_a_second_factor_is_a_change(user: User) -> None:
    added(user, TOTP)
    added(user, KEY)
    assert said() == [False, True]
    assert (user.changed_at is not None, user.changed_what) == (True, "second factor")


def test_taking_a_factor_away_is_a_change(user: User) -> None:
    row = added(user, TOTP)
    row.delete()
    authenticator_removed.send(sender=Authenticator, request=None, user=user, authenticator=row)
    user.refresh_from_db()
    assert said() == [False, True]
    assert user.changed_what == "second factor"


def test_another_address_is_a_change_and_the_first_is_none(user: User) -> None:
    to = EmailAddress(user=user, email="new@example.com")
    email_changed.send(sender=User, request=None, user=user, from_email_address=None, to_email_address=to)
    user.refresh_from_db()
    assert user.changed_at is None
    old = EmailAddress(user=user, email=user.email)
    email_changed.send(sender=User, request=None, user=user, from_email_address=old, to_email_address=to)
    user.refresh_from_db()
    assert user.changed_what == "mail address"
