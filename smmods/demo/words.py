"""What people write beside releases: reports by a player, and an edit of a listing that waits."""

from accounts import outbox
from catalog.models import Mod
from moderation import reports
from moderation.models import Report
from smmods.demo import people
from uploads import listings
from uploads.models import Submission

#: Slug, reason, words; two say the same of one mod, so that one folds into the other.
REPORTS = (
    ("ore-ledger", "broken", "The total is wrong after jettisoning: it still counts the pile that is gone."),
    ("ore-ledger", "broken", "Same here, since the last update of the game."),
    ("hello-lua", "misleading", "The picture shows a menu that the mod does not have."),
)
#: The mod whose listing is edited, and the new line.
EDITED = "example.hello-lua-companion"
SUMMARY = "Answers Hello Lua: shows how one mod asks another for its services."


def write_all() -> int:
    """File the reports and send the edit, once; returns how many there were to write."""
    written = 0
    if not Report.objects.exists():
        player = people.account_of(people.PLAYER)
        for slug, reason, words in REPORTS:
            reports.file(slug=slug, version="", reason=reason, text=words, reporter=player)
        written += len(REPORTS)
    if not Submission.objects.filter(kind=Submission.Kind.LISTING).exists():
        mod = Mod.objects.get(mod_id=EDITED)
        listings.propose(people.account_of(people.MODDER), EDITED, listings.live(mod) | {"summary": SUMMARY})
        written += 1
    outbox.drain()
    return written
