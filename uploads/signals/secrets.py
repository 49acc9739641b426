"""Keys and passwords that lie in a text by mistake.

Rules
- Only forms that are hardly anything else: a mark that the issuer puts in front, or a block with a heading.
- What is shown is masked, and what a secret is known again by is its digest: neither a report nor a database
  ever holds one. `blank` takes secrets out of a text before anything else shows a piece of it.
- The portal's own API keys are told apart as prefix and digest, by which the portal can revoke them.
- At most 1,000 marks of a kind are tried in a text, and 200 of the portal's keys are told.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from uploads.signals.found import Signal, excerpt_of
from uploads.signals.lines import Lines

MOST_TRIED = 1_000
MOST_LEAKED = 200
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of secret: it begins with one of `marks`, and all of it matches `pattern` from there.

    The pattern's last group is the part that nobody must see; without groups it is all behind the mark.
    """

    rule: str
    what: str
    marks: tuple[bytes, ...]
    pattern: re.Pattern[bytes]


def _form(rule: str, what: str, marks: str, pattern: bytes) -> Form:
    return Form(rule, what, tuple(marks.encode().split(b"|")), re.compile(pattern))


FORMS: tuple[Form, ...] = (
    _form(
        "portal_key", "an API key of this portal", "smm_", rb"smm_([0-9A-Za-z]{8})_([0-9A-Za-z]{43})(?!\w)"
    ),
    _form("aws", "an access key of AWS", "AKIA|ASIA", rb"A[KS]IA[0-9A-Z]{16}(?!\w)"),
    _form(
        "github",
        "a token of GitHub",
        "ghp_|gho_|ghu_|ghs_|ghr_|github_pat_",
        rb"gh[pousr]_[0-9A-Za-z]{36,255}(?!\w)|github_pat_[0-9A-Za-z_]{60,255}(?!\w)",
    ),
    _form("gitlab", "a token of GitLab", "glpat-", rb"glpat-[0-9A-Za-z_-]{20,64}(?![\w-])"),
    _form(
        "discord_webhook",
        "a webhook of Discord",
        "discord.com/api/|discordapp.com/api/",
        rb"discord(?:app)?\.com/api/(?:v\d{1,2}/)?webhooks/\d{15,21}/([\w-]{60,80})",
    ),
    _form(
        "discord_token",
        "a token of a Discord bot",
        "M|N|O",
        rb"[MNO][A-Za-z\d]{23,27}\.[\w-]{6}\.[\w-]{27,40}(?![\w.-])",
    ),
    _form("slack", "a token of Slack", "xoxb-|xoxa-|xoxp-|xoxr-|xoxs-", rb"xox[baprs]-[0-9A-Za-z-]{20,200}"),
    _form(
        "slack_webhook",
        "a webhook of Slack",
        "hooks.slack.com/services/",
        rb"hooks\.slack\.com/services/T\w{6,12}/B\w{6,12}/(\w{20,28})",
    ),
    _form("google", "an API key of Google", "AIza", rb"AIza[0-9A-Za-z_-]{35}(?![\w-])"),
    _form("telegram", "a token of a Telegram bot", "/bot", rb"/bot\d{8,10}:([\w-]{35})(?![\w-])"),
    _form("stripe", "a secret key of Stripe", "sk_live_|rk_live_", rb"[sr]k_live_[0-9A-Za-z]{20,120}"),
    _form("npm", "a token of npm", "npm_", rb"npm_[0-9A-Za-z]{36}(?!\w)"),
    _form("pypi", "a token of PyPI", "pypi-AgE", rb"pypi-AgE[\w-]{50,250}"),
    _form(
        "private_key",
        "a private key",
        "-----BEGIN ",
        rb"-----BEGIN (?:[A-Z]{2,10} ){0,2}PRIVATE KEY(?: BLOCK)?-----\s{1,4}"
        rb"((?:[0-9A-Za-z+/=]{16,100}+(?:\s|\\n){0,4}+){1,200}+[0-9A-Za-z+/=]{0,100}+)",
    ),
    _form(
        "jwt",
        "a signed token (JWT)",
        "eyJ",
        rb"eyJ[\w-]{10,2000}\.eyJ[\w-]{10,4000}\.[\w-]{20,1000}(?![\w.-])",
    ),
)
#: A bot's token has no mark but its two dots: what stands before the first is looked at afterwards.
_DOTS = re.compile(rb"\.[\w-]{6}\.[\w-]{27}")
_BEFORE_DOTS = re.compile(rb"(?<![\w.-])[MNO][A-Za-z\d]{23,27}\Z")


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that was found: its signal, and from where to where its hidden part lies in the text."""

    signal: Signal
    start: int
    end: int


def look(
    data: bytes, path: str, leaked: list[dict[str, str]], first_line: int = 1, *, final: bool = True
) -> Iterator[Secret]:
    """The secrets in a text that begins in line `first_line` of the file at `path`; the portal's own keys are
    added to `leaked`. Where it is not the `final` piece, what touches its end is left to the next."""
    for form in FORMS:
        lines = Lines(data, first_line)
        for at in _places(data, form):
            found = form.pattern.match(data, at)
            if found is None or (not final and found.end() == len(data)) or _goes_on(data, at):
                continue
            if form.rule == "portal_key" and len(leaked) < MOST_LEAKED:
                key = {"prefix": found[1].decode(), "sha256": hashlib.sha256(found[2]).hexdigest()}
                if key not in leaked:
                    leaked.append(key)
            hidden = found.start(found.re.groups) if found.re.groups else at + _mark(form, found[0]) + _SHOWN
            shown = f"{excerpt_of(data[at:hidden], 120)}… ({found.end() - hidden} more characters, masked)"
            known_by = "sha256:" + hashlib.sha256(found[0]).hexdigest()
            signal = Signal(
                "secret_found", f"It holds {form.what}.", path, lines.of(at), shown, form.rule, known_by
            )
            yield Secret(signal, hidden, found.end())


def blank(data: bytes, secrets: list[Secret]) -> bytes:
    """`data` with what is hidden of each secret made unreadable, at the same length.

    The beginning of a digest stands in its place, so that another secret is still another text.
    """
    pieces, at = [], 0
    for start, end in sorted((secret.start, secret.end) for secret in secrets):
        if start < at:
            continue
        digest = hashlib.sha256(data[start:end]).hexdigest()[:8].encode()
        size = end - start
        pieces += [data[at:start], b"*" * size if size < 16 else b"***" + digest + b"*" * (size - 11)]
        at = end
    return b"".join((*pieces, data[at:]))


def _mark(form: Form, secret: bytes) -> int:
    return max((len(mark) for mark in form.marks if secret.startswith(mark)), default=0)


def _places(data: bytes, form: Form) -> Iterator[int]:
    """Where a secret of this form may begin."""
    if form.rule == "discord_token":
        for tried, dots in enumerate(_DOTS.finditer(data)):
            if tried >= MOST_TRIED:
                return
            before = max(0, dots.start() - 29)
            begins = _BEFORE_DOTS.search(data[before : dots.start()])
            if begins:
                yield before + begins.start()
        return
    for mark in form.marks:
        at, tried = data.find(mark), 0
        while at >= 0 and tried < MOST_TRIED:
            yield at
            tried += 1
            at = data.find(mark, at + len(mark))


def _goes_on(data: bytes, at: int) -> bool:
    """Whether the mark is the middle of a longer word, and so no mark."""
    before = data[at - 1 : at] if at else b""
    return before.isalnum() or before == b"_" if data[at : at + 1].isalnum() else False
