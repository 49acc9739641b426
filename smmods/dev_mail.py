"""The mails that a development installation has sent, read back from the files that it writes them to."""

import email
import email.policy
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

SEPARATOR = b"\n" + b"-" * 79 + b"\n"
MAX_SHOWN = 100


@dataclass(frozen=True, slots=True)
class SentMail:
    """One mail: when, to whom, about what, and its text."""

    at: datetime
    to: str
    subject: str
    text: str


def sent_mails(folder: Path) -> list[SentMail]:
    """The newest mails of `folder`, newest first; none where there is no such folder."""
    files = sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime, reverse=True)[:MAX_SHOWN]
    mails = [_read(raw) for path in files for raw in path.read_bytes().split(SEPARATOR) if raw.strip()]
    return sorted(mails, key=lambda mail: mail.at, reverse=True)[:MAX_SHOWN]


def _read(raw: bytes) -> SentMail:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    body = message.get_body(("plain",)) if isinstance(message, EmailMessage) else None
    text = body.get_content() if isinstance(body, EmailMessage) else ""
    try:
        at = parsedate_to_datetime(str(message["Date"]))
    except ValueError:
        at = datetime.fromtimestamp(0, UTC)
    return SentMail(at, str(message["To"]), str(message["Subject"]), str(text).strip())
