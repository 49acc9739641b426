"""The API keeps its own description: whatever is sent, by whom, no answer is a failure of the server.

Requests are made up from `/api/v1/openapi.json` and sent to the real application, with each role's session.
"""

from collections.abc import Iterator

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from smmods.wsgi import application
from tests import factories

SESSION = "sessionid"


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """The application answers within the test's transaction, so it may not close the connection."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def description() -> schemathesis.schemas.BaseSchema:
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["anonymous", "player", "modder", "moderator", "admin"])
def test_whatever_is_sent_nothing_fails(role: str) -> None:
    headers = {}
    if role != "anonymous":
        client = Client()
        client.force_login(factories.make_user(role))
        headers["Cookie"] = f"{SESSION}={client.cookies[SESSION].value}"
    operations = [result.ok() for result in description().get_all_operations()]
    assert len(operations) > 10

    @settings(
        max_examples=150,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def try_one(data: st.DataObject) -> None:
        operation = data.draw(st.sampled_from(operations))
        case = data.draw(operation.as_strategy())
        answer = case.call(headers=headers)
        assert answer.status_code < 500 or answer.status_code == 503, (case.method, case.path, answer.text)
        if answer.status_code >= 400:
            assert answer.headers["content-type"][0].startswith("application/problem+json")

    try_one()
