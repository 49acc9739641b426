"""Rule by rule: the nearest package that is taken, and one that breaks just this rule.

A row is (the rule's code, what it is about, what is refused, what is taken); each of the two is a whole
package, or a member to be put into an otherwise good mod.
"""

from typing import NamedTuple

from tests.packages import Part, with_parts


class Row(NamedTuple):
    """One sub-rule: `bad` breaks `code` and nothing else, `good` is as near to it as can be taken."""

    code: str
    what: str
    bad: bytes | Part
    good: bytes | Part


def package(thing: bytes | Part) -> bytes:
    """The package that a row means."""
    return with_parts(thing) if isinstance(thing, Part) else thing
