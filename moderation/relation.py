"""How a moderator stands to an item: nobody reviews or decides on their own work.

Own work is what one is the author or a maintainer of, and what one has uploaded any revision of. It binds
admins too.
"""

from accounts import permissions
from accounts.models import User
from accounts.roles import Relation
from uploads.models import Submission


def relation_of(actor: User, submission: Submission) -> Relation:
    """Author, maintainer (who uploaded a revision counts as its author), or neither."""
    relation = submission.relation(actor)
    if relation is Relation.OTHER and submission.revisions.filter(uploader=actor).exists():
        return Relation.AUTHOR
    return relation


def ensure_not_own(actor: User, submission: Submission) -> None:
    """Raises RefusedError: 403 `own_work`, or what the role says."""
    permissions.ensure(actor, "decision.make", relation_of(actor, submission))
