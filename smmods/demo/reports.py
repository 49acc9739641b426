"""The sample reports: what players say of sample mods, so that the list and the queue have some."""

from moderation import reports
from moderation.models import Report
from smmods.demo import people

#: Slug, reason, words; two say the same of one mod, so that one folds into the other.
REPORTS = (
    ("ore-ledger", "broken", "The total is wrong after jettisoning: it still counts the pile that is gone."),
    ("ore-ledger", "broken", "Same here, since the last update of the game."),
    ("hello-lua", "misleading", "The picture shows a menu that the mod does not have."),
)


def file_all() -> int:
    """File the sample reports, once; returns how many were filed."""
    if Report.objects.exists():
        return 0
    player = people.account_of(people.PLAYER)
    for slug, reason, words in REPORTS:
        reports.file(slug=slug, version="", reason=reason, text=words, reporter=player)
    return len(REPORTS)
