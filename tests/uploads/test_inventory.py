"""The inventory is written by one statement, and sets of hashes are one parameter, whatever their size."""

import io
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.packages import HOSTILE
from uploads import inventory
from uploads.models import PackageFile, Revision
from uploads.package.reader import Member, read_package

pytestmark = pytest.mark.django_db


def member(number: int, **more: Any) -> Member:
    """A member of a package."""
    values: dict[str, Any] = {
        "path": f"Scripts/ö “{number}”.lua",
        "size": 10 + number,
        "compressed": 5,
        "crc": 0xFFFFFFFF,
        "sha256": f"{number:064x}",
        "kind": "text",
        "executable": False,
        "method": 8,
        "offset": 0,
    }
    return Member(**(values | more))


def revision() -> Revision:
    found = factories.make_submission().current
    assert found is not None
    return found


def test_what_is_written_is_what_was_found() -> None:
    row = revision()
    facts = {"imports": ["a.dll"], "entropy": 7.5, "signer": None, "nested": {"x": 1}}
    program = member(2, path="Binaries/Win64/a.dll", kind="pe", executable=True, size=2**33)
    inventory.write(row, [member(1), program], {program.path: facts, "elsewhere": {}})
    one, two = PackageFile.objects.filter(revision=row).order_by("sha256")
    assert (one.path, one.size_bytes, one.crc32, one.sha256, one.kind, one.executable, one.facts) == (
        "Scripts/ö “1”.lua",
        11,
        0xFFFFFFFF,
        f"{1:064x}",
        "text",
        False,
        {},
    )
    assert (two.size_bytes, two.kind, two.executable, two.facts) == (2**33, "pe", True, facts)
    inventory.write(revision(), [], {})
    assert PackageFile.objects.count() == 2


def test_a_path_that_is_said_twice_or_too_long_is_kept_once_and_cut() -> None:
    row = revision()
    long = "x" * 500
    members = [member(1, path="a"), member(2, path="a"), member(3, path=long), member(4, path=long + "y")]
    inventory.write(row, members, {})
    rows = PackageFile.objects.filter(revision=row).order_by("path")
    assert [(file.path, file.sha256[-1]) for file in rows] == [("a", "1"), ("x" * 400, "3")]


def test_the_inventory_of_every_hostile_package_can_be_written() -> None:
    for _, _, data in HOSTILE:
        row = revision()
        inventory.write(row, read_package(io.BytesIO(data), len(data)).members, {})


def test_as_many_statements_for_three_thousand_members_as_for_three() -> None:
    counts = []
    for size in (3, 3000):
        with CaptureQueriesContext(connection) as queries:
            inventory.write(revision(), [member(number) for number in range(size)], {})
        counts.append(len(queries))
    assert PackageFile.objects.count() == 3003
    assert counts[0] == counts[1]


def test_a_set_of_any_size_is_one_parameter() -> None:
    row = revision()
    inventory.write(row, [member(number) for number in range(5)], {})
    wanted = [f"{number:064x}" for number in range(3, 20_000)]
    with CaptureQueriesContext(connection) as queries:
        found = set(PackageFile.objects.filter(sha256__in=inventory.any_of(wanted)).values_list("sha256"))
    assert found == {(f"{3:064x}",), (f"{4:064x}",)}
    assert len(queries) == 1
    assert not PackageFile.objects.filter(sha256__in=inventory.any_of([])).exists()
