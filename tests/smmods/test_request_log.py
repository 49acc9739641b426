"""Request ids, and what a log line holds."""

import io
import json
import logging
import logging.config
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from smmods.request_log import RequestLogMiddleware, logging_settings


def answer_with(status: int) -> Any:
    return RequestLogMiddleware(lambda _: HttpResponse(status=status))


@pytest.mark.django_db
def test_every_answer_carries_an_id(client: Client) -> None:
    first, second = client.get("/healthz"), client.get("/nowhere")
    assert len(first["X-Request-ID"]) == 32
    assert second["X-Request-ID"] != first["X-Request-ID"]


def test_an_id_from_outside_counts_only_behind_a_proxy(settings: Any, rf: RequestFactory) -> None:
    request = rf.get("/", headers={"X-Request-ID": "from-the-proxy-1"})
    assert answer_with(200)(request)["X-Request-ID"] != "from-the-proxy-1"
    settings.SMMODS_TRUSTED_PROXIES = 1
    assert answer_with(200)(request)["X-Request-ID"] == "from-the-proxy-1"
    assert request.META["smmods.request_id"] == "from-the-proxy-1"


@pytest.mark.parametrize("forged", ["short", "with space here", "x" * 65, "line\\nbreak-1234"])
def test_an_id_that_is_not_plain_is_replaced(settings: Any, rf: RequestFactory, forged: str) -> None:
    settings.SMMODS_TRUSTED_PROXIES = 1
    assert answer_with(200)(rf.get("/", headers={"X-Request-ID": forged}))["X-Request-ID"] != forged


@pytest.mark.parametrize(
    ("method", "status", "level"),
    [
        ("get", 200, None),
        ("get", 304, None),
        ("post", 200, "INFO"),
        ("get", 404, "INFO"),
        ("post", 503, "ERROR"),
    ],
)
def test_what_gets_a_line(
    rf: RequestFactory, caplog: pytest.LogCaptureFixture, method: str, status: int, level: str | None
) -> None:
    with caplog.at_level(logging.INFO, "smmods.request"):
        answer_with(status)(
            getattr(rf, method)("/somewhere?code=SECRET", headers={"Authorization": "Bearer KEY"})
        )
    assert [record.levelname for record in caplog.records] == ([level] if level else [])
    for record in caplog.records:
        assert "SECRET" not in str(vars(record))
        assert "KEY" not in str(vars(record))


def test_a_slow_read_gets_a_line(
    rf: RequestFactory, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smmods.request_log.SLOW_SECONDS", 0.0)
    with caplog.at_level(logging.INFO, "smmods.request"):
        answer_with(200)(rf.get("/"))
    assert len(caplog.records) == 1


@pytest.mark.parametrize("readable", [True, False])
def test_a_line_is_flat_and_holds_its_extras(readable: bool) -> None:
    lines = io.StringIO()
    config = logging_settings("INFO", readable=readable)
    config["handlers"]["stderr"]["stream"] = lines
    before = logging.root.handlers[:], logging.root.level
    logging.config.dictConfig(config)
    try:
        logging.getLogger("smmods.try").warning("hello", extra={"row": 7, "request": object()})
    finally:
        logging.root.handlers[:], logging.root.level = before
    if readable:
        assert "hello" in lines.getvalue()
        assert "row=7" in lines.getvalue()
        return
    line = json.loads(lines.getvalue())
    assert (line["event"], line["level"], line["logger"], line["row"]) == (
        "hello",
        "warning",
        "smmods.try",
        7,
    )
    assert "request" not in line
    assert line["timestamp"].endswith("Z")
