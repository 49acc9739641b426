"""SPDX licence expressions (SPDX 2.3, annex D): `MIT`, `LGPL-2.1-or-later`, `MIT OR Apache-2.0`."""

import re
from functools import cache

from license_expression import ExpressionError, Licensing, get_spdx_licensing

MAX_LENGTH = 200

# An author's own licence, whose text comes with the work (SPDX 2.3, annex D.3).
_OWN_LICENCE = re.compile(r"(DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+")


@cache
def _licensing() -> Licensing:
    # Reads a list of some 2,000 licences: made once, and only where somebody asks.
    return get_spdx_licensing()


def unknown_licences(text: str) -> list[str]:
    """The identifiers in the expression that SPDX does not have and that are no `LicenseRef-`.

    Raises ValueError where `text` is no expression at all, or longer than 200 characters.
    """
    if not text.strip() or len(text) > MAX_LENGTH:
        raise ValueError(f"A licence expression has 1 to {MAX_LENGTH} characters.")
    try:
        parsed = _licensing().parse(text)
    except (ExpressionError, RecursionError):
        raise ValueError(f"{text!r} is not an SPDX licence expression.") from None
    unknown: list[str] = _licensing().unknown_license_keys(parsed)
    return [key for key in unknown if not _OWN_LICENCE.fullmatch(key)]


def is_licence(text: object) -> bool:
    """Whether `text` is an SPDX expression of known licences."""
    try:
        return isinstance(text, str) and not unknown_licences(text)
    except ValueError:
        return False
