"""Is the public tree what the database says? Looks at every document, artifact and tombstone; changes nothing."""

from collections.abc import Iterator

from catalog import documents
from catalog.models import Publication, PublishedDocument, Release
from catalog.publisher import public_tree


def differences() -> list[str]:
    """What does not agree, a sentence each; empty where all does. Sizes of artifacts are compared, not hashes."""
    return list(_differences())


def _differences() -> Iterator[str]:
    tree = public_tree()
    if not Publication.objects.exists():
        yield "Nothing has been published yet."
    for publication in Publication.objects.exclude(outcome=Publication.Outcome.DONE):
        yield f"Revision {publication.revision} was begun and not finished."
    for row in PublishedDocument.objects.order_by("path").iterator():
        body = tree.read(row.path)
        if body is None:
            yield f"/{row.path} is missing."
        elif documents.hash_of(body) != row.sha256:
            yield f"/{row.path} is not what was published."
    for release in Release.objects.select_related("mod").order_by("pk").iterator():
        path, size = release.artifact_path, tree.size_of(release.artifact_path)
        if release.taken_back_at is None and size != release.size_bytes:
            yield f"/{path} is missing." if size is None else f"/{path} has {size:,} bytes."
        elif release.taken_back_at is not None and (size is not None or tree.tombstone(path) is None):
            yield f"/{path} was taken back and does not answer so."
