"""A key of ours that lies in a package is revoked at once, and its secret is nowhere."""

import hashlib
import logging
from datetime import timedelta

import pytest
from django.apps import apps
from django.core import mail
from django.db import transaction
from django.utils import timezone

from accounts import keys, leaks, outbox
from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.models import ApiKey, AuditEntry, User
from tests import factories

pytestmark = pytest.mark.django_db


def secret_of(token: str) -> str:
    return token.rpartition("_")[2]


def as_found(token: str) -> dict[str, str]:
    """What an inspection says of a key: its prefix, and the digest of its secret."""
    _, prefix, secret = token.split("_")
    return {"prefix": prefix, "sha256": hashlib.sha256(secret.encode()).hexdigest()}


def issued(user: User) -> str:
    return keys.issue_key(user, "CI", ["downloads:read"]).token


def revoke(*found: dict[str, str]) -> list[str]:
    with transaction.atomic():
        return leaks.revoke_leaked(found, "sub_ABC")


def test_a_leaked_key_is_revoked_recorded_and_told(caplog: pytest.LogCaptureFixture) -> None:
    owner = factories.make_user("modder")
    token = issued(owner)
    outbox.drain()
    mail.outbox.clear()
    with caplog.at_level(logging.DEBUG):
        assert revoke(as_found(token)) == [token.split("_")[1]]
        outbox.drain()
    with pytest.raises(RefusedError) as refused:
        keys.authenticate_key(token)
    assert refused.value.code == "bad_key"
    entry = AuditEntry.objects.get(action=Action.ACCOUNT_KEY_REVOKED.value)
    assert (entry.actor.is_system, entry.target_id) == (True, token.split("_")[1])
    assert "sub_ABC" in entry.reason
    (sent,) = mail.outbox
    assert sent.to == [owner.email]
    assert "CI" in sent.body
    assert "sub_ABC" in sent.body
    assert secret_of(token) not in caplog.text + sent.body + everything()


def everything() -> str:
    """Every value of every table of the database, as text."""
    rows = [row for model in apps.get_models() for row in model._base_manager.values_list()]
    return "\n".join(map(str, rows))


def test_the_search_of_the_database_finds_what_is_there() -> None:
    token = issued(factories.make_user("modder"))
    assert as_found(token)["sha256"] in everything()


def test_only_a_key_that_matches_and_opens_something_is_revoked() -> None:
    owner = factories.make_user("modder")
    live, gone = issued(owner), issued(owner)
    keys.revoke_key(owner, gone.split("_")[1])
    before = AuditEntry.objects.count()
    assert revoke() == []
    assert revoke(as_found(gone)) == []
    assert revoke(as_found(live) | {"sha256": "0" * 64}) == []
    assert revoke({"prefix": "nobodys1", "sha256": "0" * 64}) == []
    assert AuditEntry.objects.count() == before
    assert ApiKey.objects.filter(revoked_at__isnull=True).count() == 1


def test_a_prefix_found_with_a_wrong_and_the_right_secret_is_revoked() -> None:
    token = issued(factories.make_user("modder"))
    assert revoke(as_found(token), as_found(token) | {"sha256": "0" * 64}) == [token.split("_")[1]]


def test_a_key_that_has_run_out_is_revoked_all_the_same() -> None:
    token = issued(factories.make_user("modder"))
    ApiKey.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert revoke(as_found(token)) == [token.split("_")[1]]


def test_keys_of_several_people_at_once() -> None:
    tokens = [issued(factories.make_user("modder")) for _ in range(3)]
    assert len(revoke(*(as_found(token) for token in tokens))) == 3
