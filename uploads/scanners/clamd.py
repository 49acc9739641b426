"""Scanning by ClamAV's daemon: what counts as an answer, and what as none.

* Signatures older than `max_age` days, of unknown age or from the future are an error: a scanner that knows
  nothing new finds nothing new.
* A limit of clamd's that was reached, and an encrypted member, are errors too: it did not look at everything.
* So that it says so, each scan first shows the scanner, on the same connection and so in the same process, an
  infected, an encrypted and a too deeply nested file (`clamd_probe.QUICK`): a clamd that overlooks one of
  them is not believed.
"""

import re
import time
from datetime import UTC, datetime
from typing import BinaryIO

from uploads.scanners.clamd_probe import ENCRYPTED, LIMIT_REACHED, overlooked
from uploads.scanners.clamd_session import CHUNK, AwayError, Session
from uploads.scanners.verdict import Outcome, Verdict

_NOT_LOOKED_AT = (LIMIT_REACHED, ENCRYPTED)
_VERSION_DATE = "%a %b %d %H:%M:%S %Y"
_ANSWER = re.compile(r"stream: (?:(?P<found>.+) FOUND|(?P<clean>OK))")
#: Days by which signatures may seem to be from the future: clamd tells local time, and clocks differ.
_AHEAD = 1


def scan(
    file: BinaryIO,
    address: str,
    *,
    timeout: float = 120,
    max_age: int | None = 7,
    now: datetime | None = None,
) -> Verdict:
    """Scan the bytes of `file` from its beginning. Never raises for what the scanner does.

    `timeout` is in seconds, for the whole scan; `max_age` in days, None where the age is not asked for.
    """
    engine = process = ""
    try:
        with Session(address, time.monotonic() + timeout) as session:
            engine, process = session.ask("VERSION"), session.process()
            stale = "" if max_age is None else stale_words(engine, max_age, now or datetime.now(UTC))
            if stale:
                return Verdict(Outcome.ERROR, stale, engine, process)
            lax = overlooked(session)
            if lax is not None:
                return Verdict(Outcome.ERROR, lax.sentence, engine, process)
            file.seek(0)
            outcome, detail = _judge(session.stream(iter(lambda: file.read(CHUNK), b"")))
            return Verdict(outcome, detail, engine, process)
    except AwayError as away:
        return Verdict(Outcome.PENDING, str(away), engine, process)
    except TimeoutError:
        return Verdict(
            Outcome.ERROR, f"The scanner did not answer within {timeout:g} seconds.", engine, process
        )
    except (OSError, ValueError) as error:
        return Verdict(Outcome.ERROR, f"The scanner broke off: {error}.", engine, process)


def _judge(answer: str) -> tuple[Outcome, str]:
    match = _ANSWER.fullmatch(answer)
    if match is None:
        return Outcome.ERROR, f"The scanner said: {answer or 'nothing'}"
    if match["clean"]:
        return Outcome.CLEAN, ""
    if match["found"].startswith(_NOT_LOOKED_AT):
        return Outcome.ERROR, f"The scanner did not look at everything: {match['found']}."
    return Outcome.FLAGGED, match["found"]


def built_at(version: str) -> datetime | None:
    """When the signatures were built, from `ClamAV 1.4.3/27800/Fri Nov 20 08:51:02 2026`; None where it isn't said.

    clamd tells it in its machine's local time; it is read as UTC, which is off by hours and not by days.
    """
    parts = version.split("/")
    try:
        return datetime.strptime(parts[2].strip(), _VERSION_DATE).replace(tzinfo=UTC)
    except (IndexError, ValueError):
        return None


def stale_words(version: str, max_age: int, now: datetime) -> str:
    """Why the signatures of the clamd that calls itself `version` are not believed; empty if they are."""
    built = built_at(version)
    if built is None:
        return f"The scanner does not say how old its signatures are: {version!r}."
    age = (now - built).days
    if age > max_age:
        return f"The scanner's signatures are {age} days old; at most {max_age} are believed."
    if age < -_AHEAD:
        return "The scanner's signatures are from the future; one of the clocks is wrong."
    return ""
