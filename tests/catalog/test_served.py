"""The published tree under our own web server: whole, in part, unchanged, gone, and nothing else."""

import hashlib
from typing import Any

import pytest
from django.test import Client

from catalog.publisher.tree import PublicTree

ZIP = "downloads/mods/example.mod/1.0.0/example.mod-v1.0.0.zip"
BODY = bytes(range(256)) * 4
ETAG = f'"{hashlib.sha256(BODY).hexdigest()}"'
STONE = (
    b'{"code":"taken_back","detail":"example.mod 1.0.0 was taken back.","hint":"Remove it.","level":"hard",'
    b'"modId":"example.mod","reason":"It deletes <saves>.","status":410,"version":"1.0.0"}'
)


@pytest.fixture
def tree(settings: Any) -> PublicTree:
    import io

    tree = PublicTree(settings.PUBLIC_ROOT)
    tree.place(ZIP, tree.keep(io.BytesIO(BODY))[0])
    tree.point("api/v1/catalog.json", tree.store(b'{"mods":[]}'))
    return tree


def get(client: Client, path: str = ZIP, **headers: str) -> Any:
    return client.get(f"/{path}", headers={name.replace("_", "-"): value for name, value in headers.items()})


def body(response: Any) -> bytes:
    whole: bytes = response.getvalue()
    return whole


def test_an_artifact_is_a_download_that_may_be_kept_for_a_year(client: Client, tree: PublicTree) -> None:
    response = get(client)
    assert (response.status_code, body(response)) == (200, BODY)
    assert response["Content-Type"] == "application/zip"
    assert response["Content-Disposition"] == 'attachment; filename="example.mod-v1.0.0.zip"'
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response["Access-Control-Allow-Origin"] == "*"
    assert response["Accept-Ranges"] == "bytes"
    assert (response["ETag"], response["Content-Length"]) == (ETAG, "1024")
    assert "Set-Cookie" not in response and "Vary" not in response


def test_a_document_is_kept_for_a_second_only(client: Client, tree: PublicTree) -> None:
    response = get(client, "api/v1/catalog.json")
    assert (response.status_code, body(response)) == (200, b'{"mods":[]}')
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "public, max-age=1, must-revalidate"
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "Content-Disposition" not in response


@pytest.mark.parametrize(
    ("asked", "said", "part"),
    [
        ("bytes=0-9", "bytes 0-9/1024", BODY[:10]),
        ("bytes=1000-", "bytes 1000-1023/1024", BODY[1000:]),
        ("bytes=-4", "bytes 1020-1023/1024", BODY[-4:]),
    ],
)
def test_one_range_is_served(client: Client, tree: PublicTree, asked: str, said: str, part: bytes) -> None:
    response = get(client, range=asked)
    assert (response.status_code, body(response)) == (206, part)
    assert (response["Content-Range"], response["Content-Length"]) == (said, str(len(part)))
    assert response["ETag"] == ETAG


def test_several_ranges_get_the_whole(client: Client, tree: PublicTree) -> None:
    response = get(client, range="bytes=0-1,4-5")
    assert (response.status_code, body(response)) == (200, BODY)


def test_a_range_behind_the_end_can_not_be_had(client: Client, tree: PublicTree) -> None:
    response = get(client, range="bytes=1024-")
    assert (response.status_code, response["Content-Range"], body(response)) == (416, "bytes */1024", b"")


@pytest.mark.parametrize(
    ("condition", "status"), [(ETAG, 206), ('"other"', 200), ("Fri, 20 Nov 2026 00:00:00 GMT", 200)]
)
def test_a_range_is_resumed_of_the_same_bytes_only(
    client: Client, tree: PublicTree, condition: str, status: int
) -> None:
    assert get(client, range="bytes=0-9", if_range=condition).status_code == status


def test_what_has_not_changed_is_not_sent_again(client: Client, tree: PublicTree) -> None:
    response = get(client, if_none_match=ETAG)
    assert (response.status_code, body(response)) == (304, b"")
    assert (response["ETag"], "Content-Type" in response) == (ETAG, False)
    assert get(client, if_none_match='"other"').status_code == 200


def test_a_changed_document_has_another_tag(client: Client, tree: PublicTree) -> None:
    first = get(client, "api/v1/catalog.json")["ETag"]
    tree.point("api/v1/catalog.json", tree.store(b'{"mods":{}}'))
    assert get(client, "api/v1/catalog.json", if_none_match=first).status_code == 200


def test_head_says_the_same_without_the_body(client: Client, tree: PublicTree) -> None:
    response = client.head(f"/{ZIP}")
    assert (response.status_code, response.content, response["Content-Length"]) == (200, b"", "1024")
    assert response["ETag"] == ETAG
    part = client.head(f"/{ZIP}", headers={"range": "bytes=0-9"})
    assert (part.status_code, part["Content-Length"]) == (206, "10")


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_files_can_only_be_read(client: Client, tree: PublicTree, method: str) -> None:
    response = getattr(client, method)(f"/{ZIP}")
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")
    assert response.json()["code"] == "method_not_allowed"


def test_what_was_taken_back_says_why_to_programs(client: Client, tree: PublicTree) -> None:
    tree.bury(ZIP, STONE)
    tree.withdraw(ZIP)
    for accept in ("*/*", "application/json", "application/zip"):
        response = get(client, accept=accept)
        assert response.status_code == 410
        assert response["Content-Type"] == "application/problem+json"
        assert (response.json()["code"], response.json()["level"]) == ("taken_back", "hard")
    assert get(client).status_code == 410


def test_what_was_taken_back_says_why_to_people(client: Client, tree: PublicTree) -> None:
    tree.bury(ZIP, STONE)
    tree.withdraw(ZIP)
    response = get(client, accept="text/html,application/xhtml+xml,*/*;q=0.8")
    assert response.status_code == 410 and response["Content-Type"].startswith("text/html")
    assert "It deletes &lt;saves&gt;." in response.content.decode()


def test_an_unknown_document_is_a_problem_document(client: Client, tree: PublicTree) -> None:
    response = get(client, "api/v1/nothing.json")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert "Access-Control-Allow-Origin" not in response


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [
        "downloads/none.zip",
        "downloads/../documents/x",
        "downloads/.private/artifacts/x",
        "downloads/mods",
        "downloads/%2e%2e/.private/x",
        "documents/x.json",
        ".private/artifacts/x",
        "tombstones/x.json",
    ],
)
def test_nothing_else_of_the_tree_is_served(client: Client, tree: PublicTree, path: str) -> None:
    assert get(client, path).status_code == 404


def test_it_asks_no_database(client: Client, tree: PublicTree) -> None:
    # No `django_db` here: a query would raise. The page for people is rendered from the tombstone alone, too.
    tree.bury(ZIP, STONE)
    tree.withdraw(ZIP)
    assert get(client, "api/v1/catalog.json").status_code == 200
    assert get(client, accept="text/html").status_code == 410
