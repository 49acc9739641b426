"""The publisher's journal: a numbered line for each publication, planned before anything is written, closed after.

Rules
- Numbers count upwards from 1 and never go back.
- At most one line is open. Whoever publishes next finishes it first.
- Closing writes, in one transaction, which documents are shown now, the audit entry and whatever the caller
  moves because of it.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.audit import Action
from accounts.models import User
from catalog.documents import CATALOG, timestamp
from catalog.models import Publication, PublishedDocument
from catalog.publisher.plan import Plan
from catalog.publisher.tree import PublicTree


def next_revision() -> int:
    """The number of the publication after the last."""
    last = Publication.objects.order_by("-revision").values_list("revision", flat=True).first()
    return (last or 0) + 1


def unfinished() -> Publication | None:
    """The line that was planned and not closed, if there is one."""
    return (
        Publication.objects.select_related("actor")
        .filter(outcome=Publication.Outcome.PLANNED)
        .order_by("revision")
        .first()
    )


def open_line(revision: int, plan: Plan, *, actor: User, cause: str) -> Publication:
    """Write down what will be done, with its audit entry."""
    publication = Publication.objects.create(
        revision=revision, cause=cause[:200], actor=actor, plan=plan.as_json(), planned_at=plan.generated_at
    )
    audit.record(
        actor,
        Action.PUBLICATION_PLANNED,
        "publication",
        str(revision),
        after={"changes": [done.as_dict() for done in plan.applied], "documents": len(plan.documents)},
        reason=cause,
    )
    return publication


def replan(publication: Publication, plan: Plan) -> None:
    """Write down documents that had to be rendered again and came out otherwise than planned."""
    publication.plan = plan.as_json()
    publication.save(update_fields=["plan"])


def switched(publication: Publication) -> datetime:
    """Note when the last name was switched; the first such time stays."""
    if publication.switched_at is None:
        publication.switched_at = timezone.now()
    return publication.switched_at


def close_line(publication: Publication, plan: Plan, tree: PublicTree) -> None:
    """Write down that it is done. Belongs into a transaction with what the caller does because of it."""
    rows = [
        PublishedDocument(
            path=path, sha256=sha256, size_bytes=tree.size(sha256), revision=publication.revision
        )
        for path, sha256 in plan.documents.items()
    ]
    PublishedDocument.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["path"],
        update_fields=["sha256", "size_bytes", "revision"],
    )
    publication.outcome = Publication.Outcome.DONE
    publication.switched_at = switched(publication)
    publication.finished_at = timezone.now()
    publication.save(update_fields=["outcome", "switched_at", "finished_at"])
    audit.record(
        publication.actor,
        Action.PUBLICATION_FINISHED,
        "publication",
        str(publication.revision),
        after={
            "changes": [done.as_dict() for done in plan.applied],
            "catalog": plan.documents.get(CATALOG, ""),
        },
        reason=publication.cause,
    )


def note_smoke(publication: Publication, report: dict[str, Any]) -> None:
    """Keep the report of the smoke that followed a publication, with its audit entry."""
    with transaction.atomic():
        Publication.objects.filter(pk=publication.pk).update(smoke=report)
        failed = [step["id"] for step in report["steps"] if step["status"] == "failed"]
        audit.record_as_system(
            Action.PUBLICATION_SMOKED,
            "publication",
            str(publication.revision),
            after={"status": report["status"], "failed": failed},
        )
    publication.smoke = report


def record_of(publication: Publication) -> dict[str, Any]:
    """A publication as the API gives it; nobody is named."""
    plan = Plan.from_json(publication.plan)
    return {
        "revision": publication.revision,
        "status": publication.outcome,
        "cause": publication.cause,
        "plannedAt": timestamp(publication.planned_at),
        "switchedAt": timestamp(publication.switched_at) if publication.switched_at else None,
        "finishedAt": timestamp(publication.finished_at) if publication.finished_at else None,
        "changes": [done.as_dict() for done in plan.applied],
        "documents": publication.plan["documents"],
        "artifacts": publication.plan["artifacts"],
        "smoke": publication.smoke,
    }
