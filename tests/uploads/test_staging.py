"""Private staging: written once, hashed while it is written, nothing kept of what was refused."""

import hashlib
import io
import itertools
import logging
import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, storages

from accounts.errors import RefusedError
from tests import factories
from uploads import staging

pytestmark = pytest.mark.django_db
NAME = "uploads/staging/sub_1/a.b-v1.0.0.zip"


def test_names_follow_the_contract() -> None:
    assert staging.file_name("example.hello-lua", "0.1.3") == "example.hello-lua-v0.1.3.zip"
    assert staging.staging_name("sub_1", "a.b-v1.0.0.zip") == NAME
    assert staging.staging_name("sub_1", "a.b-v1.0.0.zip", 2) == "uploads/staging/sub_1/r2-a.b-v1.0.0.zip"


def test_bytes_are_hashed_and_counted_while_they_arrive() -> None:
    staged = staging.put(NAME, [b"one", b"", b"two"], limit=6)
    assert staged == staging.Staged(NAME, hashlib.sha256(b"onetwo").hexdigest(), 6)
    with staging.read(NAME) as source:
        assert list(staging.pieces(source)) == [b"onetwo"]


def test_a_name_is_written_once() -> None:
    staging.put(NAME, [b"first"], limit=10)
    with pytest.raises(RefusedError) as refused:
        staging.put(NAME, [b"second"], limit=10)
    assert (refused.value.code, refused.value.status) == ("already_staged", 409)
    with staging.read(NAME) as source:
        assert source.read() == b"first"


def test_somebody_first_between_look_and_write_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    staging.put(NAME, [b"first"], limit=10)
    asked = itertools.chain([False, False], itertools.repeat(None))
    real = FileSystemStorage.exists

    def exists(store: FileSystemStorage, name: str) -> bool:
        early = next(asked)
        return real(store, name) if early is None else early

    monkeypatch.setattr(FileSystemStorage, "exists", exists)
    with pytest.raises(RefusedError) as refused:
        staging.put(NAME, [b"second"], limit=10)
    assert refused.value.code == "already_staged"
    assert storages["staging"].listdir("uploads/staging/sub_1") == ([], ["a.b-v1.0.0.zip"])


def test_reading_stops_at_the_first_byte_over_the_limit() -> None:
    given = []

    def source() -> Iterator[bytes]:
        for piece in (b"four", b"more", b"never read"):
            given.append(piece)
            yield piece

    with pytest.raises(RefusedError) as refused:
        staging.put(NAME, source(), limit=7)
    assert (refused.value.code, refused.value.status) == ("package_too_large", 413)
    assert refused.value.extra == {"maxPackageBytes": 7}
    assert given == [b"four", b"more"]
    assert not staging.store().exists(NAME)


def test_an_empty_package_is_refused_and_not_kept() -> None:
    with pytest.raises(RefusedError) as refused:
        staging.put(NAME, [], limit=7)
    assert refused.value.code == "package_empty"
    assert not staging.store().exists(NAME)


def test_a_source_that_breaks_leaves_nothing() -> None:
    def source() -> Iterator[bytes]:
        yield b"some"
        raise ConnectionError("gone")

    with pytest.raises(RefusedError) as refused:
        staging.put(NAME, source(), limit=100)
    assert (refused.value.code, refused.value.status) == ("staging_unavailable", 503)
    assert not staging.store().exists(NAME)


def age(name: str, seconds: float) -> None:
    """Let the bytes under a name be that old."""
    then = time.time() - seconds
    os.utime(storages["staging"].path(name), (then, then))


def test_what_a_killed_request_left_gives_way_after_a_while() -> None:
    staging.put(NAME, [b"half"], limit=10)
    age(NAME, staging.ABANDONED - 60)
    with pytest.raises(RefusedError):
        staging.put(NAME, [b"whole"], limit=10)
    age(NAME, staging.ABANDONED + 60)
    assert staging.put(NAME, [b"whole"], limit=10).size_bytes == 5


def test_the_bytes_of_a_revision_never_give_way() -> None:
    revision = factories.make_submission(data=b"bytes").current
    assert revision is not None
    age(revision.staging_name, 10 * staging.ABANDONED)
    with pytest.raises(RefusedError) as refused:
        staging.put(revision.staging_name, [b"other"], limit=10)
    assert refused.value.code == "already_staged"


class ReadingStorage(FileSystemStorage):
    """A store that reads its content in sizes of its own choice, as object stores do."""

    def save(self, name: str | None, content: Any, max_length: int | None = None) -> str:
        parts = [content.read(4), content.read(3), content.read(), content.read()]
        return super().save(name, ContentFile(b"".join(parts)), max_length)


def test_a_store_may_read_instead_of_iterating(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "store", lambda: ReadingStorage(location=storages["staging"].path("")))
    staged = staging.put(NAME, [b"ab", b"cdefg", b"hij"], limit=100)
    assert staged.sha256 == hashlib.sha256(b"abcdefghij").hexdigest()
    with staging.read(NAME) as source:
        assert source.read() == b"abcdefghij"


def test_a_draft_gets_its_name_with_the_same_bytes() -> None:
    draft = staging.put("uploads/staging/sub_1/draft.zip", [b"bytes"], limit=10)
    moved = staging.rename(draft, NAME)
    assert (moved.name, moved.sha256, moved.size_bytes) == (NAME, draft.sha256, 5)


def test_a_draft_whose_bytes_changed_gets_no_name() -> None:
    draft = staging.put("uploads/staging/sub_1/draft.zip", [b"bytes"], limit=10)
    staging.discard(draft.name)
    storages["staging"].save(draft.name, io.BytesIO(b"other"))
    with pytest.raises(RefusedError) as refused:
        staging.rename(draft, NAME)
    assert refused.value.code == "staged_bytes_changed"
    assert not staging.store().exists(NAME)


def test_what_cannot_be_discarded_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(self: FileSystemStorage, name: str) -> None:
        raise OSError("read-only")

    monkeypatch.setattr(FileSystemStorage, "delete", refuse)
    with caplog.at_level(logging.ERROR):
        staging.discard(NAME)
    assert "could not be discarded" in caplog.text


def test_a_revisions_bytes_open() -> None:
    submission = factories.make_submission(data=b"bytes")
    assert submission.current is not None
    with staging.open_staged(submission.current) as source:
        assert source.read() == b"bytes"
