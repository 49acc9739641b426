"""What the public pages may claim, by the table of page × services."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from catalog import copy, service_status
from catalog.models import ServiceStatus
from tests import factories

pytestmark = pytest.mark.django_db

NEEDS = [(page.path, service) for page in copy.PAGES.values() for service in page.services]


@pytest.fixture(autouse=True)
def uploads_on(settings: Any) -> None:
    settings.SMMODS_LIVE_UPLOADS = True


@pytest.mark.parametrize("path", sorted(copy.PAGES))
def test_a_page_claims_nothing_before_its_services_were_seen(path: str) -> None:
    assert not copy.claim(path).live
    factories.services_live()
    assert copy.claim(path).live
    assert copy.claim(path).sentence == ""


@pytest.mark.parametrize(("path", "service"), NEEDS)
def test_each_service_in_the_table_counts(path: str, service: str) -> None:
    factories.services_live(service)
    claim = copy.claim(path)
    assert [gap.service for gap in claim.missing] == [service]
    assert copy.SERVICES[service] in claim.sentence
    assert claim.page.meanwhile in claim.sentence


def test_what_was_seen_too_long_ago_is_not_claimed() -> None:
    factories.services_live()
    ServiceStatus.objects.update(
        checked_at=timezone.now() - timedelta(seconds=service_status.STALE_AFTER + 5)
    )
    assert not copy.claim("/account/").live


def test_uploads_need_the_operators_switch_too(settings: Any) -> None:
    factories.services_live()
    settings.SMMODS_LIVE_UPLOADS = False
    claim = copy.claim("/upload/")
    assert [gap.service for gap in claim.missing] == ["SMMODS_LIVE_UPLOADS"]
    assert "the operator has not switched them on" in claim.sentence
    assert copy.claim("/account/").live


def test_several_gaps_are_named_in_one_sentence() -> None:
    factories.services_live("validation_worker", "catalog_publisher")
    assert "Not live just now: package checks, publication of releases." in copy.claim("/upload/").sentence


def test_a_page_that_is_not_in_the_table_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        copy.claim("/elsewhere/")


def test_the_status_list_has_the_contracts_services_in_its_order() -> None:
    factories.services_live("audit_log")
    lines = {line.service: line for line in copy.status_list()}
    assert list(lines) == list(service_status.SERVICES)
    assert (lines["auth_service"].status, lines["auth_service"].word) == ("passed", "Running")
    assert (lines["audit_log"].status, lines["audit_log"].missing) == ("failed", "not seen")
    assert (lines["public_smoke_runner"].status, lines["public_smoke_runner"].seen_at) == (
        "not_checked",
        None,
    )
