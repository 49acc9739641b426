"""Figures drawn as ticks: place in the queue, risk. Drawn by attributes, no inline style."""

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

HEIGHT, WIDTH = 20, 3
#: The breadth of a side panel, which the ticks of a place fill, and how far apart two are at most.
BREADTH, APART = 296, 24
SHORT = 14
MOST = 40


def place_svg(place: int, total: int) -> SafeString:
    """One tick a waiting item: those before in text, one's own in ore and longer. Over 40 it is scaled."""
    if total > MOST:
        place, total = max(1, round(place * MOST / total)), MOST
    step = min(APART, (BREADTH - WIDTH) // max(total - 1, 1))
    rows = [
        (
            " class=is-here" if n == place else " class=is-done" if n < place else "",
            (n - 1) * step,
            0 if n == place else HEIGHT - SHORT,
            WIDTH,
            HEIGHT if n == place else SHORT,
        )
        for n in range(1, total + 1)
    ]
    return _svg("ticks", BREADTH, rows)


def risk_svg(level: int) -> SafeString:
    """Five small ticks, `level` of them filled: to two in text, three in warning, four and five in bad."""
    tone = "is-bad" if level >= 4 else "is-warning" if level >= 2 else "is-done"
    rows = [(f" class={tone}" if n < level else "", n * 5, 0, 3, HEIGHT) for n in range(5)]
    return _svg("ticks ticks--risk", 23, rows)


def _svg(css: str, width: int, rows: list[tuple[str, int, int, int, int]]) -> SafeString:
    ticks = format_html_join("", '<rect{} x="{}" y="{}" width="{}" height="{}"/>', rows)
    return format_html(
        '<svg class="{}" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">{}</svg>',
        css,
        width,
        HEIGHT,
        ticks,
    )
