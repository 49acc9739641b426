"""The tile that stands for a mod until it has a picture of its own, drawn from its id.

Ten grounds, eight figures and four turns, picked by the SHA-256 of the mod id. Two mods may share a tile;
the name beside it tells them apart, so the tile is hidden from screen readers.
"""

import hashlib
from functools import lru_cache

from django.utils.safestring import SafeString

GROUNDS = (
    "#a45a3d",
    "#3f4d8f",
    "#2a717c",
    "#2f7758",
    "#a98428",
    "#857f74",
    "#394653",
    "#86404f",
    "#1f2b54",
    "#694d2b",
)
CHALK, ORE = "#f3efe5", "#ffcf8a"

#: Figures on a field of 32 units; `c` is chalk, `o` the one grain of ore.
FIGURES = (
    '<path fill="{c}" d="M7 7h5v5H7zM13.5 7h5v5h-5zM7 13.5h5v5H7zM20 13.5h5v5h-5zM13.5 20h5v5h-5z'
    'M7 20h5v5H7z"/>'
    '<path fill="{o}" d="M20 20h5v5h-5z"/>',
    '<g fill="none" stroke="{c}" stroke-width="2"><circle cx="16" cy="16" r="8.5"/>'
    '<path d="M16 4v5M16 23v5M4 16h5M23 16h5"/></g><path fill="{o}" d="m16 12 4 4-4 4-4-4z"/>',
    '<path fill="{c}" d="M5 8h15v3H5zM5 14.5h20v3H5zM5 21h10v3H5z"/>'
    '<path fill="{o}" d="m24 6 3.5 3.5L24 13l-3.5-3.5z"/>',
    '<path fill="none" stroke="{c}" stroke-width="3" d="M3 11h10a4 4 0 0 1 4 4v14M3 17h7a1 1 0 0 1 1 1v11"/>'
    '<path fill="{o}" d="m24 5.5 4 4-4 4-4-4z"/>',
    '<path fill="none" stroke="{c}" stroke-width="2" d="M11 6c-4 0-4 3-4 5s0 4-3 5c3 1 3 3 3 5s0 5 4 5'
    'M21 6c4 0 4 3 4 5s0 4 3 5c-3 1-3 3-3 5s0 5-4 5"/><path fill="{o}" d="m16 12 4 4-4 4-4-4z"/>',
    '<path fill="{c}" d="M14.5 0h3v9h-3z"/><path fill="{o}" d="M16 9.5 22 16l-6 6.5L10 16z"/>'
    '<path fill="{c}" opacity=".55" d="M4 24h24v2.5H4z"/>',
    '<path fill="{c}" d="m16 5 9 5-9 5-9-5z"/><path fill="{c}" opacity=".6" d="m7 11.5 8.3 4.6V26L7 21.4z"/>'
    '<path fill="{o}" d="m25 11.5-8.3 4.6V26l8.3-4.6z"/>',
    '<circle cx="14" cy="18" r="8" fill="{c}"/><circle cx="17" cy="15" r="4" fill="{g}"/>'
    '<circle cx="25" cy="7" r="3" fill="{o}"/>',
)
TURNS = (0, 90, 180, 270)


@lru_cache(maxsize=4096)
def emblem_svg(mod_id: str, size: int) -> SafeString:
    """The tile of `mod_id` as an SVG of `size` pixels square."""
    digest = hashlib.sha256(mod_id.encode()).digest()
    ground = GROUNDS[int.from_bytes(digest[8:12]) % len(GROUNDS)]
    figure = FIGURES[int.from_bytes(digest[12:16]) % len(FIGURES)].format(c=CHALK, o=ORE, g=ground)
    turn = TURNS[digest[16] % len(TURNS)]
    return SafeString(
        f'<svg class="emblem" width="{size}" height="{size}" viewBox="0 0 32 32" aria-hidden="true" '
        f'focusable="false"><rect width="32" height="32" rx="4" fill="{ground}"/>'
        f'<g transform="rotate({turn} 16 16)">{figure}</g></svg>'
    )
