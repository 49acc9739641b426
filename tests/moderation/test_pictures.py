"""Pictures for reviewers: from the confined child alone, as PNG of ours, under headers that allow nothing."""

import io
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from accounts.errors import RefusedError
from accounts.models import User
from moderation import pictures
from tests import factories
from tests.moderation.test_evidence import staged
from tests.uploads.package.test_images import bomb, encoded
from uploads.models import Submission

pytestmark = pytest.mark.django_db


def pictured(raw: bytes, path: str = "a.png") -> Submission:
    submission = staged({path: raw})
    assert submission.current is not None
    submission.current.files.update(kind="png")
    return submission


def ask(client: Client, submission: Submission, path: str = "a.png") -> Any:
    return client.get(f"/moderation/review/{submission.submission_id}/image/?path={path}")


def test_a_picture_comes_as_a_png_of_ours(client: Client, moderator: User) -> None:
    raw = encoded("PNG") + b"<script>alert(1)</script>"
    submission = pictured(raw)
    client.force_login(moderator)
    answer = ask(client, submission)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/png"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    assert b"script" not in answer.content
    assert answer.content != raw
    assert Image.open(io.BytesIO(answer.content)).size == (4, 3)


@pytest.mark.parametrize("raw", [bomb(60_000, 60_000), b"<svg onload=alert(1)>", encoded("PNG")[:60]])
def test_what_can_not_be_shown_is_refused_with_the_reason(
    raw: bytes, client: Client, moderator: User
) -> None:
    client.force_login(moderator)
    answer = ask(client, pictured(raw))
    assert answer.status_code == 422
    assert b"<svg onload" not in answer.content


def test_other_kinds_do_not_reach_the_child(
    client: Client, moderator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = staged({"a.lua": b"return 1\n"})
    monkeypatch.setattr(pictures.isolation, "run", None)
    client.force_login(moderator)
    assert ask(client, submission, "a.lua").status_code == 422
    assert ask(client, submission, "none.png").status_code == 404


@pytest.mark.parametrize("role", ["", "player", "modder", "author", "staff author"])
def test_only_reviewers_get_it(role: str, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    submission = pictured(encoded("PNG"))
    monkeypatch.setattr(pictures.isolation, "run", None)
    if role == "staff author":
        submission.author.role = "moderator"
        submission.author.save()
    if role:
        client.force_login(submission.author if "author" in role else factories.make_user(role))
    assert ask(client, submission).status_code == (403 if role else 302)


@pytest.mark.parametrize(
    ("answer", "written"),
    [
        ({"ok": True}, b"<html>"),
        ({"ok": True}, b""),
        ({"ok": "yes"}, b"\x89PNG\r\n\x1a\n"),
        ({}, b"\x89PNG\r\n\x1a\n"),
    ],
)
def test_what_the_child_says_is_not_believed(
    answer: dict[str, Any], written: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lying(_: str, __: Any, ___: Any, *, sink: Any, **____: Any) -> dict[str, Any]:
        sink.write(written)
        sink.flush()
        return answer

    submission = pictured(encoded("PNG"))
    assert submission.current is not None
    monkeypatch.setattr(pictures.isolation, "run", lying)
    with pytest.raises(RefusedError) as refused:
        pictures.picture(submission.current, "a.png")
    assert refused.value.code == "image_not_shown"
    monkeypatch.setattr(pictures, "LIMIT", 3)
    with pytest.raises(RefusedError):
        pictures.picture(submission.current, "a.png")


def test_bytes_that_are_gone_are_said_to_be(client: Client, moderator: User) -> None:
    submission = pictured(encoded("PNG"))
    assert submission.current is not None
    factories.storages["staging"].delete(submission.current.staging_name)
    client.force_login(moderator)
    assert ask(client, submission).status_code == 410
