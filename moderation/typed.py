"""What moderators type: trimmed, bounded, free of control characters.

Rules
- Line ends become one newline; tabs and newlines are the only control characters that are kept.
- Nothing is cut silently: a text over its limit is refused and the whole of it stays with the person.
"""

import re

from accounts.errors import Problem, RefusedError

NOTE, VALUE, LINE = 5000, 500, 300
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def text(value: str, pointer: str, *, limit: int = NOTE, needed: str = "") -> str:
    """`value` as it is kept; `pointer` names its place in the request, `limit` is in characters.

    Raises RefusedError (422) for control characters, for a text over its limit, and, where `needed` says what
    is asked for, for an empty one.
    """
    clean = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    if _CONTROL.search(clean):
        raise refused(
            "control_characters",
            "This text holds control characters.",
            "Type it again without them.",
            pointer,
        )
    if len(clean) > limit:
        raise refused(
            "too_long",
            f"This text has {len(clean):,} characters; at most {limit:,} are taken.",
            "Shorten it.",
            pointer,
        )
    if needed and not clean:
        raise refused("text_required", needed, "Write a few words.", pointer)
    return clean


def refused(code: str, message: str, hint: str, pointer: str) -> RefusedError:
    """A refusal (422) about one place of the request."""
    return RefusedError(code, message, hint, status=422, problems=[Problem(code, message, hint, pointer)])
