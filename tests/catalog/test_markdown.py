"""Markdown from strangers: what stays, what goes, whatever they try."""

import pytest

from catalog import markdown
from catalog.markdown import render


def test_the_usual_marks_stay() -> None:
    html = render(
        "**bold** *soft* ~~gone~~ `code`\n\n- one\n- two\n\n1. a\n\n> said\n\n```lua\nprint(1)\n```\n\n---\n"
    )
    for part in (
        "<strong>bold</strong>",
        "<em>soft</em>",
        "<s>gone</s>",
        "<code>code</code>",
        "<li>one</li>",
        "<ol>",
        "<blockquote>",
        "<pre><code>print(1)",
        "<hr>",
    ):
        assert part in html, part


def test_tables_stay() -> None:
    html = render("| a | b |\n|---|---|\n| 1 | 2 |\n")
    assert "<th>a</th>" in html
    assert "<td>2</td>" in html


def test_links_carry_what_keeps_us_out_of_it() -> None:
    html = render("[home](https://example.com) <https://example.org>")
    assert html.count('rel="ugc nofollow noopener"') == 2
    assert 'href="https://example.com"' in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:msgbox)",
        "<a href='javascript:alert(1)'>x</a>",
        "<iframe src='https://example.com'></iframe>",
        "<svg onload=alert(1)>",
        '[x](https://example.com "t" onclick=alert)',
        "`<script>`",
        "<style>*{display:none}</style>",
    ],
)
def test_nothing_that_runs_gets_through(text: str) -> None:
    html = render(text)
    for bad in (
        "<script",
        "<img",
        "<iframe",
        "<svg",
        "<style",
        'href="javascript',
        'href="data',
        'href="vbscript',
    ):
        assert bad not in html.lower()
    assert "onerror" not in html or "&lt;img" in html


def test_images_become_their_alternative_text() -> None:
    html = render("see ![a belt](https://tracker.example/x.png) here")
    assert "tracker" not in html
    assert "see a belt here" in html


def test_headings_begin_at_three_and_skip_none() -> None:
    assert render("# One\n\n###### Deep\n\n# Two\n") == "<h3>One</h3>\n<h4>Deep</h4>\n<h3>Two</h3>\n"
    assert render("##### Deep first\n") == "<h3>Deep first</h3>\n"
    assert "<h6>d</h6>\n<h6>e</h6>" in render("# a\n## b\n### c\n#### d\n##### e\n")


def test_what_is_over_the_limit_is_cut() -> None:
    assert len(render("a" * (markdown.LIMIT + 100))) < markdown.LIMIT + 20


def test_deep_nesting_and_long_runs_do_not_hold_a_worker() -> None:
    for text in ("> " * 20_000, "[" * 20_000, "*a " * 15_000, "`" * 40_000, "- " * 20_000):
        assert isinstance(render(text), str)
