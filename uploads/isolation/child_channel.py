"""What the child says to its parent: one JSON object a line, on standard output."""

import json
import os
from typing import Any

_OUT = 1
#: Made ahead: when memory is used up there is none left to write this with.
OUT_OF_MEMORY = b'{"error": {"kind": "memory"}}\n'


def say(word: str, value: Any) -> None:
    """One line: `{word: value}`. Raises OSError where nobody listens any more."""
    write(json.dumps({word: value}, separators=(",", ":")).encode() + b"\n")


def write(line: bytes) -> None:
    """Write the whole of `line`."""
    rest = memoryview(line)
    while rest:
        rest = rest[os.write(_OUT, rest) :]
