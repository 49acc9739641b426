"""Which decisions two people must make: one table.

Rules
- The first approval changes no state and is kept; the second must be somebody else's, on the same bytes.
- Any other decision in between makes the first one void.
- A verdict on a finding that holds everywhere is no action of the table, and needs two people too
  (`moderation.verdicts`).
"""

from collections.abc import Callable
from dataclasses import dataclass

from catalog.models import Release
from moderation import caution
from moderation.models import Decision
from moderation.table import ACTIONS
from uploads.models import PackageFile, Submission
from uploads.signals.names import is_game_library
from uploads.states import State

#: Where an approval stands: not undone, and not turned back by the publisher.
STANDING = (State.APPROVED, State.PUBLISHED, State.SUPERSEDED, State.HIDDEN)

#: Saying of a finding what it is in every mod.
JUDGE_EVERYWHERE = "judge_everywhere"


@dataclass(frozen=True, slots=True)
class TwoPeople:
    """One rule: for which action, when it holds, and the sentence that says why."""

    code: str
    action: str
    says: str
    holds: Callable[[Submission], bool]

    @property
    def label(self) -> str:
        """What two people do, in words."""
        return ACTIONS[self.action].label if self.action in ACTIONS else "Verdict for everywhere"


def _first_executable(submission: Submission) -> bool:
    if not PackageFile.objects.filter(revision=submission.current_id, executable=True).exists():
        return False
    return not PackageFile.objects.filter(
        executable=True,
        revision__in=Decision.objects.filter(
            action="approve",
            needs_second="",
            submission__mod_id=submission.mod_id,
            submission__state__in=[state.value for state in STANDING],
        ).values("revision"),
    ).exists()


def _named_like_the_games(submission: Submission) -> bool:
    paths = PackageFile.objects.filter(revision=submission.current_id, path__iendswith=".dll").values_list(
        "path", flat=True
    )
    return any(is_game_library(path) for path in paths)


def _hidden_as_a_danger(submission: Submission) -> bool:
    hidden = submission.decisions.filter(action="hide").order_by("-id").first()
    if hidden is not None and hidden.level == Release.Level.HARD:
        return True
    return Release.objects.filter(
        submission_id=submission.submission_id, taken_back_level=Release.Level.HARD
    ).exists()


def _changed_lately(submission: Submission) -> bool:
    return bool(caution.changes(submission))


def _always(_: Submission) -> bool:
    return True


RULES: tuple[TwoPeople, ...] = (
    TwoPeople("first_executable", "approve", "It holds the first executable of this mod.", _first_executable),
    TwoPeople(
        "game_library",
        "approve",
        "A DLL in it is named like one that the game loads from its own folder.",
        _named_like_the_games,
    ),
    TwoPeople("changed_lately", "approve", caution.SAYS, _changed_lately),
    TwoPeople("danger_restored", "restore", "It was taken back as a danger.", _hidden_as_a_danger),
    TwoPeople("everywhere_verdict", JUDGE_EVERYWHERE, "It reaches every mod.", _always),
)


def why(submission: Submission, action: str) -> str:
    """Why `action` on this submission needs a second person, or an empty text where it needs none."""
    return " ".join(rule.says for rule in RULES if rule.action == action and rule.holds(submission))


def waiting(submission: Submission) -> Decision | None:
    """The first person's decision that still waits for a second: the newest of all, on the current bytes."""
    newest = submission.decisions.exclude(action="escalate").order_by("-id").first()
    return still_waiting(submission, newest)


def still_waiting(submission: Submission, newest: Decision | None) -> Decision | None:
    """`newest`, the last decision beside escalations, if it is the first of two on the current bytes."""
    current = submission.current
    if newest is None or current is None or not newest.needs_second or newest.seconded_at is not None:
        return None
    return newest if (newest.revision_id, newest.sha256) == (current.pk, current.sha256) else None
