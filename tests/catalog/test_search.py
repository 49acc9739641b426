"""Finding mods: words, filters, order, counts, suggestions."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from catalog import search
from catalog.models import Category, Mod
from catalog.search import Query
from tests import factories

pytestmark = pytest.mark.django_db


def put(mod_id: str, name: str, summary: str = "", **fields: Any) -> Mod:
    """A public mod with a name and whatever else the test is about."""
    shelf = fields.pop("category", "")
    shelves = tuple(Category.objects.filter(code=shelf)) if shelf else ()
    mod = factories.make_release(mod_id=mod_id, categories=shelves).mod
    mod.name, mod.summary = name, summary
    mod.search_text = search.text_of(name, mod_id, summary, ["Ada"], [shelf])
    for key, value in fields.items():
        setattr(mod, key, value)
    mod.save()
    return mod


def found(**asked: Any) -> list[str]:
    return [row["mod_id"] for row in search.search(Query(**asked)).page.object_list]


def test_every_word_must_occur_somewhere() -> None:
    put("a.pipes", "Pipeworks", "Tubes for ore")
    put("b.lamps", "Lamps", "Light for ore rooms")
    assert found(text="ore") == ["b.lamps", "a.pipes"]
    assert found(text="ORE tubes") == ["a.pipes"]
    assert found(text="ore cheese") == []


def test_words_are_looked_for_in_author_id_and_category_too() -> None:
    put("luanti.mesecons", "Mesecons", category="automation")
    for word in ("ada", "luanti", "automation", "secon"):
        assert found(text=word) == ["luanti.mesecons"], word


def test_percent_and_underscore_are_letters_like_others() -> None:
    put("a.plain", "Plain")
    assert found(text="%") == []
    assert found(text="p_ain") == []


def test_relevance_puts_the_name_itself_first_then_beginnings_then_the_rest_by_downloads() -> None:
    put("a.exact", "Pipe", downloads=1)
    put("a.begins", "Pipeworks", downloads=5)
    put("a.within", "Big Pipe", downloads=9)
    put("a.rest", "Tubes", "like a pipe", downloads=99)
    put("a.more", "Hoses", "like a pipe", downloads=100)
    assert found(text="pipe") == ["a.exact", "a.begins", "a.within", "a.more", "a.rest"]
    assert found(text="a.rest")[0] == "a.rest"


def test_sorts() -> None:
    now = timezone.now()
    put("a.old", "Old", created_at=now - timedelta(9), updated_at=now, downloads=5)
    put("a.new", "New", created_at=now - timedelta(1), updated_at=now - timedelta(1), downloads=9)
    assert found(sort="updated") == found() == found(sort="relevance") == ["a.old", "a.new"]
    assert found(sort="new") == ["a.new", "a.old"]
    assert found(sort="downloads") == ["a.new", "a.old"]


def test_mods_without_a_public_release_are_not_found() -> None:
    mod = put("a.hidden", "Hidden")
    mod.latest = None
    mod.save()
    assert found(text="hidden") == found() == []


def test_deprecated_ones_are_shown_only_when_asked_for() -> None:
    put("a.gone", "Gone", deprecated=True)
    assert found() == []
    assert found(deprecated=True) == ["a.gone"]


def test_filters_add_up_and_values_of_one_are_alternatives() -> None:
    now = timezone.now()
    put("a.one", "One", category="tools", latest_build="0.9.0", updated_at=now)
    put("a.two", "Two", category="world", latest_build="0.8.6", updated_at=now - timedelta(30))
    put("a.three", "Three", category="audio-visual", updated_at=now - timedelta(200))
    assert set(found(categories=("tools", "world"))) == {"a.one", "a.two"}
    assert found(categories=("tools", "world"), build="0.8.6") == ["a.two"]
    assert found(updated="7") == ["a.one"]
    assert found(updated="90") == ["a.one", "a.two"]


def test_counts_say_what_choosing_a_value_would_show() -> None:
    factories.make_build("0.8.6")
    put("a.one", "One", category="tools")
    put("a.two", "Two", category="world", latest_build="0.8.6")
    put("a.old", "Old", category="tools", deprecated=True)
    filters = search.search(Query(categories=("tools",))).filters
    assert {choice.value: choice.count for choice in filters.categories if choice.count} == {
        "tools": 1,
        "world": 1,
    }
    assert [choice.value for choice in filters.categories if choice.chosen] == ["tools"]
    assert {choice.word: choice.count for choice in filters.builds} == {"0.9.0, current": 1, "0.8.6": 0}
    assert (filters.any_build, filters.any_time, filters.deprecated) == (1, 1, 1)
    assert [choice.count for choice in filters.updated] == [0, 0]


def test_refused_builds_and_retired_shelves_are_no_choice_unless_chosen() -> None:
    factories.make_build("0.7.0", "refused")
    Category.objects.filter(code="tools").update(retired=True)
    plain, asked = search.search(Query()).filters, search.search(Query(categories=("tools",))).filters
    assert "0.7.0" not in [choice.value for choice in plain.builds]
    assert "tools" not in [choice.value for choice in plain.categories]
    assert "tools" in [choice.value for choice in asked.categories]


def test_pages_and_a_page_that_is_not_there() -> None:
    for number in range(search.PAGE_SIZE + 1):
        put(f"a.mod-{number}", f"Mod {number}")
    first, last = search.search(Query()), search.search(Query(), "99")
    assert (first.total, len(first.page.object_list), len(last.page.object_list)) == (13, 12, 1)
    assert search.search(Query(), "no number").page.number == 1


def test_the_number_of_queries_does_not_depend_on_what_is_found(django_assert_num_queries: Any) -> None:
    put("a.first", "First", category="tools")
    with django_assert_num_queries(6):
        search.search(Query(text="first", categories=("tools",), build="0.9.0"))
    for number in range(20):
        put(f"a.mod-{number}", f"First {number}", category="tools")
    with django_assert_num_queries(6):
        search.search(Query(text="first"), "2")


def test_an_address_is_read_into_a_query_and_back() -> None:
    query = search.read(
        {
            "q": ["  pipe   works "],
            "category": ["tools", "world", "tools", ""],
            "build": ["0.9.0"],
            "updated": ["7"],
            "deprecated": ["1"],
            "sort": ["new"],
            "else": ["x"],
        }
    )
    assert query == Query("pipe works", ("tools", "world"), "0.9.0", "7", True, "new")
    assert query.narrowed == 5
    assert (
        query.address()
        == "?q=pipe+works&category=tools&category=world&build=0.9.0&updated=7&deprecated=1&sort=new"
    )
    assert Query().address() == ""


def test_what_an_address_should_not_hold_is_left_out() -> None:
    assert search.read({"sort": ["; drop"], "updated": ["8"], "deprecated": ["yes"], "q": ["a\0b"]}) == Query(
        "ab"
    )
    assert len(search.read({"q": ["x" * 500]}).text) == search.MAX_QUERY
    assert len(Query(text="w " * 50).words) == search.MAX_WORDS


def test_a_suggestion_names_a_close_word_and_how_much_it_finds() -> None:
    put("a.pipes", "Pipeworks")
    suggested = search.suggestion(Query(text="pipworks"))
    assert suggested is not None
    assert (suggested.text, suggested.count, suggested.address) == ("pipeworks", 1, "?q=pipeworks")


@pytest.mark.parametrize("text", ["zebra", "pipeworks zebra", ""])
def test_without_anything_close_there_is_no_suggestion(text: str) -> None:
    put("a.pipes", "Pipeworks")
    assert search.suggestion(Query(text=text)) is None


def test_search_text_holds_every_word_in_lower_case() -> None:
    words = search.text_of("Big Pipes", "luanti.big-pipes", "For  Ore", ["Ada L."], ["tools"])
    assert words == "big pipes luanti.big-pipes luanti big pipes for ore ada l. tools"
