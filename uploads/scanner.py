"""The scanner that `SMMODS_ANTIVIRUS` names: does it answer, how old are its signatures, does it look at everything?

Rules
- Each machine keeps what it saw of its own scanner in one row (`ScannerSight`): workers on several machines may
  each have a clamd under the same address.
- `watch` asks for the version, and tries the limits (`scanners.clamd_probe`) where they were not tried on this
  clamd: another program, another process, one that was away since, other numbers of ours. Else once a day, and
  every few minutes while a limit is too lax, so that a mended one is noticed.
- A trial is believed for two days. `SMMODS_CLAMD_CONFIG`, where it names a readable clamd.conf, is read too.
- Until the limits were tried and hold, nothing passes: the checks wait and say which limit is too lax and how to
  mend it. The web server starts all the same, and so does the worker: it is the one that tries again.
"""

import logging
import socket
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from uploads.models import ScannerSight
from uploads.scanners import clamd, clamd_config, clamd_probe
from uploads.scanners.clamd_session import AwayError, Session

log = logging.getLogger(__name__)

#: How often (the scheduler asks far more often) the limits are tried: all being well, and while one is too lax.
EACH = timedelta(days=1)
LAX_EACH = timedelta(minutes=5)
BELIEVED = timedelta(days=2)
UNTRIED = "The scanner's limits were not tried yet; a worker tries them when it starts, and once a day."
_OFF = "off"
_ANSWER_SECONDS = 10.0
_LONGEST = 200


class Word(StrEnum):
    """How the scanner is, in a word."""

    OFF = "off"
    UNTRIED = "untried"
    AWAY = "away"
    STALE = "stale"
    LAX = "lax"
    READY = "ready"


#: In these a package is not even sent: what the scanner would say of it is not to be believed.
UNFIT = frozenset({Word.UNTRIED, Word.AWAY, Word.LAX})


@dataclass(frozen=True, slots=True)
class State:
    """How the scanner is and why; `engine` is what it calls itself, `probed` the clamd whose limits were tried."""

    word: Word
    why: str = ""
    engine: str = ""
    signatures_at: datetime | None = None
    probed: str = ""
    probed_at: datetime | None = None

    @property
    def fit(self) -> bool:
        """Whether packages can be scanned, or none need to be."""
        return self.word in (Word.OFF, Word.READY)


def state(now: datetime | None = None) -> State:
    """What this machine knows of its scanner; where it never looked, what another one saw last. One query."""
    if settings.SMMODS_ANTIVIRUS == _OFF:
        return State(Word.OFF, "No scanner is configured.")
    rows = list(ScannerSight.objects.filter(address=settings.SMMODS_ANTIVIRUS[:_LONGEST]))
    mine = [row for row in rows if row.machine == machine()] or sorted(
        rows, key=lambda row: row.answered_at.timestamp() if row.answered_at else 0, reverse=True
    )
    return _state(mine[0], now or timezone.now()) if mine else State(Word.UNTRIED, UNTRIED)


def machine() -> str:
    """The name of the machine that this runs on."""
    return socket.gethostname()[:100]


def _state(row: ScannerSight, now: datetime) -> State:
    built = clamd.built_at(row.engine)

    def told(word: Word, why: str = "") -> State:
        return State(word, why, row.engine, built, row.probed, row.probed_at)

    if row.trouble:
        return told(Word.AWAY, row.trouble)
    known = row.probed == clamd_probe.identity(row.engine, row.process)
    if row.probed_at is None or not known or now - row.probed_at > BELIEVED:
        return told(Word.UNTRIED, UNTRIED)
    if row.lax:
        return told(Word.LAX, " ".join(row.lax))
    stale = clamd.stale_words(row.engine, settings.SMMODS_ANTIVIRUS_MAX_AGE_DAYS, now)
    if stale:
        return told(Word.STALE, stale)
    return told(Word.READY)


def watch(now: datetime | None = None) -> State:
    """Ask the scanner how it is, try its limits where that is due, and write down what was seen.

    Takes as long as the trials take, at most `SMMODS_TASK_SOFT_SECONDS`. Never raises for what the scanner does.
    """
    now = now or timezone.now()
    address = settings.SMMODS_ANTIVIRUS
    if address == _OFF:
        return state(now)
    row, _ = ScannerSight.objects.get_or_create(machine=machine(), address=address[:_LONGEST])
    try:
        with Session(address, time.monotonic() + _ANSWER_SECONDS) as session:
            engine, process = session.ask("VERSION"), session.process()
        _seen(row, engine, process, now)
        if _due(row, now) and cache.add(f"scanner-probe-{row.pk}", 1, settings.CELERY_TASK_SOFT_TIME_LIMIT):
            try:
                _probe(row, now)
            finally:
                cache.delete(f"scanner-probe-{row.pk}")
    except (AwayError, OSError, ValueError) as trouble:
        _away(row, trouble)
    return _state(row, now)


def _seen(row: ScannerSight, engine: str, process: str, now: datetime) -> None:
    row.engine, row.process, row.answered_at = engine[:200], process, now
    if row.trouble:
        # Who was away may have come back with other limits.
        row.trouble, row.probed = "", ""
    row.save(update_fields=["engine", "process", "answered_at", "trouble", "probed"])


def _away(row: ScannerSight, trouble: Exception) -> None:
    why = str(trouble) if isinstance(trouble, AwayError) else f"The scanner gave no answer: {trouble!s}."
    if isinstance(trouble, TimeoutError):
        why = f"The scanner did not answer within {_ANSWER_SECONDS:g} seconds."
    row.trouble = why[:300]
    row.save(update_fields=["trouble"])
    log.warning("the scanner does not answer", extra={"why": row.trouble})


def _due(row: ScannerSight, now: datetime) -> bool:
    if row.probed_at is None or row.probed != clamd_probe.identity(row.engine, row.process):
        return True
    return now - row.probed_at >= (LAX_EACH if row.lax else EACH)


def _probe(row: ScannerSight, now: datetime) -> None:
    # A result is written at the end alone: until then the last one holds, of this clamd or of none.
    if row.probed != clamd_probe.identity(row.engine, row.process):
        row.probed_at = None
        row.save(update_fields=["probed_at"])
    seconds = float(settings.CELERY_TASK_SOFT_TIME_LIMIT) * 0.9
    found = clamd_probe.probe(settings.SMMODS_ANTIVIRUS, timeout=seconds)
    row.engine, row.process = found.engine[:200], found.process
    row.probed, row.probed_at = clamd_probe.identity(found.engine, found.process)[:300], now
    row.lax = [lax.sentence for lax in found.lax] + configured()
    row.save(update_fields=["engine", "process", "probed", "probed_at", "lax"])
    for sentence in row.lax:
        log.error("the scanner is too lax, and packages wait: %s", sentence)


def configured() -> list[str]:
    """A sentence for each setting of the clamd.conf that `SMMODS_CLAMD_CONFIG` names that is too lax.

    Empty where none is named, or where it can't be read from here: the trials say what there is to say.
    """
    name = settings.SMMODS_CLAMD_CONFIG
    if not name:
        return []
    try:
        text = Path(name).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        log.warning("SMMODS_CLAMD_CONFIG can't be read", extra={"why": str(error)})
        return []
    return [f"{name}: {sentence}" for sentence in clamd_config.too_lax(text)]


def facts() -> tuple[str, str]:
    """For the checks: why the scanner is not to be believed (empty where it is), and whose limits were tried."""
    if settings.SMMODS_ANTIVIRUS == _OFF:
        return "", ""
    seen = state()
    return (seen.why if seen.word in UNFIT else "", seen.probed)
