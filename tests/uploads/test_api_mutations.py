"""The API's door and mutated sidecars: an answer with a code and a hint each time, never a 500."""

from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.strict_json import CODES
from tests import factories
from tests.accounts.json_rows import REFUSED
from tests.catalog.document_rows import BOUNDS, SIDECAR
from tests.fuzzing import examples
from tests.packages import Json, encoded
from tests.uploads.sending import MOD
from uploads import checks
from uploads.isolation.inspection import Inspection
from uploads.package import read_package

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _live(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SMMODS_LIVE_UPLOADS = True
    factories.services_live()

    def inspect(open_package: Any, size: int, **named: Any) -> Inspection:
        with open_package() as package:
            return Inspection(read_package(package, size, named["profile"]), (), {}, (), {}, "nothing")

    # What is asked here is the door; a child process for each of hundreds of answers would only be slow.
    monkeypatch.setattr(checks, "inspect", inspect)


@pytest.fixture
def modder() -> Client:
    client = Client(raise_request_exception=True)
    client.force_login(factories.make_user("modder"))
    return client


def sidecar(pointer: str, value: Any) -> Json:
    """A good sidecar with another value in one place, where there is such a place."""
    document = factories.sidecar(MOD, "1.0.0") | {"links": {}, "package": {}, "categories": []}
    *above, last = pointer.split("/")[1:]
    place: Any = document
    for step in above:
        place = place[step] if isinstance(place, dict) else place
    if isinstance(place, dict):
        place[last] = value
    else:
        place.append(value)
    return document


def ask(client: Client, path: str, raw: bytes) -> Json:
    """The answer to a package with this sidecar: taken, or refused by a code, with a hint."""
    cache.clear()
    answer = client.post(
        path,
        {
            "package": SimpleUploadedFile("mod.zip", factories.good_package(MOD, "1.0.0"), "application/zip"),
            "sidecar": SimpleUploadedFile("mod.release.json", raw, "application/json"),
        },
    )
    assert answer.status_code in (200, 202, 400, 403, 409, 413, 422), (answer.status_code, answer.content)
    document: Json = answer.json()
    if answer.status_code >= 400:
        assert document["code"]
        assert document["hint"]
    return document


WRONG = {(pointer, code): bad for schema_id, pointer, _, bad, code in BOUNDS if schema_id == SIDECAR}


def test_each_wrong_value_is_told_with_its_place(modder: Client):
    for (pointer, code), value in WRONG.items():
        document = sidecar(pointer, value)
        raw = encoded(document)
        refused = ask(modder, "/api/v1/uploads", raw)
        assert refused["code"] == "sidecar_invalid", (pointer, value)
        told = {(error["code"], error["pointer"]) for error in refused["errors"]}
        assert any(found == code and pointer.startswith(place) for found, place in told), (pointer, told)
        assert all(error["message"] and error["hint"] for error in refused["errors"])


def test_a_rehearsal_tells_the_same_in_its_report(modder: Client):
    for (pointer, code), value in list(WRONG.items())[::4]:
        report = ask(modder, "/api/v1/validate", encoded(sidecar(pointer, value)))
        check = next(check for check in report["checks"] if check["id"] == "sidecar_schema")
        assert check["status"] == "failed"
        assert code in {problem["code"] for problem in check["problems"]}
        assert report["accepted"] is False


@pytest.mark.parametrize("path", ["/api/v1/uploads", "/api/v1/validate"])
def test_json_that_is_refused_is_told_by_its_code(modder: Client, path: str):
    for code, bad, _ in REFUSED:
        if bad == b"":
            continue  # An empty part is no sidecar at all.
        document = ask(modder, path, bad)
        if path.endswith("uploads"):
            assert document["code"] == code
        else:
            check = next(check for check in document["checks"] if check["id"] == "sidecar_schema")
            assert code in {problem["code"] for problem in check["problems"]}


VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=30)
    | st.lists(st.text(max_size=3), max_size=3)
)


@examples(25)
@given(
    st.dictionaries(
        st.sampled_from([*factories.sidecar(MOD, "1.0.0"), "links", "package", "x"]),
        VALUES,
        min_size=1,
        max_size=3,
    ),
    st.sampled_from(["/api/v1/uploads", "/api/v1/validate"]),
)
def test_any_sidecar_is_an_answer(changes: Json, path: str):
    client = Client(raise_request_exception=True)
    client.force_login(factories.make_user("modder"))
    document = ask(client, path, encoded(factories.sidecar(MOD, "1.0.0") | changes))
    assert document


@examples(25)
@given(st.binary(min_size=1, max_size=60) | st.sampled_from([row[1] for row in REFUSED]))
def test_any_bytes_are_an_answer(raw: bytes):
    client = Client(raise_request_exception=True)
    client.force_login(factories.make_user("modder"))
    document = ask(client, "/api/v1/uploads", raw)
    assert document["code"] in {*CODES, "sidecar_invalid"}
