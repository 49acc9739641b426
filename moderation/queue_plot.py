"""How much of its time each item of a page has used: bars over a dashed line that says "due"."""

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

#: In pixels: a bar and the space after it, the height of a time that is used up, and the most that is drawn.
WIDTH, STEP, DUE, TOP = 8, 18, 24, 34
#: From which share of its time on an item is due soon.
SOON = 0.9


def time_used(shares: Sequence[float]) -> SafeString:
    """An SVG with a bar for each share (1 is due); empty where there are none."""
    if not shares:
        return SafeString("")
    bars = []
    for place, share in enumerate(shares):
        height = round(min(max(share * DUE, 1.5), TOP), 1)
        tone = "over" if share > 1 else "soon" if share >= SOON else "on"
        bars.append((tone, place * STEP, round(TOP - height, 1), WIDTH, height))
    over = sum(share > 1 for share in shares)
    return format_html(
        '<svg class="plot-used" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" aria-label="{says}">'
        '{bars}<line x1="0" x2="{w}" y1="{y}" y2="{y}" class="plot-used__due"/></svg>',
        w=len(shares) * STEP - (STEP - WIDTH),
        h=TOP,
        y=TOP - DUE,
        bars=format_html_join("", '<rect class="plot-used__{}" x="{}" y="{}" width="{}" height="{}"/>', bars),
        says=f"{over} of {len(shares)} items on this page have used up their time",
    )
