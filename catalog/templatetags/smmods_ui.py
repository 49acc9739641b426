"""The parts that every page is built from, as template tags. `{% load smmods_ui %}`.

Rules
- A state is shown by `mark`, `state_badge` or `check_row`, which read `catalog.marks`.
- No inline style or script: what varies is a class or an attribute of an SVG.
- Times are written in UTC for readers without scripts; site.js puts them into the reader's zone.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django import template
from django.forms import BoundField
from django.http import QueryDict
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts import notices
from accounts.models import User
from catalog import markdown as markdown_text
from catalog import navigation, ticks, words
from catalog.emblem import emblem_svg
from catalog.marks import BANNER, MESSAGE_LEVELS, STATUS, Mark, state_mark, status_mark

register = template.Library()

COMPONENTS = (
    "base",
    "header",
    "button",
    "field",
    "mark",
    "chip",
    "card",
    "table",
    "banner",
    "tabs",
    "hash",
    "pagination",
    "empty",
    "dialog",
    "prose",
    "tray",
    "mod",
    "bore-log",
    "check",
    "diff",
    "thread",
    "decision",
    "upload",
)
#: In this order: tokens, the base that is not ours, fonts, then one file a component.
STYLESHEETS = (
    "css/tokens.css",
    "vendor/modern-normalize/modern-normalize.css",
    "css/fonts.css",
    *(f"css/{name}.css" for name in COMPONENTS),
)
SHORT_HEAD, SHORT_TAIL = 8, 6
#: How much a check's status wants to be seen, the most first; passed ones fold.
CHECK_WEIGHT = {"failed": 0, "warned": 1, "current": 2, "not_run": 3}

for _filter in (
    words.ago,
    words.duration,
    words.filesize,
    words.bytes_exact,
    words.thousands,
):
    register.filter(_filter)


def _symbol(name: str, css: str) -> SafeString:
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        css,
        static("icons/sprite.svg"),
        name,
    )


def _mark(shape: Mark, size: int) -> SafeString:
    sized = "" if size == 16 else f" mark--{size}"
    return _symbol(shape.symbol, f"mark tone-{shape.tone}{sized}")


def _badge(shape: Mark, word: str, *, filled: bool = False) -> SafeString:
    css = f"badge tone-{shape.tone}{' badge--filled' if filled else ''}"
    going = replace(shape, tone="ore") if shape.symbol == "mark-current" else shape
    return format_html('<span class="{}">{}{}</span>', css, _mark(going, 14), word or shape.word)


@register.simple_tag
def symbol(name: str, css: str) -> SafeString:
    """Any symbol of the sprite ("brand", "empty") with exactly these classes."""
    return _symbol(name, css)


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """An outline icon of the sprite, 16 px. `css` adds classes: icon--14, icon--20, icon--24."""
    return _symbol(name, f"icon {css}".strip())


@register.simple_tag
def mark(status: str, size: int = 16) -> SafeString:
    """The bare mark of a status or state (14, 16 or 20 px); put the word beside it yourself."""
    return _mark(STATUS.get(status) or state_mark(status), size)


@register.simple_tag
def status_badge(status: str, word: str = "") -> SafeString:
    """Mark and word of a check's, gate's or service's status."""
    return _badge(status_mark(status), word)


@register.simple_tag
def state_badge(state: str, word: str = "", filled: bool = False) -> SafeString:
    """Mark and word of a submission's or release's state; `filled` once a page, in its header."""
    return _badge(state_mark(state), word, filled=filled)


@register.filter
def status_word(status: str) -> str:
    """The word of a check's status."""
    return status_mark(status).word


@register.simple_tag
def emblem(mod_id: str, size: int = 52) -> SafeString:
    """The tile that stands for a mod (28, 40, 52 or 88 px). Decorative: the name stands beside it."""
    return emblem_svg(mod_id, size)


@register.simple_tag
def person(name: str, css: str = "") -> SafeString:
    """The tile with somebody's initials. Decorative: the name stands beside it."""
    classes = f"person {css}".strip()
    return format_html('<span class="{}" aria-hidden="true">{}</span>', classes, words.initials(name))


@register.simple_tag
def place_ticks(place: int, total: int) -> SafeString:
    """The place in a queue as ticks; write "9 of 23" beside it."""
    return ticks.place_svg(place, total)


@register.simple_tag
def risk_ticks(level: int) -> SafeString:
    """A risk from 0 to 5 as ticks; write its word beside it."""
    return ticks.risk_svg(level)


@register.simple_tag(name="hash")
def hash_value(value: str, label: str = "SHA-256") -> SafeString:
    """The whole hash in a well, breaking anywhere, with a copy button."""
    return format_html(
        '<div class="hash"><code>{0}</code><button type="button" class="icon-button" data-copy="{0}" '
        'aria-label="Copy the {1}">{2}</button></div>',
        value,
        label,
        icon("copy"),
    )


@register.simple_tag
def short_hash(value: str) -> SafeString:
    """The first eight and last six characters, the whole hash as title: for lists, never as evidence."""
    short = value if len(value) <= SHORT_HEAD + SHORT_TAIL else f"{value[:SHORT_HEAD]}…{value[-SHORT_TAIL:]}"
    return format_html('<code class="hash-short" title="{}">{}</code>', value, short)


@register.simple_tag
def when(value: datetime | None, style: str = "time") -> SafeString:
    """A `<time>`: "time" (day and clock), "date" (day alone), "day" (without this year), "ago" (since when)."""
    if value is None:
        return SafeString("")
    utc = value.astimezone(UTC)
    said = {"ago": words.ago, "date": words.day, "day": words.short_day}.get(style)
    text = said(utc) if said else f"{words.day(utc)}, {utc:%H:%M} UTC"
    return format_html(
        '<time datetime="{}" title="{} UTC" data-when="{}">{}</time>',
        utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        utc.strftime("%Y-%m-%d %H:%M:%S"),
        style,
        text,
    )


@register.filter
def markdown(text: str) -> SafeString:
    """Markdown from a stranger as safe HTML; wrap it in `<div class="prose">`."""
    return SafeString(markdown_text.render(text))


@register.filter
def banner_level(message_tags: str) -> str:
    """The banner's level for the tags of one of Django's messages."""
    return next((MESSAGE_LEVELS[tag] for tag in message_tags.split() if tag in MESSAGE_LEVELS), "information")


@register.simple_tag
def banner_mark(level: str) -> SafeString:
    """The mark of a banner of that level: good, warning, bad or information."""
    return _mark(BANNER[level], 16)


@register.inclusion_tag("components/field.html")
def field(form_field: BoundField, css: str = "", optional: bool = False) -> dict[str, Any]:
    """A form field with its label, help and errors, tied together for screen readers."""
    widget = form_field.field.widget
    kind = str(getattr(widget, "input_type", "text"))
    many = kind in ("radio", "checkbox") and hasattr(widget, "choices") and kind != "select"
    return {
        "field": form_field,
        "css": css,
        "kind": "choices" if many else kind,
        "optional": optional and not form_field.field.required,
        "help_id": f"{form_field.auto_id}_helptext" if form_field.help_text else "",
    }


@register.inclusion_tag("components/check_row.html")
def check_row(result: Mapping[str, Any]) -> dict[str, Any]:
    """One check's result: a mapping with id, status, code, message, hint, path, evidence, problems."""
    return {"check": result, "title": result.get("title") or result.get("message") or result.get("id", "")}


@register.filter
def checks_by_weight(checks: Any) -> dict[str, list[Any]]:
    """Checks apart: `open` (failed, signals, going on, not run) and `passed`, each in its order."""
    rows = list(checks)
    still_open = [row for row in rows if row["status"] != "passed"]
    still_open.sort(key=lambda row: CHECK_WEIGHT.get(row["status"], len(CHECK_WEIGHT)))
    return {"open": still_open, "passed": [row for row in rows if row["status"] == "passed"]}


@register.inclusion_tag("components/pagination.html", takes_context=True)
def page_obj(context: Mapping[str, Any], page: Any) -> dict[str, Any]:
    """Links to the other pages of a Django page (or one shaped like it), keeping the query."""
    request = context.get("request")
    query = request.GET.copy() if request is not None else QueryDict(mutable=True)
    query.pop("page", None)
    encoded = query.urlencode()
    return {
        "page": page,
        "numbers": list(page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)),
        "prefix": f"?{encoded}&page=" if encoded else "?page=",
    }


@register.simple_tag(takes_context=True)
def main_nav(context: Mapping[str, Any]) -> list[navigation.Item]:
    """The header's links for this page; `area` and `nav_counts` come from its context."""
    request = context.get("request")
    return navigation.items(
        request.path if request is not None else "",
        str(context.get("area", "")),
        bool(getattr(context.get("user"), "is_staff", False)),
        context.get("nav_counts") or {},
    )


@register.simple_tag
def unread_notices(user: Any) -> int:
    """How many notices the person has not read; 0 for nobody, without asking the database."""
    return notices.unread(user) if isinstance(user, User) else 0


@register.simple_tag(takes_context=True)
def next_query(context: Mapping[str, Any]) -> str:
    """`?next=` with this page's address for the sign-in link; nothing where there is none to return to."""
    request = context.get("request")
    if request is None or request.method != "GET" or request.path.startswith("/account/"):
        return ""
    return f"?{urlencode({'next': request.get_full_path()})}"


@register.simple_tag
def stylesheets() -> SafeString:
    """Links to every stylesheet, tokens first."""
    rows = ((static(path),) for path in STYLESHEETS)
    return format_html_join("\n    ", '<link rel="stylesheet" href="{}">', rows)
