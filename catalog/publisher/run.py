"""The run of a publication: copy, gate, plan, write, switch, close.

Rules
- One at a time, over all hosts (`lease`). A run that finds an unfinished one finishes it first, from its plan.
- Until the plan is committed nothing that a reader sees has changed, and a refusal leaves nothing behind.
  From then on a publication only goes forward: whoever comes next does the rest, and repeating a step
  changes nothing.
- Every step is named in `STEPS`; a test stops a run after each and looks what readers see.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.errors import RefusedError
from accounts.models import User
from catalog import documents
from catalog.models import Publication, Release
from catalog.publisher import facts, gate, journal, listings, planning
from catalog.publisher.changes import Applied, Change, EditListing, Hide, NewRelease, Publish, Refresh, Sent
from catalog.publisher.lease import Lease
from catalog.publisher.plan import ADD, TAKE_BACK, Plan, Planned, render
from catalog.publisher.tree import PublicTree, TreeError

#: The steps in order. Those from `switched` to `withdrawn` come once a name, with the name after a colon.
STEPS = ("copied", "admitted", "planned", "placed", "stored", "switched", "buried", "withdrawn", "closed")
#: Every so many revisions documents that nobody is shown any longer are removed, once they are an hour old.
SWEEP_EVERY, KEEP_SECONDS = 20, 3600

Verify = Callable[[Planned], None]
OnSwitch = Callable[[tuple[Applied, ...]], None]
OnRefused = Callable[[Sent, RefusedError], None]
Checkpoint = Callable[[str], None]


def _nothing(_: object) -> None:
    """What a caller who has nothing to add hands in."""


@dataclass(frozen=True, slots=True)
class _Run:
    """What the steps share."""

    tree: PublicTree
    lease: Lease
    on_switch: OnSwitch
    checkpoint: Checkpoint


def public_tree() -> PublicTree:
    """The tree that this installation publishes into."""
    return PublicTree(settings.PUBLIC_ROOT)


def publish(
    changes: Sequence[Change],
    *,
    actor: User,
    cause: str,
    verify: Verify = _nothing,
    on_switch: OnSwitch = _nothing,
    on_refused: OnRefused | None = None,
    checkpoint: Checkpoint = _nothing,
    wait: float = 0.0,
) -> Publication | None:
    """Publish `changes` as one revision; returns its line of the journal, or None where nothing was due.

    Changes either add or take back, never both (ValueError). Each release passes the gate by itself: one that
    is refused is left out and told to `on_refused`, or raised where that is not given. `verify` looks at the
    planned tree and raises RefusedError to stop before anything is written. `on_switch` is told what was done
    in the transaction that closes the line. `wait` is how long, in seconds, to wait for another publication;
    RefusedError `publisher_busy` (503) where that is not enough. Raises OSError or TreeError where the disk
    or the tree does not do its part: the next run finishes then.
    """
    direction = _direction(changes)
    with Lease(wait) as lease:
        run = _Run(public_tree(), lease, on_switch, checkpoint)
        _finish(run)
        copied: list[str] = []
        try:
            admitted = _admit(run, changes, on_refused, copied)
            publication = _plan(run, admitted, direction, actor=actor, cause=cause, verify=verify)
        except BaseException:
            _forget(run.tree, copied)
            raise
        if publication is None:
            _forget(run.tree, copied)
            return None
        return _forward(run, publication)


def finish_unfinished(
    *, on_switch: OnSwitch = _nothing, checkpoint: Checkpoint = _nothing, wait: float = 0.0
) -> Publication | None:
    """Finish the publication that a killed run left open; returns it, or None where there is none.

    Raises as `publish` does.
    """
    if journal.unfinished() is None:
        return None
    with Lease(wait) as lease:
        return _finish(_Run(public_tree(), lease, on_switch, checkpoint))


def _direction(changes: Sequence[Change]) -> str:
    kinds = {TAKE_BACK if isinstance(change, Hide) else ADD for change in changes}
    if len(kinds) > 1:
        raise ValueError("a publication adds or takes back, never both")
    return kinds.pop() if kinds else ADD


def _finish(run: _Run) -> Publication | None:
    publication = journal.unfinished()
    return _forward(run, publication) if publication else None


def _admit(
    run: _Run, changes: Sequence[Change], on_refused: OnRefused | None, copied: list[str]
) -> list[Change]:
    """Copy the bytes of each new release into the vault, hashed on the way, and ask the gate about them."""
    admitted: list[Change] = []
    for change in changes:
        if isinstance(change, Publish):
            try:
                sha256, size = _copy(run.tree, change.release)
                copied.append(sha256)
                run.checkpoint("copied")
                gate.admit(change.release, sha256, size)
            except RefusedError as refused:
                if on_refused is None:
                    raise
                on_refused(change.release, refused)
                continue
        if isinstance(change, EditListing):
            try:
                admitted.append(EditListing(change.listing, listings.admit(change.listing)))
            except RefusedError as refused:
                if on_refused is None:
                    raise
                on_refused(change.listing, refused)
            continue
        admitted.append(change)
    run.checkpoint("admitted")
    return admitted


def _copy(tree: PublicTree, release: NewRelease) -> tuple[str, int]:
    try:
        with release.open() as source:
            return tree.keep(source, release.size_bytes)
    except FileNotFoundError as error:
        raise RefusedError(
            "bytes_missing", "The staged package is no longer there.", "Upload it again.", status=409
        ) from error
    except TreeError as error:
        raise RefusedError(
            "bytes_differ",
            "The staged bytes are not those that were announced.",
            "Upload it again.",
            status=409,
        ) from error


def _forget(tree: PublicTree, copied: list[str]) -> None:
    """Remove copied bytes that no release has, since nothing was published of them."""
    known = set(Release.objects.filter(sha256__in=copied).values_list("sha256", flat=True))
    for sha256 in set(copied) - known:
        tree.forget(sha256)


def _plan(
    run: _Run, changes: list[Change], direction: str, *, actor: User, cause: str, verify: Verify
) -> Publication | None:
    """Write the facts and the journal's line in one transaction, once `verify` has let the planned tree pass."""
    refreshed = any(isinstance(change, Refresh) for change in changes)
    platform = planning.keep_platform_files(run.tree) if refreshed else []
    at = timezone.now().replace(microsecond=0)
    with transaction.atomic(durable=True):
        run.lease.confirm()
        applied = [done for change in changes for done in facts.apply(change, at)]
        revision = journal.next_revision()
        made = planning.make(run.tree, changes, applied, direction, platform, revision, at)
        if made is None:
            return None
        plan, planned = made
        verify(planned)
        publication = journal.open_line(revision, plan, actor=actor, cause=cause)
    run.checkpoint("planned")
    for body in planned.documents.values():
        run.tree.store(body)
    return publication


def _forward(run: _Run, publication: Publication) -> Publication:
    """Do what the plan says from wherever it was left; every step is safe to repeat."""
    tree, plan = run.tree, Plan.from_json(publication.plan)
    run.lease.ensure()
    for artifact in plan.artifacts:
        tree.place(artifact.path, artifact.sha256)
    for path in plan.restored:
        tree.unbury(path)
    run.checkpoint("placed")
    _store(run, publication, plan)
    run.checkpoint("stored")
    for path, sha256 in plan.documents.items():
        run.lease.ensure()
        tree.point(path, sha256)
        run.checkpoint(f"switched:{path}")
    for path in plan.withdrawn:
        run.lease.ensure()
        tree.bury(path, documents.tombstone(planning.release_at(path)))
        run.checkpoint(f"buried:{path}")
        tree.withdraw(path)
        run.checkpoint(f"withdrawn:{path}")
    journal.switched(publication)
    with transaction.atomic(durable=True):
        run.lease.confirm()
        journal.close_line(publication, plan, tree)
        run.on_switch(tuple(plan.applied))
    run.checkpoint("closed")
    if publication.revision % SWEEP_EVERY == 0:
        tree.sweep(KEEP_SECONDS)
    return publication


def _store(run: _Run, publication: Publication, plan: Plan) -> None:
    """See that every planned document lies under its hash; what a killed run did not write is rendered again.

    Rows that others write (a name, a category) may have changed since; then the plan is changed with them.
    """
    changed = False
    for path, sha256 in plan.documents.items():
        if run.tree.stores(sha256):
            continue
        plan.documents[path] = run.tree.store(render(path, publication.revision, plan.generated_at))
        changed = changed or plan.documents[path] != sha256
    if changed:
        journal.replan(publication, plan)
