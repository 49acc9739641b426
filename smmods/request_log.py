"""Log lines that belong together: a request id in each, and one line for what matters.

Rules
- Every answer carries `X-Request-ID`; an id that comes from outside is kept only from a proxy of ours and
  only in a plain form, so nobody writes into the log through it.
- Writes, refusals and slow reads get a line; a read that succeeds is the web server's to log.
- A line holds method, path and status: never a query string, a header or a body, since keys, codes and
  addresses travel in those.
"""

import logging
import re
import time
import uuid
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

log = logging.getLogger("smmods.request")

PLAIN = re.compile(r"^[A-Za-z0-9-]{8,64}$")
SLOW_SECONDS = 1.0
READS = frozenset({"GET", "HEAD", "OPTIONS"})
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def _extras(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add the plain values that `extra=` gave to a record of the standard library's logging.

    Objects are left out: a request, for one, shows its query string.
    """
    record = event.get("_record")
    if record is not None:
        for name, value in vars(record).items():
            if name not in STANDARD and not name.startswith("_") and isinstance(value, str | int | float):
                event.setdefault(name, value)
    return event


def flatten() -> list[Any]:
    """The processors that turn a record into one flat line: id, level, logger, UTC time, extras, traceback."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _extras,
        structlog.processors.format_exc_info,
    ]


def logging_settings(level: str, *, readable: bool) -> dict[str, Any]:
    """Django's LOGGING: everything to standard error, a readable line each, or a JSON object each."""
    render = structlog.dev.ConsoleRenderer(colors=False) if readable else structlog.processors.JSONRenderer()
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": flatten(),
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
    }
    quiet = ("kombu", "celery.beat", "celery.worker.strategy", "celery.worker.consumer", "celery.app.trace")
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {name: {"level": "WARNING"} for name in quiet} | {"django.request": {"level": "ERROR"}},
    }


class RequestLogMiddleware:
    """Gives each request an id and logs the ones that matter."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Bind the id, answer, log. Error pages find the id in `request.META["smmods.request_id"]`."""
        given = request.headers.get("X-Request-ID", "") if settings.SMMODS_TRUSTED_PROXIES else ""
        request_id = given if PLAIN.match(given) else uuid.uuid4().hex
        request.META["smmods.request_id"] = request_id
        structlog.contextvars.bind_contextvars(request_id=request_id)
        began = time.perf_counter()
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = request_id
            self._note(request, response.status_code, time.perf_counter() - began)
        finally:
            structlog.contextvars.unbind_contextvars("request_id")
        return response

    @staticmethod
    def _note(request: HttpRequest, status: int, seconds: float) -> None:
        if request.method in READS and status < 400 and seconds < SLOW_SECONDS:
            return
        level = logging.ERROR if status >= 500 else logging.INFO
        facts = {
            "method": request.method,
            "path": request.path,
            "status": status,
            "ms": round(seconds * 1000),
        }
        log.log(level, "request", extra=facts)
