"""How a moderator stands to an item: nobody reviews or decides on their own work.

Own work is what one is the author or a maintainer of, and what one has uploaded any revision of. It binds
admins too.
"""

from collections.abc import Iterable

from django.db.models import Case, CharField, Exists, ExpressionWrapper, F, OuterRef, Q, Value, When
from django.db.models.functions import Concat

from accounts import permissions
from accounts.models import User
from accounts.roles import Relation
from catalog.models import Maintainer
from uploads.models import Revision, Submission


def relation_of(actor: User, submission: Submission) -> Relation:
    """Author, maintainer (who uploaded a revision counts as its author), or neither."""
    relation = submission.relation(actor)
    if relation is Relation.OTHER and submission.revisions.filter(uploader=actor).exists():
        return Relation.AUTHOR
    return relation


def own_ids(actor: User, submissions: Iterable[Submission]) -> set[int]:
    """The keys of those submissions that are the actor's own work."""
    rows = Submission.objects.filter(pk__in=[row.pk for row in submissions])
    found = rows.annotate(relation_here=relation_column(actor)).exclude(relation_here=Relation.OTHER.value)
    return set(found.values_list("pk", flat=True))


def ensure_not_own(actor: User, submission: Submission) -> None:
    """Raises RefusedError: 403 `own_work`, or what the role says."""
    permissions.ensure(actor, "decision.make", relation_of(actor, submission))


def relation_column(actor: User) -> Case:
    """`relation_of` as a column of submissions, for pages that read one in one query."""
    uploaded = Revision.objects.filter(submission=OuterRef("pk"), uploader=actor)
    maintained = Maintainer.objects.annotate(
        asked=ExpressionWrapper(OuterRef("mod_id"), output_field=CharField())
    ).filter(user=actor, asked__startswith=Concat(F("namespace__name"), Value(".")))
    return Case(
        When(author=actor, then=Value(Relation.AUTHOR.value)),
        When(Q(mod_id__isnull=False) & Exists(maintained), then=Value(Relation.MAINTAINER.value)),
        When(Exists(uploaded), then=Value(Relation.AUTHOR.value)),
        default=Value(Relation.OTHER.value),
        output_field=CharField(),
    )
