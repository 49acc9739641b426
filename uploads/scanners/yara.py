"""YARA: the project's own rules, matched by YARA-X.

Rules
- Every rule says in its `meta` what it finds (`description`, `reference` in words), its `weight` (0 to 3), whether
  it is `blocking`, and its `author`; a rule without them is refused at compilation.
- Patterns that YARA-X calls slow are refused at compilation: a scan takes time in proportion to its bytes.
- A scan that breaks off or takes longer than 20 seconds is no answer: `ScanIncompleteError`. Whoever asked must
  not let the package through; "nothing matched" is said of bytes that were looked at, and of no others.
- A finding is known again by the lines (in programs: the bytes) that matched, all of them: the verdict on one
  place says nothing of another.

Nothing here needs Django: it runs in the child process that opens packages. Rules are compiled once a process.
"""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

import yara_x

from uploads.signals.found import Signal, excerpt_of
from uploads.signals.lines import Lines

RULES_FOLDER = Path(__file__).resolve().parent / "rules"
#: Of one scan, in seconds; 32 MiB take a tenth of one.
TIMEOUT = 20
MOST_MATCHES = 100

_META = {
    "description": "STRING",
    "weight": "INTEGER",
    "blocking": "BOOL",
    "author": "STRING",
    "reference": "STRING",
}


class ScanIncompleteError(Exception):
    """YARA gave no answer that can be believed; the text says why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as its `meta` describes it; `weight` is 0 to 3, `file` the name of the file that it is in."""

    name: str
    description: str
    reference: str
    weight: int
    blocking: bool
    file: str


def sources() -> list[tuple[str, str]]:
    """The files of rules in the order of their names: name and text. Raises OSError where there are none."""
    files = [(path.name, path.read_text("utf-8")) for path in sorted(RULES_FOLDER.glob("*.yar"))]
    if not files:
        raise FileNotFoundError(f"There are no YARA rules in {RULES_FOLDER}.")
    return files


def digest() -> str:
    """SHA-256 over all files of rules, their names included, as 64 hexadecimal digits."""
    whole = hashlib.sha256()
    for name, text in sources():
        whole.update(f"{name}\0{text}\0".encode())
    return whole.hexdigest()


@cache
def version() -> str:
    """The engine and the rules, as stored beside what they found."""
    from importlib.metadata import version as installed  # slow to load, and the child has no use for it

    return f"yara-x {installed('yara-x')}, rules {digest()[:12]}"


class Rules:
    """Compiled rules. `rules` has what they say of themselves, by name."""

    def __init__(self, files: list[tuple[str, str]], timeout: int = TIMEOUT) -> None:
        """Compile `files` (name and text). Raises ValueError for a rule that breaks the rules above."""
        compiler = yara_x.Compiler(error_on_slow_pattern=True, includes_enabled=False)
        for name, kind in _META.items():
            kind_of_meta: yara_x.MetaType = getattr(yara_x.MetaType, kind)
            compiler.allowed_metadata(name, kind_of_meta, required=True, regexp=None, error=True)
        for name, text in files:
            compiler.new_namespace(name)
            try:
                compiler.add_source(text, origin=name)
            except yara_x.CompileError as error:
                raise ValueError(f"{name}: {error}") from error
        self._take(compiler.build(), timeout)

    @classmethod
    def unpacked(cls, packed: bytes, timeout: int = TIMEOUT) -> Self:
        """Rules that `packed` gave: from ourselves only, since they hold code that is run."""
        made = cls.__new__(cls)
        made._take(yara_x.Rules.deserialize_from(io.BytesIO(packed)), timeout)
        return made

    def packed(self) -> bytes:
        """The rules as they were compiled, for another process on this machine."""
        out = io.BytesIO()
        self._compiled.serialize_into(out)
        return out.getvalue()

    def _take(self, compiled: yara_x.Rules, timeout: int) -> None:
        self._compiled = compiled
        self.rules = {rule.name: rule for rule in map(_rule, compiled)}
        self._timeout = timeout
        self._scanner = yara_x.Scanner(compiled)
        self._scanner.set_timeout(timeout)
        self._scanner.max_matches_per_pattern(MOST_MATCHES)

    def scan(
        self, data: bytes, path: str, first_line: int = 1, *, shown: bytes | None = None
    ) -> Iterator[Signal]:
        """What matches in `data`, a piece of the member at `path` that begins in line `first_line`.

        `shown` is the same at the same length as it may be shown (without secrets). Raises ScanIncompleteError.
        """
        try:
            matching = self._scanner.scan(data).matching_rules
        except yara_x.TimeoutError as error:
            raise ScanIncompleteError(f"YARA needed more than {self._timeout} s for {path}.") from error
        except yara_x.ScanError as error:
            raise ScanIncompleteError(f"YARA could not look at {path}: {error}") from error
        for match in matching:
            yield self._signal(match, data if shown is None else shown, path, first_line)

    def _signal(self, match: yara_x.Rule, data: bytes, path: str, first_line: int) -> Signal:
        rule = self.rules[match.identifier]
        places = sorted((place.offset, place.length) for p in match.patterns for place in p.matches)
        text = b"\0" not in data[:4096]
        lines = Lines(data, first_line)
        known_by = sorted({_known_by(data, at, length, lines if text else None) for at, length in places})
        subject = hashlib.sha256(b"\0".join(known_by) if known_by else data).hexdigest()
        at, length = places[0] if places else (0, 0)
        return Signal(
            "yara_match",
            f"{rule.description} (rule {rule.name}).",
            path,
            lines.of(at) if text and places else 0,
            excerpt_of(lines.excerpt(at, 30, 170) if text else data[at : at + min(length, 100)]),
            rule=rule.name,
            subject=f"sha256:{subject}",
            blocking=rule.blocking,
            weight=rule.weight,
        )


@cache
def load() -> Rules:
    """The project's rules, compiled once a process. Raises ValueError or OSError where they cannot be."""
    return Rules(sources())


def _rule(rule: yara_x.Rule) -> Rule:
    said = dict(rule.metadata)
    if not 0 <= said["weight"] <= 3:
        raise ValueError(f"The rule {rule.identifier} weighs {said['weight']}: weights are 0 to 3.")
    return Rule(
        rule.identifier,
        said["description"],
        said["reference"],
        said["weight"],
        said["blocking"],
        rule.namespace,
    )


def _known_by(data: bytes, at: int, length: int, lines: Lines | None) -> bytes:
    """The bytes that matched; in a text with the rest of their line, without white space."""
    matched = data[at : at + min(length, 1_000)]
    return b"".join((lines.excerpt(at, 200, 200) + matched).split()) if lines else matched
