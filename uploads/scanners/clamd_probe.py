"""Does this clamd look at everything that the portal takes? It is tried, since clamd tells nobody its limits.

Rules
- Only what is seen is believed: `TRIALS` sends streams whose true answer is known (`clamd_samples`), each just
  within the package profile's own numbers, and compares. A trial names the setting of clamd.conf that it is about.
- What clamd does not look at it must say: an encrypted member (`AlertEncrypted`) and a limit that is reached
  (`AlertExceedsMax`). With both, a limit that is too low makes it answer "exceeded", never "clean". These
  trials are tiny (`QUICK`) and come before every scan, on the same connection.
- That is not all: of a member over `MaxFileSize` clamd says nothing and calls the package clean (1.4 does).
- So the others show which limit is lower than the profile's: tried when a worker starts, when another clamd answers,
  and once a day. They make clamd read some 800 MiB: seconds with a small signature base, half a minute with the
  official one.

`VERSION` grows whenever a trial is added or changed; what was tried by an older one counts as not tried.
"""

import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from uploads.package.rules import DEFAULT, Profile
from uploads.scanners import clamd_samples as samples
from uploads.scanners.clamd_session import Session

VERSION = 1
SECONDS = 240.0
LIMIT_REACHED = "Heuristics.Limits.Exceeded"
ENCRYPTED = "Heuristics.Encrypted"
_EXCEEDED = re.compile(re.escape(LIMIT_REACHED) + r"\.(\w+)")


@dataclass(frozen=True, slots=True)
class Lax:
    """A setting of clamd that lets pass what it does not look at: what was tried, what it said, the remedy."""

    setting: str
    tried: str
    said: str
    remedy: str

    @property
    def sentence(self) -> str:
        """The same for people who run the portal."""
        return f"{self.setting}: {self.tried}, the scanner said “{self.said}”. {self.remedy}"


@dataclass(frozen=True, slots=True)
class Trial:
    """One stream: the setting it is about, what it is in words, how to make it, the answer that must come."""

    setting: str
    tried: str
    remedy: str
    make: Callable[[bytes, Profile], list[samples.Run]]
    good: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Probed:
    """What a probe found of the clamd that called itself `engine`: the settings that are too lax, none if fit."""

    engine: str
    process: str
    lax: tuple[Lax, ...]


def _eicar(answer: str) -> bool:
    return answer.endswith(" FOUND") and "eicar" in answer.lower() and not answer.startswith("stream: Heur")


def _says(name: str) -> Callable[[str], bool]:
    return lambda answer: answer.startswith(f"stream: {name}") and answer.endswith(" FOUND")


_SHIPPED = "deploy/clamd.conf has it; restart clamd afterwards."

TRIALS: tuple[Trial, ...] = (
    Trial(
        "ScanArchive",
        "of the test virus in a ZIP",
        f"Leave ScanArchive on, and load a signature base that knows EICAR; {_SHIPPED}",
        lambda nonce, _: samples.infected(nonce),
        _eicar,
    ),
    Trial(
        "AlertEncrypted",
        "of an encrypted file",
        f"Set AlertEncrypted yes; {_SHIPPED}",
        lambda nonce, _: samples.encrypted(nonce),
        _says(ENCRYPTED),
    ),
    Trial(
        "AlertExceedsMax",
        f"of ZIPs nested {samples.TOO_DEEP} deep, which is over any limit",
        f"Set AlertExceedsMax yes; {_SHIPPED}",
        lambda nonce, _: samples.too_deep(nonce),
        _says(LIMIT_REACHED),
    ),
    Trial(
        "MaxFiles",
        "of a ZIP of as many members as the portal takes, the last of them the test virus",
        f"Raise MaxFiles; {_SHIPPED}",
        lambda nonce, profile: samples.many_members(nonce, profile.max_members),
        _eicar,
    ),
    Trial(
        "StreamMaxLength",
        "of a package as large as the portal takes that ends with the test virus",
        f"Raise StreamMaxLength; {_SHIPPED}",
        lambda nonce, profile: samples.of_size(nonce, profile.max_package),
        _eicar,
    ),
    Trial(
        "MaxFileSize",
        "of a member as large as the portal takes that ends with the test virus",
        f"Raise MaxFileSize; {_SHIPPED}",
        lambda nonce, profile: samples.big_member(nonce, profile.max_member),
        _eicar,
    ),
    Trial(
        "MaxScanSize",
        "of a package that unpacks to as much as the portal takes, the test virus being the last",
        f"Raise MaxScanSize; {_SHIPPED}",
        lambda nonce, profile: samples.much_inside(
            nonce, profile.max_unpacked, profile.max_member, min(profile.max_package, profile.max_member)
        ),
        _eicar,
    ),
)
#: Tiny ones, asked before every scan.
QUICK = TRIALS[:3]


def overlooked(session: Session) -> Lax | None:
    """What this clamd would let pass unseen, by the quick trials; None where it says what it must.

    Raises what a session raises.
    """
    for trial in QUICK:
        said = session.stream(samples.pieces(trial.make(_nonce(), DEFAULT)))
        if not trial.good(said):
            return _lax(trial, said)
    return None


def probe(address: str, profile: Profile = DEFAULT, *, timeout: float = SECONDS) -> Probed:
    """Make every trial of the clamd at this address, each on a connection of its own.

    `timeout` is in seconds, for all of them together. Raises AwayError where nobody listens, and ValueError,
    OSError or TimeoutError where it can't even be asked for its version.
    """
    deadline = time.monotonic() + timeout
    with Session(address, deadline) as session:
        engine, process = session.ask("VERSION"), session.process()
    return Probed(engine, process, tuple(_failures(address, profile, deadline)))


def identity(engine: str, process: str, profile: Profile = DEFAULT) -> str:
    """What a probe's result holds for: this program and process, these trials, these numbers."""
    numbers = (profile.max_package, profile.max_members, profile.max_member, profile.max_unpacked)
    return f"{engine.partition('/')[0]} [{process}] v{VERSION} {'/'.join(map(str, numbers))}"


def _failures(address: str, profile: Profile, deadline: float) -> Sequence[Lax]:
    found = []
    for trial in TRIALS:
        try:
            with Session(address, deadline) as session:
                said = session.stream(samples.pieces(trial.make(_nonce(), profile)))
        except TimeoutError:
            said = "nothing in time"
        except (OSError, ValueError) as error:
            said = f"nothing: {error}"
        if not trial.good(said):
            found.append(_lax(trial, said))
    return found


def _lax(trial: Trial, said: str) -> Lax:
    """Where clamd names the limit that it reached, that is the one to raise."""
    named = _EXCEEDED.search(said)
    if named is None or trial.setting == named[1]:
        return Lax(trial.setting, trial.tried, said, trial.remedy)
    return Lax(named[1], trial.tried, said, f"Raise {named[1]}; {_SHIPPED}")


def _nonce() -> bytes:
    return secrets.token_hex(16).encode()
