"""One entry changed in a long list comes out as if the list had been put together from the rows."""

import json

import pytest

from catalog import documents
from catalog.models import Publication
from catalog.publisher import Hide, Publish, public_tree, splice
from tests.catalog.publisher.test_run import settled
from tests.catalog.publisher.world import case, published, put

pytestmark = pytest.mark.django_db
MODS = ("a.mod", "b.mod", "c.mod")


@pytest.mark.parametrize(
    ("entries", "old", "new", "following", "result"),
    [
        (b"", b"", b"{1}", b"", b"{1}"),
        (b"{1}", b"", b"{2}", b"", b"{1},{2}"),
        (b"{2}", b"", b"{1}", b"{2}", b"{1},{2}"),
        (b"{1},{3}", b"", b"{2}", b"{3}", b"{1},{2},{3}"),
        (b"{1},{2},{3}", b"{2}", b"{9}", b"{3}", b"{1},{9},{3}"),
        (b"{1},{2},{3}", b"{1}", b"", b"{2}", b"{2},{3}"),
        (b"{1},{2},{3}", b"{2}", b"", b"{3}", b"{1},{3}"),
        (b"{1},{2},{3}", b"{3}", b"", b"", b"{1},{2}"),
        (b"{1}", b"{1}", b"", b"", b""),
        (b"{1}", b"", b"", b"", b"{1}"),
        (b"{1}", b"{2}", b"{3}", b"", None),
        (b"{1}", b"", b"{2}", b"{3}", None),
    ],
)
def test_cut_and_joined(
    entries: bytes, old: bytes, new: bytes, following: bytes, result: bytes | None
) -> None:
    assert splice.spliced(entries, old, new, following) == result


def agree() -> None:
    """What is shown is what the rows make."""
    last = Publication.objects.latest("revision")
    for path, render in (
        (documents.CATALOG, documents.catalog),
        (documents.MODS_INDEX, documents.mods_index),
    ):
        at = documents.time_of(last.plan["generatedAt"])
        assert public_tree().read(path) == render(last.revision, at)
    settled()


@pytest.mark.parametrize("place", range(3))
def test_a_mod_that_comes_changes_and_goes_anywhere(place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rest = [mod_id for mod_id in MODS if mod_id != MODS[place]]
    for mod_id in rest:
        published(mod_id)
    # From here on nothing is read from the rows of the others.
    monkeypatch.setattr(documents, "_entries", lambda _: pytest.fail("put together from the rows"))
    made = published(MODS[place])
    published(MODS[place], "1.1.0", made.author)
    put(Hide(MODS[place], "1.1.0", "Broken."))
    put(Hide(MODS[place], "1.0.0", "Broken."))
    monkeypatch.undo()
    agree()
    catalog = json.loads(public_tree().read(documents.CATALOG) or b"")
    assert [mod["id"] for mod in catalog["mods"]] == rest


def test_each_step_agrees_with_the_rows() -> None:
    for mod_id in ("b.mod", "a.mod", "c.mod"):
        published(mod_id)
        agree()
    put(Hide("a.mod", "1.0.0", "Broken."))
    agree()


def test_a_list_that_was_changed_by_hand_is_put_together_anew() -> None:
    published("a.mod")
    tree = public_tree()
    tree.point(documents.CATALOG, tree.store(b'{"mods":[],"revision":1}'))
    published("b.mod")
    agree()


def test_an_entry_that_is_not_where_it_should_be_is_no_splice() -> None:
    from catalog.models import Mod

    made = published("a.mod")
    Mod.objects.update(catalog_entry="{}")
    published("a.mod", "1.1.0", made.author)
    agree()


def test_several_mods_at_once_are_put_together() -> None:
    published("a.mod")
    first, second = case("b.mod").told(), case("c.mod").told()
    put(Publish(first.release()), Publish(second.release()))
    agree()
