"""Sending a package to the services, and what a refusal must leave behind: nothing."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.storage import storages

from accounts.errors import RefusedError
from accounts.models import AuditEntry, User
from tests import factories
from uploads import services
from uploads.models import Revision, Submission

MOD = "space.mod"


def send(
    actor: User,
    *,
    data: bytes | None = None,
    side: dict[str, Any] | bytes | None = None,
    via: str = "api",
    content_type: str = "application/zip",
    key: str | None = None,
    version: str = "1.0.0",
) -> Submission:
    """Receive a good package of `MOD`, but for what a test names. `side` None means the good sidecar; b"" none."""
    data = factories.good_package(MOD, version) if data is None else data
    side = factories.sidecar(MOD, version) if side is None else side
    raw = side if isinstance(side, bytes) else json.dumps(side).encode()
    return services.receive(
        actor,
        chunks=[data[:5], data[5:]],
        content_type=content_type,
        sidecar_raw=raw or None,
        via=via,
        idempotency_key=key,
    )


def refused_with(code: str, act: Callable[[], object]) -> RefusedError:
    """The refusal of `act`, which must leave no row, no bytes and no audit entry behind."""
    before = (Submission.objects.count(), Revision.objects.count(), AuditEntry.objects.count(), staged())
    with pytest.raises(RefusedError) as refused:
        act()
    assert refused.value.code == code
    assert refused.value.hint
    assert (
        Submission.objects.count(),
        Revision.objects.count(),
        AuditEntry.objects.count(),
        staged(),
    ) == before
    return refused.value


def staged(folder: str = "uploads/staging") -> list[str]:
    """Every file in staging."""
    store = storages["staging"]
    if not store.exists(folder):
        return []
    folders, files = store.listdir(folder)
    return sorted(
        [f"{folder}/{name}" for name in files] + [f for sub in folders for f in staged(f"{folder}/{sub}")]
    )
