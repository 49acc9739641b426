"""The parts that every page is built from: template tags, marks, words, ticks, tiles, navigation."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone

from catalog import marks, navigation, ticks, words
from catalog.emblem import FIGURES, GROUNDS, emblem_svg

AT = datetime(2026, 11, 18, 14, 2, 5, tzinfo=UTC)


def draw(source: str, **context: Any) -> str:
    """What a template with the tags loaded renders."""
    return Template("{% load smmods_ui %}" + source).render(Context(context))


def sprite() -> set[str]:
    """The ids of the symbols in the sprite."""
    text = (settings.BASE_DIR / "smmods/static/icons/sprite.svg").read_text(encoding="utf-8")
    return set(re.findall(r'<symbol id="([^"]+)"', text))


def test_every_mark_is_in_the_sprite_and_has_a_word() -> None:
    drawn = sprite()
    for table in (marks.STATUS, marks.STATE, marks.BANNER):
        for name, mark in table.items():
            assert mark.symbol in drawn, name
            assert mark.word, name


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    drawn = sprite()
    missing = {
        f"{path.name}: {name}"
        for path in (settings.BASE_DIR / "templates").rglob("*.html")
        for name in re.findall(r'{%\s*(?:icon|symbol)\s+"([^"]+)"', path.read_text(encoding="utf-8"))
        if name not in drawn
    }
    assert missing == set()


def test_an_unknown_state_keeps_its_name() -> None:
    assert marks.state_mark("on_the_moon").word == "On the moon"
    assert marks.status_mark("odd").symbol == "mark-not-run"
    assert "On the moon" in draw('{% state_badge "on_the_moon" %}')


def test_a_badge_is_a_mark_and_a_word() -> None:
    badge = draw('{% state_badge "pending_review" filled=True %}')
    assert "Pending review" in badge
    assert "badge--filled" in badge
    assert "mark-current" in badge
    assert "tone-ore" in badge
    assert "1 to fix" in draw('{% status_badge "failed" "1 to fix" %}')


def test_marks_come_in_three_sizes() -> None:
    assert 'class="mark tone-good"' in draw('{% mark "passed" %}')
    assert "mark--20" in draw('{% mark "published" 20 %}')
    assert draw('{{ "warned"|status_word }}') == "Signal"


def test_a_hash_is_whole_and_can_be_copied() -> None:
    whole = "a" * 64
    assert draw("{% hash value %}", value=whole).count(whole) == 2
    short = draw("{% short_hash value %}", value="0123456789abcdef0123")
    assert "01234567…ef0123" in short
    assert 'title="0123456789abcdef0123"' in short
    assert ">abc<" in draw("{% short_hash value %}", value="abc")


def test_what_people_wrote_is_escaped_in_every_part() -> None:
    evil = '"><script>'
    for source in (
        "{% hash value %}",
        "{% short_hash value %}",
        "{% person value %}",
        '{% state_badge "draft" value %}',
        "{% icon value %}",
        "{% state_badge value %}",
    ):
        assert "<script>" not in draw(source, value=evil), source


def test_times_in_four_styles() -> None:
    assert draw("{% when at %}", at=AT) == (
        '<time datetime="2026-11-18T14:02:05Z" title="2026-11-18 14:02:05 UTC" data-when="time">'
        "18 Nov 2026, 14:02 UTC</time>"
    )
    assert ">18 Nov 2026</time>" in draw('{% when at "date" %}', at=AT)
    assert draw("{% when at %}", at=None) == ""
    now = timezone.now()
    assert f">{now.day} {now:%b}</time>" in draw('{% when at "day" %}', at=now)
    assert ">3 Jan 2020</time>" in draw('{% when at "day" %}', at=datetime(2020, 1, 3, tzinfo=UTC))
    assert ">today</time>" in draw('{% when at "ago" %}', at=now)


@pytest.mark.parametrize(
    ("back", "said"),
    [
        (timedelta(days=1), "yesterday"),
        (timedelta(days=6), "6 days ago"),
        (timedelta(days=62), "2 months ago"),
        (timedelta(hours=-3, minutes=-5), "in 3 hours"),
    ],
)
def test_how_long_ago_in_one_unit(back: timedelta, said: str) -> None:
    assert words.ago(timezone.now() - back) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (11, "11 s"),
        (0, "0 s"),
        (-5, "0 s"),
        (100_800, "1 d 4 h"),
        (timedelta(hours=3, minutes=10), "3 h 10 min"),
        (None, ""),
    ],
)
def test_spans_in_two_units(value: Any, said: str) -> None:
    assert words.duration(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, ""),
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1 KiB"),
        (974 * 1024, "974 KiB"),
        (3_690_000, "3.52 MiB"),
        (104_857_600, "100 MiB"),
        (5 * 1024**3, "5 GiB"),
    ],
)
def test_sizes(value: int | None, said: str) -> None:
    assert words.filesize(value) == said


def test_numbers() -> None:
    assert words.bytes_exact(147_271) == "147,271 bytes"
    assert words.thousands(18402) == "18,402"


@pytest.mark.parametrize(
    ("name", "letters"), [("Mirela Voss", "MV"), ("halden", "HA"), ("ines.k@x", "IK"), ("", "")]
)
def test_initials(name: str, letters: str) -> None:
    assert words.initials(name) == letters


def test_place_in_the_queue_as_ticks() -> None:
    svg = ticks.place_svg(3, 5)
    assert (svg.count("<rect"), svg.count("is-done"), svg.count("is-here")) == (5, 2, 1)
    many = ticks.place_svg(500, 1000)
    assert many.count("<rect") == ticks.MOST
    assert many.count("is-here") == 1
    assert all(float(x) < ticks.BREADTH for x in re.findall(r' x="([\d.]+)"', many))
    assert ticks.place_svg(1, 1).count("<rect") == 1
    assert "style=" not in draw("{% place_ticks 9 23 %}")


@pytest.mark.parametrize(("level", "tone"), [(1, "is-done"), (2, "is-warning"), (4, "is-bad")])
def test_risk_as_ticks(level: int, tone: str) -> None:
    assert draw("{% risk_ticks level %}", level=level).count(tone) == level


def test_a_mods_tile_is_the_same_everywhere_and_differs_between_mods() -> None:
    assert emblem_svg("a.mod", 52) == emblem_svg("a.mod", 52)
    tiles = {emblem_svg(f"a.mod-{number}", 52) for number in range(60)}
    assert len(tiles) > 40
    assert all(any(ground in tile for tile in tiles) for ground in GROUNDS)
    for tile in tiles:
        assert tile.count("<") == tile.count(">")
    assert len(FIGURES) == 8
    assert 'width="28"' in draw('{% emblem "a.mod" 28 %}')


def test_check_rows_open_what_failed_and_fold_what_passed() -> None:
    rows = [
        {"id": "a", "status": "passed", "code": "a", "message": "Fine"},
        {"id": "b", "status": "not_run", "code": "b", "message": "Scan", "hint": "waits for a"},
        {
            "id": "c",
            "status": "failed",
            "code": "zip.path",
            "message": "Bad paths",
            "problems": [
                {"code": "zip.path", "message": "Backslash", "path": "a\\b.lua", "hint": "Write /."}
            ],
        },
        {
            "id": "d",
            "status": "failed",
            "code": "x",
            "message": "Odd",
            "path": "p.lua",
            "evidence": "0x00",
            "hint": "Mend.",
        },
    ]
    html = draw('{% include "components/check_list.html" %}', checks=rows)
    assert html.index("Bad paths") < html.index("Scan") < html.index("Fine")
    for part in (
        "a\\b.lua",
        "Write /.",
        "p.lua",
        "0x00",
        "Mend.",
        "1 more passed",
        "waits for a",
        "Failed: ",
    ):
        assert part in html, part
    assert "<details" in html


class Form(forms.Form):
    """One field of each kind."""

    name = forms.CharField(help_text="An SPDX expression.")
    text = forms.CharField(widget=forms.Textarea, required=False)
    pick = forms.ChoiceField(choices=[("a", "Alpha")])
    many = forms.MultipleChoiceField(
        choices=[("a", "Alpha")], widget=forms.CheckboxSelectMultiple, help_text="Several"
    )
    agree = forms.BooleanField(label="I agree", help_text="to the rules")
    one = forms.ChoiceField(choices=[("a", "Alpha")], widget=forms.RadioSelect)
    file = forms.FileField()
    secret = forms.CharField(widget=forms.HiddenInput)


def test_fields_tie_label_help_and_error_together() -> None:
    html = draw("{% field form.name %}", form=Form({}))
    assert '<label class="field__label" for="id_name">' in html
    assert 'id="id_name_helptext"' in html
    assert 'id="id_name_error"' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'aria-invalid="true"' in html


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("text", "<textarea"),
        ("pick", "<select"),
        ("many", "<fieldset"),
        ("agree", 'class="choice" for="id_agree"'),
        ("one", "<legend>One</legend>"),
        ("file", 'type="file"'),
        ("secret", 'type="hidden"'),
    ],
)
def test_every_kind_of_field(name: str, part: str) -> None:
    html = draw("{% field form_field %}", form_field=Form()[name])
    assert part in html
    assert ("field__label" in html) == (name in ("text", "pick", "file"))


def test_an_optional_field_says_so_only_if_it_is() -> None:
    form = Form()
    assert "optional" in draw("{% field form.text optional=True %}", form=form)
    assert "optional" not in draw("{% field form.name optional=True %}", form=form)


def test_errors_of_the_whole_form_are_announced() -> None:
    form = Form({})
    form.add_error(None, "The two differ.")
    html = draw('{% include "components/form_errors.html" %}', form=form)
    assert 'role="alert"' in html
    assert "The two differ." in html


def test_pagination_without_a_request_and_with_one_page() -> None:
    page = Paginator(range(30), 10).get_page(2)
    html = draw("{% page_obj page %}", page=page)
    assert 'href="?page=3"' in html
    assert "11–20 of 30" in html
    alone = draw("{% page_obj page %}", page=Paginator(range(3), 10).get_page(1))
    assert "1–3 of 3" in alone
    assert "href" not in alone
    assert draw("{% page_obj page %}", page=Paginator([], 10).get_page(1)).strip() == ""


def test_a_thread_never_names_the_team_and_marks_staff_notes() -> None:
    rows = [
        {"team": True, "author": "Ines K.", "at": AT, "text": "Please **list** it."},
        {"you": True, "author": "Mirela Voss", "at": AT, "text": "Done", "about": "with revision 2"},
        {"author": "Bo Lind", "at": AT, "text": "Hello"},
        {"staff": True, "author": "AN", "at": AT, "text": "Read twice"},
    ]
    html = draw('{% include "components/thread.html" %}', thread=rows)
    assert "Ines" not in html
    assert "Moderation team" in html
    assert ">You<" in html
    assert "Bo Lind" in html
    assert "<strong>list</strong>" in html
    assert "Staff only, the author never sees this" in html


def test_steps_of_the_bore_log() -> None:
    steps = [
        {"status": "done", "title": "Received", "at": AT, "note": "145 KiB"},
        {"status": "current", "title": "In review"},
        {"status": "todo", "title": "Decision"},
    ]
    html = draw('{% include "components/bore_log.html" %}', steps=steps)
    assert html.count("<li") == 3
    assert 'aria-current="step"' in html
    assert "still to come" in html


def test_a_difference_marks_words_and_missing_sides() -> None:
    old = {
        "kind": "del",
        "number": 1,
        "old_number": 1,
        "parts": [{"text": "a", "changed": False}, {"text": "<b>", "changed": True}],
    }
    new = {"kind": "add", "number": 1, "new_number": 1, "parts": [{"text": "c", "changed": True}]}
    split = draw(
        '{% include "components/diff_split.html" %}',
        path="x.lua",
        hunks=[{"header": "@@ 1 @@", "rows": [{"left": old, "right": new}, {"left": None, "right": new}]}],
    )
    assert "<del>&lt;b&gt;</del>" in split
    assert "<ins>c</ins>" in split
    assert "is-none" in split
    finding = {"message": "Text is run", "number": 1, "fingerprint": "f" * 32}
    unified = draw(
        '{% include "components/diff_unified.html" %}',
        path="x.lua",
        hunks=[
            {
                "header": "@@ 1 @@",
                "lines": [old, new | {"note": [finding]}, {"kind": "same", "text": "z", "old_number": 2}],
            },
        ],
    )
    assert "Text is run" in unified
    assert 'class="is-add"' in unified


def test_the_file_tree_says_what_changed_and_what_was_not_opened() -> None:
    folders = [
        {
            "name": "lib",
            "files": [{"name": "a.lua", "href": "#a", "change": "added", "unread": True, "findings": 1}],
        }
    ]
    html = draw('{% include "components/file_tree.html" %}', folders=folders)
    assert "not opened yet" in html
    assert 'title="added"' in html


def test_banner_and_empty_state() -> None:
    html = draw(
        '{% include "components/banner.html" with level="bad" title="No." href="/x/" action="Go" alert=True %}'
    )
    assert 'role="alert"' in html
    assert 'href="/x/"' in html
    assert "One step" in draw(
        '{% include "components/empty.html" with title="None" href="/" action="One step" %}'
    )


@pytest.mark.parametrize(
    ("tags", "level"),
    [("error extra", "bad"), ("success", "good"), ("", "information"), ("own", "information")],
)
def test_levels_of_messages(tags: str, level: str) -> None:
    assert draw("{{ tags|banner_level }}", tags=tags) == level


@pytest.mark.parametrize(
    ("path", "area", "admin", "current"),
    [
        ("/mods/pipeworks/", "", False, [("Mods", "true")]),
        ("/mods/", "", False, [("Mods", "page")]),
        ("/upload/", "", False, [("Modders", "true")]),
        ("/", "", False, []),
        ("/moderation/queue/", "Moderation", False, [("Queue", "page")]),
        ("/account/roles/", "Moderation", True, [("Roles", "page")]),
    ],
)
def test_navigation(path: str, area: str, admin: bool, current: list[tuple[str, str]]) -> None:
    items = navigation.items(path, area, admin, {"/moderation/queue/": 4})
    assert [(item.word, item.current) for item in items if item.current] == current
    assert ("Administration" in [item.word for item in items]) == admin


def test_the_way_back_after_signing_in(rf: RequestFactory) -> None:
    def query(request: Any) -> str:
        return draw("{% next_query %}", request=request)

    assert query(rf.get("/mods/?q=a b")) == "?next=%2Fmods%2F%3Fq%3Da%2520b" or "next=" in query(
        rf.get("/mods/?q=a")
    )
    assert query(rf.post("/mods/")) == query(rf.get("/account/login/")) == query(None) == ""
