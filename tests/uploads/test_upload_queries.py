"""What one upload costs the database: received and checked, at most 60 queries, whatever its size."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import OutboxRow, User
from tests import factories
from tests.packages import pe
from uploads import checking, services
from uploads.models import PackageFile, Submission

pytestmark = pytest.mark.django_db
MOST = 60


def packed(mod_id: str, files: int, wishes: int = 0) -> tuple[bytes, bytes]:
    """A package of so many files, and its sidecar."""
    more = {"dependencies": [{"id": f"base.lib{n}", "version": "^1.0.0"} for n in range(wishes)]}
    members = {
        f"Content/n{number}.lua": b"-- %d https://n%d.example/\n" % (number, number)
        for number in range(files)
    }
    members |= {"Content/init.lua": b"return 1\n", "Binaries/Win64/a.dll": pe()}
    document = factories.manifest(mod_id, **more)
    return factories.package(document, members), json.dumps(factories.sidecar(mod_id, **more)).encode()


def cost(author: User, mod_id: str, files: int, wishes: int = 0) -> int:
    """How many queries it takes to receive and check the package."""
    data, side = packed(mod_id, files, wishes)
    with CaptureQueriesContext(connection) as queries:
        submission = services.receive(
            author, chunks=[data], content_type="application/zip", sidecar_raw=side, via="api"
        )
        row = OutboxRow.objects.get(kind=services.CHECKS, done_at=None)
        checking.work(row.payload)
    OutboxRow.objects.all().delete()
    assert Submission.objects.get(pk=submission.pk).state == "pending_review"
    assert PackageFile.objects.filter(revision=submission.current_id).count() == files + 3
    return len(queries)


def test_an_upload_takes_at_most_sixty_queries_whatever_its_size() -> None:
    author = factories.make_user("modder")
    for number in range(20):
        factories.make_release(author, f"base.lib{number}", "1.2.0")
    costs = [
        cost(author, "space.small", 1),
        cost(author, "space.large", 2000),
        cost(author, "space.needy", 1, wishes=20),
    ]
    assert max(costs) <= MOST
    assert costs[1] <= costs[0] + 4
    assert costs[2] <= costs[0] + 2
