"""What the portal knows about what was found: signals that need its rows, what each weighs, when it was first seen.

Rules
- `new_executable`         a program whose bytes the newest approved release of the mod does not have
- `url_new`                an address that no approved release of the mod has; it stands in for `url_found`
- `name_like_popular_mod`  a mod id or name close to one of another namespace that was there first: the most
                           downloaded and the oldest with a public release are looked at
- `bytes_taken_back`       bytes of a release that was taken back, and of no public one. Blocking where it was
                           taken back as a danger and they are the whole package, a program or a script
- A warning of a check is a signal too, of weight 1.
- First seen: the oldest version of the mod whose checked revisions have the same finding.
- At most `EACH` signals of a code; what is beyond is counted in the last one.
- As many queries for 10,000 members as for 10.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from django.db.models import F, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from catalog.models import Mod, Release
from uploads import inventory, lookalikes
from uploads.checks import Result, Status, Subject
from uploads.checks.base import text_of
from uploads.models import PackageFile, Submission
from uploads.models import Signal as Row
from uploads.package import kinds
from uploads.signals.found import Signal, excerpt_of
from uploads.signals.table import weight_of
from uploads.states import State

#: How many signals of one code are told one by one.
EACH = 50
#: Files below this size (bytes) say nothing: many mods have the same.
TRIVIAL = 64
#: How many of the most downloaded, and of the oldest mods a name is compared with.
COMPARED = 500
#: A package's own approval, by its submission's state. What was taken back vouches for nothing.
APPROVED = (State.APPROVED.value, State.PUBLISHED.value, State.SUPERSEDED.value)

#: Where and in which version a finding, by fingerprint, was first.
Seen = dict[str, tuple[int, str]]

URL_FOUND, URL_NEW = "url_found", "url_new"
LUA = ".lua"


@dataclass(frozen=True, slots=True)
class Weighed:
    """A signal with its weight and the first version that had it, empty where that is not known."""

    signal: Signal
    weight: int
    first_seen: str = ""


def weigh(submission: Submission | None, subject: Subject, results: Sequence[Result] = ()) -> list[Weighed]:
    """Everything that deserves an eye in `subject`, the gravest first; `results` are those of its checks.

    Without a submission (a rehearsal) nothing is its own, and all that the portal has is older.
    """
    mod_id = _mod_id(submission, subject)
    found = [
        *_addresses(submission, mod_id, subject.signals),
        *_new_programs(submission, mod_id, subject),
        *_lookalikes(mod_id, text_of(subject.manifest, "name")),
        *_taken_back(subject),
    ]
    found += warnings(results)
    version = (submission.version if submission is not None else None) or text_of(subject.manifest, "version")
    seen = _first_seen(submission, mod_id, found)
    weighed = [Weighed(one, weight_of(one), _earliest(one, seen) or version) for one in found]
    return sorted(weighed, key=lambda row: (not row.signal.blocking, -row.weight))


def warnings(results: Iterable[Result]) -> list[Signal]:
    """The problems of checks that warned, as signals."""
    return [
        Signal(
            problem.code,
            problem.message,
            path=problem.path,
            rule=result.check_id,
            subject=f"{problem.pointer} {problem.message}",
        )
        for result in results
        if result.status is Status.WARNED
        for problem in result.problems
    ]


def _mod_id(submission: Submission | None, subject: Subject) -> str:
    own = submission.mod_id if submission is not None else None
    return own or text_of(subject.manifest, "id")


def _approved(submission: Submission | None, mod_id: str) -> "QuerySet[Submission]":
    """The mod's submissions that were approved and not taken back."""
    found = Submission.objects.filter(kind=Submission.Kind.PACKAGE, mod_id=mod_id, state__in=APPROVED)
    return found if submission is None else found.exclude(pk=submission.pk)


def _new_programs(submission: Submission | None, mod_id: str, subject: Subject) -> list[Signal]:
    programs = [member for member in subject.report.members if member.executable]
    if not programs:
        return []
    by_age = (F("queued_at").desc(nulls_last=True), "-pk")
    newest = _approved(submission, mod_id).order_by(*by_age).values("current")[:1]
    known = set(
        PackageFile.objects.filter(revision__in=newest, executable=True).values_list("sha256", flat=True)
    )
    return _bounded(
        Signal(
            "new_executable",
            f"{member.path} is a program that the last approved release does not have.",
            path=member.path,
            excerpt=f"SHA-256 {member.sha256}",
            subject=member.sha256,
        )
        for member in programs
        if member.sha256 not in known
    )


def _addresses(submission: Submission | None, mod_id: str, signals: Sequence[Signal]) -> Iterator[Signal]:
    """The child's signals, in which an address that is new to the mod is called so."""
    as_new = {one: replace(one, code=URL_NEW) for one in signals if one.code == URL_FOUND}
    known: set[str] = set()
    if as_new:
        either = {one.fingerprint for pair in as_new.items() for one in pair}
        rows = Row.objects.filter(
            revision__in=_approved(submission, mod_id).values("current"),
            fingerprint__in=inventory.any_of(either),
        )
        known = set(rows.values_list("fingerprint", flat=True))
    for one in signals:
        new = as_new.get(one)
        yield one if new is None or {one.fingerprint, new.fingerprint} & known else new


def _lookalikes(mod_id: str, name: str) -> list[Signal]:
    """The first few mods of other namespaces that this one could be taken for."""
    if not mod_id:
        return []
    namespace, _, rest = mod_id.partition(".")
    born = Mod.objects.filter(mod_id=mod_id).order_by().values("created_at")
    others = (
        Mod.objects.public()
        .exclude(namespace__name=namespace)
        .filter(created_at__lt=Coalesce(Subquery(born), timezone.now()))
    )
    popular = others.order_by("-downloads", "id").values("pk")[:COMPARED]
    oldest = others.order_by("created_at", "id").values("pk")[:COMPARED]
    compared = Mod.objects.filter(Q(pk__in=popular) | Q(pk__in=oldest)).order_by("created_at", "id")
    found: dict[str, Signal] = {}
    for other, called in compared.values_list("mod_id", "name"):
        how = _resemblance(mod_id, rest, name, other, called)
        if how:
            found[other] = Signal(
                "name_like_popular_mod",
                f"{how} {other} ({excerpt_of(called)}), which was here first.",
                excerpt=excerpt_of(f"{mod_id} ({name})"),
                subject=other,
            )
    return _bounded(found.values())


def _resemblance(mod_id: str, rest: str, name: str, other: str, called: str) -> str:
    how = lookalikes.alike(mod_id, other)
    if how:
        return f"The mod id {how}: it could be taken for"
    how = lookalikes.alike(rest, other.partition(".")[2])
    if how:
        return f"The mod id without its namespace {how}: it could be taken for"
    how = lookalikes.alike(name, called)
    return f"The name {how}: it could be taken for" if how else ""


def _taken_back(subject: Subject) -> list[Signal]:
    """Bytes of releases that were taken back, unless a public release has them too."""
    members = {m.sha256: m for m in subject.report.members if m.sha256 and m.size >= TRIVIAL}
    back = Release.objects.taken_back()
    levels = set(back.filter(sha256=subject.sha256).values_list("taken_back_level", flat=True))
    rows = _files_of(back, members).annotate(taken=F("revision__submission__submission_id"))
    pairs = list(rows.order_by().values_list("sha256", "taken").distinct())
    if not pairs and not levels:
        return []
    hashes = {sha256 for sha256, _ in pairs}
    harmless = set(_files_of(Release.objects.public(), hashes).values_list("sha256", flat=True))
    dangers = set(
        back.filter(
            taken_back_level=Release.Level.HARD, submission_id__in=inventory.any_of(p[1] for p in pairs)
        ).values_list("submission_id", flat=True)
    )
    grave = {sha256 for sha256, taken in pairs if taken in dangers}
    if levels and not Release.objects.public().filter(sha256=subject.sha256).exists():
        return [_returned("The whole package", subject.sha256, "", Release.Level.HARD in levels, True)]
    found = []
    for sha256 in sorted(hashes - harmless, key=lambda one: (one not in grave, members[one].path)):
        member = members[sha256]
        runs = member.executable or kinds.ending(member.path) == LUA
        found.append(_returned(member.path, sha256, member.path, sha256 in grave, runs))
    return _bounded(found)


def _files_of(releases: "QuerySet[Release]", hashes: Iterable[str]) -> "QuerySet[PackageFile]":
    """The files with one of these hashes in the packages of `releases`."""
    return PackageFile.objects.filter(
        sha256__in=inventory.any_of(hashes),
        revision=F("revision__submission__current"),
        revision__submission__submission_id__in=releases.exclude(submission_id="").values("submission_id"),
    )


def _returned(what: str, sha256: str, path: str, danger: bool, runs: bool) -> Signal:
    why = "taken back as a danger" if danger else "taken back"
    return Signal(
        "bytes_taken_back",
        f"{what} is, byte for byte, that of a release that was {why}.",
        path=path,
        excerpt=f"SHA-256 {sha256}",
        subject=sha256,
        blocking=danger and runs,
    )


def _bounded(found: Iterable[Signal]) -> list[Signal]:
    """At most `EACH` of them; the last says how many more there are."""
    listed = list(found)
    more = len(listed) - EACH
    if more <= 0:
        return listed
    last = listed[EACH - 1]
    return [*listed[: EACH - 1], replace(last, message=f"{last.message} So it is with {more:,} more.")]


def _first_seen(submission: Submission | None, mod_id: str, found: Sequence[Signal]) -> Seen:
    """The oldest version of the mod that had each finding, by fingerprint."""
    if not mod_id or not found:
        return {}
    rows = Row.objects.filter(
        revision__submission__mod_id=mod_id,
        fingerprint__in=inventory.any_of(known for one in found for known in _known_as(one)),
    )
    if submission is not None and submission.current_id is not None:
        rows = rows.filter(revision_id__lt=submission.current_id)
    seen: dict[str, tuple[int, str]] = {}
    listed = rows.order_by("revision_id").values_list(
        "fingerprint", "revision_id", "revision__submission__version"
    )
    for fingerprint, place, version in listed:
        seen.setdefault(fingerprint, (place, version or ""))
    return seen


def _known_as(signal: Signal) -> tuple[str, ...]:
    """The fingerprints by which an earlier revision has it: an address that was new is found again."""
    if signal.code in (URL_FOUND, URL_NEW):
        return tuple(replace(signal, code=code).fingerprint for code in (URL_NEW, URL_FOUND))
    return (signal.fingerprint,)


def _earliest(signal: Signal, seen: Seen) -> str:
    return min((seen[known] for known in _known_as(signal) if known in seen), default=(0, ""))[1]
