"""The order in which the samples come about, each by the service that a person would have used.

Rules
- What is there already is left as it is, whatever has become of it; an interrupted run is taken up again.
- Nothing is written past the services: the samples have checks, decisions and audit entries like everything.
"""

import io
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO, cast

from accounts import outbox
from accounts.models import User
from catalog import service_status
from catalog import services as catalog_services
from catalog.models import Namespace
from moderation.actions import decide
from smmods.demo import items, people, platform, words
from smmods.demo.item import SAMPLES, End, Item
from smmods.manual_lane import CHECKED, approve, revision_of, see_through
from uploads import services
from uploads.models import Submission
from uploads.package.pack import pack
from uploads.states import State

SECONDS = 60
#: The reserved namespace of one sample mod; the sample admin hands it out.
RESERVED = "starminer"
_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(slots=True)
class Told:
    """What a run added, by state, and whose accounts there are."""

    added: list[Submission] = field(default_factory=list)
    accounts: list[User] = field(default_factory=list)


def tell(say: Callable[[str], None]) -> Told:
    """Bring the samples about; `say` hears of each step."""
    told = Told(accounts=[people.settle(person) for person in people.EVERYBODY])
    admin = people.account_of(people.ADMIN)
    if not Namespace.objects.filter(name=RESERVED).exists():
        catalog_services.assign_namespace(admin, RESERVED, [admin.email], platform.REASON)
    platform.release_all(admin)
    outbox.drain()
    say(f"{len(told.accounts)} people and the platform's own releases are there.")
    for item in items.ITEMS:
        if bring_about(item, told):
            say(f"{item.mod_id} {item.version}: {told.added[-1].get_state_display().lower()}")
    outbox.drain()
    if count := words.write_all():
        say(f"{count} reports and edits of listings are there.")
    service_status.look()
    return told


def bring_about(item: Item, told: Told) -> bool:
    """Take one sample as far as it should come; returns whether there was anything to do."""
    owner = people.account_of(item.owner)
    submission = Submission.objects.filter(author=owner, mod_id=item.mod_id, version=item.version).first()
    if submission is None:
        submission = _send(owner, item)
    elif not _unfinished(submission, item):
        return False
    if item.end is not End.DRAFT:
        _decide(submission, item)
    told.added.append(submission)
    return True


def _unfinished(submission: Submission, item: Item) -> bool:
    """Whether an earlier run was cut off here: nobody has decided yet, and somebody of the samples should."""
    if submission.state in (State.UPLOADED, State.VALIDATING, State.APPROVED):
        return True
    decided = item.end not in (End.WAITING, End.FAILED, End.DRAFT)
    return decided and submission.state == State.PENDING_REVIEW and not submission.decisions.exists()


def _send(owner: User, item: Item) -> Submission:
    draft = item.end is End.DRAFT
    return services.receive(
        owner,
        chunks=[package_of(item)],
        content_type="application/zip",
        sidecar_raw=None if draft else item.metadata(),
        via=Submission.Via.WEB if draft else Submission.Via.API,
    )


def _decide(submission: Submission, item: Item) -> None:
    """What the sample people do with it once its checks are through."""
    owner, moderator = submission.author, people.account_of(people.MODERATOR)
    see_through(submission, (*CHECKED, State.APPROVED, State.PUBLISHED), seconds=SECONDS)
    if submission.state != State.PENDING_REVIEW:
        return
    if item.end in (End.PUBLISHED, End.HIDDEN):
        approve(submission, moderator, seconds=SECONDS)
    if item.end is End.HIDDEN:
        _act(submission, moderator, "hide", item)
        outbox.drain()
    elif item.end is End.REJECTED:
        _act(submission, moderator, "reject", item)
    elif item.end is End.CHANGES:
        services.post_message(owner, submission, "This one is for testers first.")
        _act(submission, moderator, "request_changes", item)
    elif item.end is End.WITHDRAWN:
        services.withdraw(owner, submission)
    submission.refresh_from_db()


def _act(submission: Submission, moderator: User, action: str, item: Item) -> None:
    revision = revision_of(submission)
    decide(
        moderator,
        submission.submission_id,
        action=action,
        revision=revision.number,
        sha256=revision.sha256,
        reasons=[{"policy": item.policy, "values": {}}],
        note=item.note,
    )


def package_of(item: Item) -> bytes:
    """The sample's package: packed as a modder packs, or written member by member where it is a hostile one."""
    if item.folder:
        with tempfile.TemporaryFile() as file:
            pack(SAMPLES / item.mod_id, cast("BinaryIO", file))
            file.seek(0)
            return file.read()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(item.members().items()):
            info = zipfile.ZipInfo(name, _TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o100644 << 16
            archive.writestr(info, data)
    return out.getvalue()
