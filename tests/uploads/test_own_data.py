"""What the export of one's own data says of submissions."""

import pytest

from accounts import services
from tests.factories import make_user
from uploads.models import Message, Revision, Submission

pytestmark = pytest.mark.django_db


def test_a_persons_submissions_are_in_their_export_without_a_moderators_name() -> None:
    ada, eve = make_user("modder"), make_user("modder")
    moderator = make_user("moderator", display_name="Hidden Name")
    mine = Submission.objects.create(author=ada, via="api", mod_id="ada.mod", version="1.0.0")
    Submission.objects.create(author=eve, via="api", mod_id="eve.mod", version="1.0.0")
    Revision.objects.create(submission=mine, number=1, sha256="a" * 64, size_bytes=10, uploader=ada)
    for writer, staff in ((ada, False), (moderator, True), (eve, False)):
        Message.objects.create(
            submission=mine, writer=writer, from_staff=staff, revision_number=1, text="Hello."
        )
    document = services.export(ada)
    (row,) = document["submissions"]
    assert (row["submissionId"], row["modId"], row["state"]) == (mine.submission_id, "ada.mod", mine.state)
    assert row["revisions"] == [{"revision": 1, "sha256": "a" * 64, "sizeBytes": 10}]
    assert [message["from"] for message in row["messages"]] == ["you", "moderation team", "maintainer"]
    assert "Hidden Name" not in str(document)
    assert "eve.mod" not in str(document)
