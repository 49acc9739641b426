"""Who looks on while a package is read: the reader unpacks each member once, and an observer sees its bytes.

So signals cost no second pass. An observer must be ready for hostile bytes and for members whose bytes break
off (`end` is called with an empty kind then).
"""

from typing import Protocol


class Observer(Protocol):
    """Told of each file in the package's order: `begin`, its bytes piece by piece, `end`."""

    def begin(self, path: str, size: int) -> None:
        """A member at `path` that says it has `size` bytes."""

    def feed(self, piece: bytes) -> None:
        """The next bytes of it."""

    def end(self, kind: str) -> None:
        """It is over; `kind` is what it is by its bytes (`package.kinds`), empty where they broke off."""
