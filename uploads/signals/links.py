"""Web addresses in text and among the strings of programs.

Rules
- Every address is told once a package, where it is first seen; its subject is the address itself.
- Left out, unless they are risky: comments of code, texts of licences, and the homes of licences.
- Of many, those of a risky kind are told first, then one of each host.
- Some kinds are a signal of their own: numbers instead of names, shorteners, paste sites, tunnels, webhooks,
  addresses that end in a program, and those that hide their host behind a user's name.
- At most 2,000 addresses and 100,000 places a package are looked at.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from uploads.package import kinds
from uploads.signals.found import Signal, excerpt_of, subject_of
from uploads.signals.kept import Kept
from uploads.signals.lines import Lines

MOST_URLS = 2_000
MOST_PLACES = 100_000
MAX_URL = 2_000

_SCHEMES = (b"https", b"http", b"wss", b"ws", b"ftp")
_REST = re.compile(rb"[!#-&(-;=?-\[\]_a-z~\x80-\xff]{1,%d}" % MAX_URL)
_WIDE = re.compile(rb"(?:[!#-&(-;=?-\[\]_a-z~]\x00){1,%d}" % MAX_URL)
_NUMBER = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\]|\d{6,10}|0x[0-9a-f]{1,8}")
_HOST = re.compile(r"[^\W_](?:[\w.-]*[^\W_])?")
_PROGRAM = re.compile(r"\.(?:exe|dll|msi|ps1|bat|cmd|vbs|scr|jar|hta|lnk|luac)(?:[?#]|$)")

#: Names that stand in licences, in programs and documents as identifiers; nobody ever asks them for anything.
_LICENCES = frozenset(
    {"gnu.org", "creativecommons.org", "opensource.org", "unlicense.org", "fsf.org", "spdx.org", "apache.org"}
)
_NAMESPACES = frozenset({"schemas.microsoft.com", "www.w3.org", "schemas.xmlsoap.org", "ns.adobe.com"})

_KINDS_OF_RISK: dict[str, str] = {
    "a shortener": "bit.ly tinyurl.com is.gd v.gd t.co cutt.ly rebrand.ly shorturl.at goo.gl ow.ly tiny.cc rb.gy",
    "a paste site": "pastebin.com paste.ee hastebin.com rentry.co ghostbin.com controlc.com paste.rs dpaste.com "
    "ix.io termbin.com pastes.dev hst.sh",
    "a site for passing files on": "transfer.sh file.io anonfiles.com gofile.io catbox.moe temp.sh 0x0.st "
    "cdn.discordapp.com media.discordapp.net filebin.net",
    "a tunnel or a changing address": "ngrok.io ngrok-free.app ngrok.app serveo.net trycloudflare.com "
    "localhost.run loca.lt portmap.io duckdns.org no-ip.org ddns.net hopto.org",
    "a site that notes who asks": "webhook.site requestbin.com pipedream.net iplogger.org grabify.link beeceptor.com",
    "a site that tells the player's own address": "api.ipify.org ipinfo.io ip-api.com icanhazip.com ifconfig.me",
}
_RISKY_HOSTS = {host: risk for risk, hosts in _KINDS_OF_RISK.items() for host in hosts.split()}


@dataclass(frozen=True, slots=True)
class _Found:
    url: str
    host: str
    risk: str
    path: str
    line: int
    excerpt: str


class Links:
    """The addresses of a package, gathered member by member."""

    def __init__(self) -> None:
        self._urls: dict[str, _Found] = {}
        self._places = 0
        self._more = 0

    def look(
        self, data: bytes, path: str, first_line: int = 1, *, final: bool = True, code: bytes | None = None
    ) -> None:
        """Note the addresses in a text; `code` is the same without comments, where it has such.

        Where it is not the `final` piece, what touches its end is left to the next, which overlaps.
        """
        lines = Lines(data, first_line)
        aside = kinds.is_licence_name(path.rpartition(".")[0] or path)
        for at, scheme in self._schemes(data):
            rest = _REST.match(data, at + 3)
            if rest and (final or rest.end() < len(data)):
                quiet = aside or (code is not None and code[at : at + 3] != b"://")
                self._note(scheme + b"://" + rest[0], path, lines.of(at), lines.excerpt(at), quiet=quiet)

    def look_at_program(self, data: bytes, path: str) -> None:
        """Note the addresses among the strings of a program, in ASCII and as Windows writes text."""
        for at, scheme in self._schemes(data):
            rest = _REST.match(data, at + 3)
            if rest:
                self._note(scheme + b"://" + rest[0], path, 0, scheme + b"://" + rest[0])
        for at in self._finds(data, b":\0/\0/\0"):
            scheme = _scheme(data[max(0, at - 10) : at : 1].replace(b"\0", b""))
            rest = _WIDE.match(data, at + 6)
            if scheme and rest:
                url = scheme + b"://" + rest[0][::2]
                self._note(url, path, 0, url)

    def give(self, kept: Kept) -> None:
        """Hand what was found to `kept`: the risky first, then one of each host, then the rest."""
        hosts: set[str] = set()
        first: list[_Found] = []
        later: list[_Found] = []
        for found in sorted(self._urls.values(), key=lambda found: not found.risk):
            (later if found.host in hosts and not found.risk else first).append(found)
            hosts.add(found.host)
        for found in (*first, *later):
            said = excerpt_of(found.url, 120)
            subject = subject_of(found.url)
            host = excerpt_of(found.host, 100)
            messages = {"url_found": f"It names {said}."}
            if found.risk:
                messages["url_risky"] = f"{said} leads to {found.risk} ({host})."
            for code, message in messages.items():
                kept.add(Signal(code, message, found.path, found.line, found.excerpt, subject=subject))
        kept.cut(self._more)

    def _schemes(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        for at in self._finds(data, b"://"):
            scheme = _scheme(data[max(0, at - 5) : at])
            if scheme:
                yield at, scheme

    def _finds(self, data: bytes, mark: bytes) -> Iterator[int]:
        at = data.find(mark)
        while at >= 0 and self._places < MOST_PLACES:
            self._places += 1
            yield at
            at = data.find(mark, at + len(mark))
        if at >= 0:
            self._more += 1

    def _note(self, raw: bytes, path: str, line: int, around: bytes, *, quiet: bool = False) -> None:
        url = _tidy(raw.decode("utf-8", "replace"))
        if url in self._urls:
            return
        host, hidden = _host(url)
        if not host or host in _NAMESPACES:
            return
        risk = _risk(url, host, hidden)
        if not risk and (quiet or host.removeprefix("www.") in _LICENCES):
            return
        if len(self._urls) >= MOST_URLS:
            self._more += 1
            return
        self._urls[url] = _Found(url, host, risk, path, line, excerpt_of(around))


def _scheme(before: bytes) -> bytes:
    lowered = before.lower()
    return next((scheme for scheme in _SCHEMES if lowered.endswith(scheme)), b"")


def _tidy(url: str) -> str:
    """An address without what a sentence or a language puts behind it, its host in lower case."""
    while url and (url[-1] in ".,;:!?*_~&[" or (url[-1] == ")" and "(" not in url) or url[-1] == "]"):
        if url[-1] == "]" and "[" in url:
            break
        url = url[:-1]
    scheme, _, rest = url.partition("://")
    end = next((place for place, sign in enumerate(rest) if sign in "/?#"), len(rest))
    return f"{scheme}://{rest[:end].lower()}{rest[end:]}"


def _host(url: str) -> tuple[str, bool]:
    """The host of an address (empty where it has none), and whether a user's name stands before it."""
    authority = re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0]
    user, at, host = authority.rpartition("@")
    host = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
    if not (_HOST.fullmatch(host) or _NUMBER.fullmatch(host)):
        return "", False
    return host, bool(at and user)


def _risk(url: str, host: str, hidden: bool) -> str:
    if hidden:
        return "a host behind a user's name"
    if _NUMBER.fullmatch(host):
        return "" if host.startswith(("127.", "0.")) or host == "[::1]" else "a number instead of a name"
    parts = host.split(".")
    for place in range(len(parts) - 1):
        risk = _RISKY_HOSTS.get(".".join(parts[place:]))
        if risk:
            return risk
    lowered = url.lower()
    if "/api/webhooks/" in lowered or (host == "api.telegram.org" and "/bot" in lowered):
        return "a webhook, which takes what it is sent"
    if host.startswith("xn--") or ".xn--" in host:
        return "a name in letters that may look like others"
    if _PROGRAM.search(lowered.partition("://")[2].partition("/")[2]):
        return "a program to fetch"
    return ""
