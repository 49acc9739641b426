"""Which mark, tone and word stand for a state: one table that every page and component reads.

Rules
- Shape first, then colour, always a word beside it.
- The states of a submission, the statuses of a check and the states of a release stand here alone.
- A state that is not in the table is shown as its own name with the dashed ring, never dropped.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """How one state looks: the symbol in the sprite, the tone of its colour, and the word beside it."""

    symbol: str
    tone: str
    word: str


#: Statuses of checks, steps, gates and services.
STATUS: dict[str, Mark] = {
    "passed": Mark("mark-passed", "good", "Passed"),
    "failed": Mark("mark-failed", "bad", "Failed"),
    "warned": Mark("mark-signal", "warning", "Signal"),
    "not_run": Mark("mark-not-run", "muted", "Not run"),
    "not_checked": Mark("mark-not-run", "muted", "Not checked"),
    "partial": Mark("mark-partial", "warning", "Partial"),
    "current": Mark("mark-current", "ore", "Going on now"),
    "todo": Mark("mark-todo", "muted", "Still to come"),
    "done": Mark("mark-passed", "text", "Done"),
    "information": Mark("mark-info", "information", "For your information"),
    "overdue": Mark("mark-failed", "bad", "Overdue"),
    "fits": Mark("mark-fit", "good", "Fits"),
}

#: The twelve states of a submission; releases use the last three and "published".
STATE: dict[str, Mark] = {
    "draft": Mark("mark-todo", "muted", "Draft"),
    "uploaded": Mark("mark-current", "information", "Uploaded"),
    "validating": Mark("mark-current", "information", "Being checked"),
    "validation_failed": Mark("mark-failed", "bad", "Checks failed"),
    "cancelled": Mark("mark-todo", "muted", "Withdrawn"),
    "pending_review": Mark("mark-current", "information", "Pending review"),
    "changes_requested": Mark("mark-partial", "warning", "Changes requested"),
    "approved": Mark("mark-passed", "good", "Approved"),
    "published": Mark("mark-passed", "good", "Published"),
    "rejected": Mark("mark-failed", "bad", "Rejected"),
    "hidden": Mark("mark-failed", "bad", "Taken back"),
    "superseded": Mark("mark-todo", "muted", "Superseded"),
    "deprecated": Mark("mark-not-run", "muted", "Deprecated"),
}

#: Levels of Django's messages and of banners, with the mark that goes with each.
BANNER: dict[str, Mark] = {
    "good": Mark("mark-passed", "good", "Done"),
    "warning": Mark("mark-signal", "warning", "Attention"),
    "bad": Mark("mark-failed", "bad", "Problem"),
    "information": Mark("mark-info", "information", "Note"),
}
MESSAGE_LEVELS = {
    "debug": "information",
    "info": "information",
    "success": "good",
    "warning": "warning",
    "error": "bad",
}


def status_mark(status: str) -> Mark:
    """The mark of a status; an unknown one keeps its name and gets the dashed ring."""
    return STATUS.get(status) or Mark("mark-not-run", "muted", status.replace("_", " ").capitalize())


def state_mark(state: str) -> Mark:
    """The mark of a submission's or release's state; an unknown one keeps its name, with the dashed ring."""
    return STATE.get(state) or Mark("mark-not-run", "muted", state.replace("_", " ").capitalize())
