"""What a name in Lua stands for where it is used: local names hide others, block by block.

A name has a stack of meanings, so that asking takes the same time however deep blocks are nested. Brackets are
kept on the same stack, because a function inside brackets is a block inside them.
"""

from collections.abc import Iterable, Mapping

_BLOCK = 0


class Scopes:
    """The names in force. `roots` are global names that lead somewhere by themselves, `globals_` those that the
    code gave a meaning."""

    def __init__(self, roots: Mapping[bytes, str], globals_: dict[bytes, str]) -> None:
        self._roots = roots
        self._globals = globals_
        self._bound: dict[bytes, list[str | None]] = {}
        self._open: list[tuple[int, list[bytes]]] = [(_BLOCK, [])]

    @property
    def depth(self) -> int:
        """How many blocks and brackets are open."""
        return len(self._open)

    @property
    def inside(self) -> int:
        """The bracket that is open innermost; 0 for a block."""
        return self._open[-1][0]

    def meaning(self, name: bytes) -> str | None:
        """Where `name` leads here, None for nowhere."""
        bound = self._bound.get(name)
        return bound[-1] if bound else self._roots.get(name) or self._globals.get(name)

    def bind(self, name: bytes, path: str | None) -> None:
        """A local name of this block that leads to `path`. What hides nothing and leads nowhere is forgotten."""
        if (
            path is None
            and name not in self._roots
            and not self._bound.get(name)
            and name not in self._globals
        ):
            return
        self._bound.setdefault(name, []).append(path)
        self._open[-1][1].append(name)

    def assign(self, name: bytes, path: str) -> None:
        """A name that is there already, local or global, leads to `path` from here on."""
        if self._bound.get(name):
            self._bound[name][-1] = path
        else:
            self._globals[name] = path

    def open(self, names: Iterable[bytes]) -> None:
        """A block begins, with local names that lead nowhere."""
        self._open.append((_BLOCK, []))
        for name in names:
            self.bind(name, None)

    def enter(self, bracket: int) -> None:
        """A bracket opens."""
        self._open.append((bracket, []))

    def leave(self) -> None:
        """A bracket closes."""
        if len(self._open) > 1 and self._open[-1][0] != _BLOCK:
            self._open.pop()

    def close(self, *, leak: bool = False) -> None:
        """A block is over. After `until` (`leak`) its names can be used once more: those that lead somewhere
        stay."""
        while len(self._open) > 1:
            bracket, names = self._open.pop()
            kept = []
            for name in reversed(names):
                path = self._bound[name].pop()
                if leak and path:
                    kept.append((name, path))
            for name, path in kept:
                self.bind(name, path)
            if bracket == _BLOCK:
                return
