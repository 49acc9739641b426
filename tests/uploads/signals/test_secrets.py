"""Secrets: found by their marks, never shown, and the portal's own told for revoking.

Samples are put together here, so that nobody's scanner takes this file for a leak.
"""

import hashlib
import string

import pytest

from accounts.keys import PREFIX_LENGTH, SECRET_LENGTH, TOKEN
from uploads.signals import secrets
from uploads.signals.secrets import Secret

LETTERS = (string.ascii_letters + string.digits) * 20


def of(length: int, start: int = 0) -> str:
    return LETTERS[start : start + length]


KEY_BODY = "\n".join(of(64, n) for n in range(5))
OWN = f"smm_{of(8)}_{of(43, 3)}"
SAMPLES: dict[str, str] = {
    "portal_key": OWN,
    "aws": "AK" + "IA" + "ABCDEFGHIJKLMNOP",
    "github": "gh" + "p_" + of(36),
    "gitlab": "glpat" + "-" + of(20),
    "discord_webhook": "https://discord.com/api/" + "webhooks/123456789012345678/" + of(68),
    "discord_token": "M" + of(23) + "." + of(6) + "." + of(27),
    "slack": "xox" + "b-1234567890-" + of(20),
    "slack_webhook": "https://hooks.slack.com/" + f"services/T{of(8)}/B{of(8)}/{of(24)}",
    "google": "AI" + "za" + of(35),
    "telegram": "https://api.telegram.org" + "/bot123456789:" + of(35),
    "stripe": "sk_" + "live_" + of(24),
    "npm": "np" + "m_" + of(36),
    "pypi": "pypi-" + "AgE" + of(60),
    "private_key": f"-----BEGIN RSA {'PRIVATE'} KEY-----\n{KEY_BODY}\nabc=\n-----END RSA {'PRIVATE'} KEY-----",
    "jwt": "ey" + "J" + of(30) + ".ey" + "J" + of(40) + "." + of(43),
}


def look(text: str | bytes, leaked: list[dict[str, str]] | None = None, **options: bool) -> list[Secret]:
    data = text.encode() if isinstance(text, str) else text
    return list(secrets.look(data, "Content/a.lua", [] if leaked is None else leaked, **options))


def test_every_form_has_a_sample() -> None:
    assert set(SAMPLES) == {form.rule for form in secrets.FORMS}


@pytest.mark.parametrize("rule", sorted(SAMPLES))
def test_a_secret_is_found_and_not_shown(rule: str) -> None:
    secret = SAMPLES[rule]
    data = f'local x = 1\nlocal key = "{secret}" -- see\n'.encode()
    (found,) = look(data)
    signal = found.signal
    assert (signal.code, signal.rule, signal.path, signal.line) == ("secret_found", rule, "Content/a.lua", 2)
    hidden = data[found.start : found.end].decode()
    assert len(hidden) >= 12
    assert hidden not in signal.excerpt + signal.subject + signal.message
    assert "masked" in signal.excerpt


@pytest.mark.parametrize("rule", sorted(SAMPLES))
def test_a_text_is_blanked_at_its_length(rule: str) -> None:
    data = f'a "{SAMPLES[rule]}" b'.encode()
    found = look(data)
    blank = secrets.blank(data, found)
    assert len(blank) == len(data)
    assert data[found[0].start : found[0].end] not in blank
    assert blank.startswith(b'a "') and blank.endswith(b'" b')
    assert look(blank) == []


@pytest.mark.parametrize(
    "text",
    [
        "AKIA" + "abcdefghijklmnop",
        "AKIA" + "A" * 17,
        "xAKIA" + "ABCDEFGHIJKLMNOP",
        "gh" + "p_short",
        "smm_prefix_secret",
        OWN + "x",
        "my_" + OWN,
        "Methods.are.fine",
        "eyJ.eyJ.x",
        "-----BEGIN CERTIFICATE-----\n" + KEY_BODY,
        "-----BEGIN RSA PRIVATE KEY-----\nshort",
        "https://discord.com/api/webhooks/1/x",
        of(400),
    ],
)
def test_what_only_looks_alike_is_none(text: str) -> None:
    assert look(text) == []


def test_our_own_keys_have_the_form_that_we_issue() -> None:
    assert TOKEN.fullmatch(OWN)
    (form,) = (form for form in secrets.FORMS if form.rule == "portal_key")
    assert form.pattern.fullmatch(OWN.encode())
    assert f"{{{PREFIX_LENGTH}}}" in form.pattern.pattern.decode()
    assert f"{{{SECRET_LENGTH}}}" in form.pattern.pattern.decode()


def test_our_own_keys_are_told_as_prefix_and_digest() -> None:
    leaked: list[dict[str, str]] = []
    look(f"{OWN} {OWN}", leaked)
    assert leaked == [{"prefix": of(8), "sha256": hashlib.sha256(of(43, 3).encode()).hexdigest()}]


def test_leaked_keys_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "MOST_LEAKED", 2)
    leaked: list[dict[str, str]] = []
    look(" ".join(f"smm_{of(8, n)}_{of(43)}" for n in range(5)), leaked)
    assert len(leaked) == 2


def test_marks_that_are_tried_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "MOST_TRIED", 10)
    key = SAMPLES["aws"]
    token = SAMPLES["discord_token"]
    assert len(look("." + ".".join(["a" * 6, "b" * 27] * 5) + " " + token)) == 1
    assert look((".aaaaaa." + "b" * 27 + " ") * 10 + token) == []
    assert len(look("AKIA " * 9 + key)) == 1
    assert look("AKIA " * 10 + key) == []


def test_another_secret_is_another_finding() -> None:
    one, other = look("AKIA" + "A" * 16 + " AKIA" + "B" * 16)
    assert one.signal.fingerprint != other.signal.fingerprint
    data = b"AKIA" + b"A" * 16 + b" AKIA" + b"B" * 16
    blank = secrets.blank(data, [one, other])
    assert blank[:20] != blank[21:]


def test_secrets_within_secrets_are_blanked_once() -> None:
    data = SAMPLES["telegram"].encode()
    (found,) = look(data)
    inner = Secret(found.signal, found.start + 5, found.end - 5)
    assert secrets.blank(data, [found, inner]) == secrets.blank(data, [found])


def test_what_touches_the_end_of_a_piece_is_left_to_the_next() -> None:
    assert look(SAMPLES["pypi"], final=False) == []
    assert look(SAMPLES["pypi"] + " ", final=False) != []


@pytest.mark.parametrize(
    "piece", ["eyJ", "-----BEGIN ", "Ma.", "M" * 24 + ".", "smm_", "A" * 60 + "\n", "eyJ" + "a" * 40 + ".eyJ"]
)
def test_a_line_of_ten_megabytes_is_read(piece: str) -> None:
    look(piece * (10_000_000 // len(piece)))


def test_a_private_key_that_goes_on_for_ever_is_read() -> None:
    look(SAMPLES["private_key"].partition("\n")[0] + "\n" + (of(64) + "\n") * 50_000)
