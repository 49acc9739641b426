"""Line numbers for places found from first to last, in one pass however many there are."""


class Lines:
    """Counts the lines of `data`, which begins in line `first`. Ask for growing offsets."""

    def __init__(self, data: bytes, first: int = 1) -> None:
        self._data = data
        self._at = 0
        self._line = first

    def of(self, offset: int) -> int:
        """The line in which `offset` lies."""
        self._line += self._data.count(b"\n", self._at, offset)
        self._at = max(self._at, offset)
        return self._line

    def excerpt(self, offset: int, before: int = 60, after: int = 140) -> bytes:
        """The bytes around `offset` that are in its line."""
        start = max(offset - before, self._data.rfind(b"\n", max(0, offset - before), offset) + 1)
        end = self._data.find(b"\n", offset, offset + after)
        return self._data[start : end if end >= 0 else offset + after]
