"""Markdown from strangers to HTML that is safe on our pages.

Rules
- Raw HTML is not parsed at all; what the parser makes is then reduced to an allowlist.
- Links are http(s), mail or within the site, and carry rel="ugc nofollow noopener".
- No images: a remote one would tell its server who reads the page; the alternative text stays.
- Headings start at level 3 (a page has its own first and second) and skip no level, whatever their author did.
- Input is cut at 50,000 characters, the limit of the sidecar, so a hostile text can't hold a worker.
"""

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

LIMIT = 50_000
TOP_HEADING, LAST_HEADING = 3, 6
TAGS = {
    "a",
    "blockquote",
    "br",
    "code",
    "del",
    "em",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "s",
    "strong",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False})
    return parser.enable(["table", "strikethrough"])


def _reshape(tokens: list[Token]) -> list[Token]:
    """Shift headings down without a gap and put the alternative text where an image was."""
    level = TOP_HEADING - 1
    for token in tokens:
        if token.type == "heading_open":
            level = min(int(token.tag[1]) + TOP_HEADING - 1, level + 1, LAST_HEADING)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{level}"
        if token.children:
            token.children = [_without_image(child) for child in token.children]
    return tokens


def _without_image(token: Token) -> Token:
    return Token("text", "", 0, content=token.content) if token.type == "image" else token


def render(text: str) -> str:
    """Safe HTML of `text`, which is Markdown of at most 50,000 characters (what is beyond is cut)."""
    parser = _parser()
    tokens = _reshape(parser.parse(text[:LIMIT]))
    html = str(parser.renderer.render(tokens, parser.options, {}))
    return nh3.clean(
        html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel="ugc nofollow noopener"
    )
