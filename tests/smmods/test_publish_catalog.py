"""`publish_catalog`: publishes what is due, waits, and only looks with `--check`."""

import io

import pytest
from django.core.management import CommandError, call_command

from catalog.models import Publication, PublishedDocument, Release
from catalog.publisher import Hide, Publish, public_tree
from catalog.publisher.lease import Lease
from tests.catalog.publisher.world import StoppedError, case, published, put, stop_at

pytestmark = pytest.mark.django_db


def command(*arguments: str) -> str:
    out = io.StringIO()
    call_command("publish_catalog", *arguments, stdout=out)
    return out.getvalue().strip()


def refused(*arguments: str) -> str:
    with pytest.raises(CommandError) as error:
        command(*arguments)
    assert error.value.returncode == 1
    return str(error.value)


def test_the_first_run_publishes_and_the_second_finds_nothing_due() -> None:
    assert command() == "Published revision 1."
    assert command() == "Nothing was due."
    assert command("--check") == "The public tree is what the database says."


def test_it_finishes_what_a_killed_run_left_open() -> None:
    command()
    with pytest.raises(StoppedError):
        put(Publish(case("example.mod").told().release()), checkpoint=stop_at("stored"))
    assert "begun and not finished" in refused("--check")
    assert command() == "Published revision 2."
    assert command("--check")


def test_it_waits_and_then_says_who_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    command()
    monkeypatch.setattr("smmods.management.commands.publish_catalog.PATIENCE", 0.0)
    with Lease():
        assert "publisher_busy" in refused()


def test_the_check_names_whatever_does_not_agree() -> None:
    assert refused("--check") == "Nothing has been published yet."
    first = published("example.mod", "1.0.0")
    published("example.mod", "1.1.0", first.author)
    published("example.mod", "1.2.0", first.author)
    published("example.mod", "1.3.0", first.author)
    put(Hide("example.mod", "1.1.0", "Broken."))
    put(Hide("example.mod", "1.2.0", "Broken."))
    tree = public_tree()
    paths = {release.version: release.artifact_path for release in Release.objects.select_related("mod")}
    tree.withdraw(paths["1.0.0"])
    tree.unbury(paths["1.1.0"])
    tree.place(paths["1.2.0"], Release.objects.get(version="1.2.0").sha256)
    tree.withdraw(paths["1.3.0"])
    (tree.root / paths["1.3.0"]).write_bytes(b"short")
    tree.withdraw("api/v1/blocklist.json")
    tree.point("api/v1/catalog.json", tree.store(b"{}"))
    found = refused("--check").splitlines()
    assert found == [
        "/api/v1/blocklist.json is missing.",
        "/api/v1/catalog.json is not what was published.",
        f"/{paths['1.0.0']} is missing.",
        f"/{paths['1.1.0']} was taken back and does not answer so.",
        f"/{paths['1.2.0']} was taken back and does not answer so.",
        f"/{paths['1.3.0']} has 5 bytes.",
    ]
    assert Publication.objects.count() == 6 and PublishedDocument.objects.exists()
