"""The limits: counted by what they say, by an address that nobody can forge."""

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import URLResolver

from accounts import limits, services
from accounts.errors import RefusedError
from accounts.models import User
from tests.accounts.people import mails_sent, sign_in
from tests.factories import make_user


@pytest.fixture(autouse=True)
def still_clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands, so that no window ends in the middle of a test."""
    now = [1_800_000_000.0]
    monkeypatch.setattr("django_ratelimit.core.time.time", lambda: now[0])
    return now


def refused(name: str, key: str) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        limits.hit(name, key)
    return caught.value


def test_the_table_is_the_published_one() -> None:
    assert {(one.name, one.count, one.period, one.by) for one in limits.TABLE.values()} == {
        ("upload", 60, 3600, "account"),
        ("rehearsal", 30, 3600, "address"),
        ("sign_in", 30, 60, "address"),
        ("mail", 5, 3600, "mail"),
        ("write", 120, 60, "account"),
        ("key_read", 600, 60, "key"),
        ("anonymous_read", 100, 60, "address"),
        ("report", 10, 3600, "address"),
    }


@pytest.mark.parametrize("name", list(limits.TABLE))
def test_each_limit_lets_its_count_through_and_no_more(name: str, still_clock: list[float]) -> None:
    rule = limits.TABLE[name]
    for _ in range(rule.count):
        limits.hit(name, "me")
    refusal = refused(name, "me")
    assert (refusal.code, refusal.status) == ("rate_limit_exceeded", 429)
    assert 0 < (refusal.retry_after or 0) <= rule.period
    limits.hit(name, "somebody else")
    still_clock[0] += (refusal.retry_after or 0) + 1
    cache.clear()
    limits.hit(name, "me")


def test_a_setting_changes_a_count(settings: Any) -> None:
    settings.SMMODS_LIMITS = {"mail": 1}
    limits.hit("mail", "me")
    assert refused("mail", "me").status == 429
    with pytest.raises(KeyError):
        limits.limit("unknown")


def test_a_cache_that_does_not_answer_counts_as_a_limit_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.core.cache.backends.locmem.LocMemCache.add", lambda *_, **__: False)
    assert refused("write", "me").status == 429


def address(proxies: int, settings: Any, forwarded: str | None = None, remote: str = "10.0.0.1") -> str:
    settings.SMMODS_TRUSTED_PROXIES = proxies
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return limits.client_address(RequestFactory().get("/", REMOTE_ADDR=remote, **headers))


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "1.2.3.4", "10.0.0.1"),
        (0, None, "10.0.0.1"),
        (1, "1.2.3.4", "1.2.3.4"),
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (1, "6.6.6.6,7.7.7.7,1.2.3.4", "1.2.3.4"),
        (2, "6.6.6.6, 1.2.3.4, 10.0.0.9", "1.2.3.4"),
        (2, "1.2.3.4", "10.0.0.1"),
        (1, None, "10.0.0.1"),
        (1, "not an address", "10.0.0.1"),
        (1, "2001:db8::1", "2001:db8::1"),
    ],
)
def test_the_clients_address_is_what_our_outermost_proxy_saw(
    settings: Any, proxies: int, forwarded: str | None, expected: str
) -> None:
    assert address(proxies, settings, forwarded) == expected


def test_no_address_at_all_is_one_address(settings: Any) -> None:
    assert address(0, settings, remote="") == ""
    for _ in range(30):
        limits.hit("sign_in", "")
    assert refused("sign_in", "").status == 429


def test_ipv6_counts_by_its_network(settings: Any) -> None:
    settings.SMMODS_TRUSTED_PROXIES = 0
    keys = {
        limits.address_key(RequestFactory().get("/", REMOTE_ADDR=remote))
        for remote in ("2001:db8:0:1::1", "2001:db8:0:1:ffff::9", "fe80::1%eth0")
    }
    assert keys == {"2001:db8:0:1::", "fe80::"}


@pytest.mark.django_db
def test_a_forged_header_resets_nothing(client: Client) -> None:
    for number in range(30):
        client.post(
            "/account/login/password/", {"login": "a@b.example"}, HTTP_X_FORWARDED_FOR=f"1.1.1.{number}"
        )
    answer = client.post("/account/login/password/", {"login": "a@b.example"}, HTTP_X_FORWARDED_FOR="9.9.9.9")
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert "rate_limit_exceeded" in answer.content.decode()
    # Reading goes on, and behind a proxy of ours another client is another address.
    assert client.get("/account/login/").status_code == 200


@pytest.mark.django_db
def test_behind_a_proxy_each_client_counts_alone(client: Client, settings: Any) -> None:
    settings.SMMODS_TRUSTED_PROXIES = 1
    settings.SMMODS_LIMITS = {"sign_in": 2}

    def post(forwarded: str) -> int:
        fields = {"login": "a@b.example"}
        return client.post("/account/login/password/", fields, HTTP_X_FORWARDED_FOR=forwarded).status_code

    assert [post("1.1.1.1"), post("6.6.6.6, 1.1.1.1"), post("7.7.7.7, 1.1.1.1")] == [200, 200, 429]
    assert post("2.2.2.2") == 200


@pytest.mark.django_db
def test_mails_are_limited_per_address_for_known_and_unknown_alike(settings: Any) -> None:
    services.register("known@example.com", verified=True)
    statuses = {}
    for email in ("known@example.com", "other@example.com"):
        statuses[email] = [Client().post("/account/login/", {"email": email}).status_code for _ in range(6)]
    assert statuses["known@example.com"] == statuses["other@example.com"] == [302] * 5 + [429]
    assert len(mails_sent()) == 10
    # The sixth, for another purpose, is over the limit too, and no account comes of it.
    assert Client().post("/account/signup/", {"email": "other@example.com"}).status_code == 429
    assert not User.objects.filter(email="other@example.com").exists()


@limits.limited("write")
def view(request: HttpRequest) -> HttpResponse:
    return HttpResponse("done")


@limits.limited("anonymous_read")
def read(request: HttpRequest) -> HttpResponse:
    return HttpResponse("read")


def called(function: Any, method: str, user: Any, **more: Any) -> Any:
    request = RequestFactory().generic(method, "/")
    request.user = user
    for name, value in more.items():
        setattr(request, name, value)
    return function(request)


@pytest.mark.django_db
def test_the_decorator_counts_writes_by_account_and_reads_not_at_all(settings: Any) -> None:
    from django.contrib.auth.models import AnonymousUser

    settings.SMMODS_LIMITS = {"write": 1, "anonymous_read": 1}
    ada, eve = make_user(), make_user()
    for _ in range(5):
        called(view, "GET", ada)
    called(view, "POST", ada)
    called(view, "POST", eve)
    with pytest.raises(RefusedError):
        called(view, "POST", ada)
    # By key: the account is on request.auth, and it is the same account.
    with pytest.raises(RefusedError):
        called(view, "PUT", AnonymousUser(), auth=ada)
    # Reading is limited for those without session or key alone.
    for _ in range(3):
        called(read, "GET", ada)
        called(read, "GET", AnonymousUser(), auth=ada)
    called(read, "GET", AnonymousUser())
    with pytest.raises(RefusedError):
        called(read, "GET", AnonymousUser())


@pytest.mark.parametrize("name", ["mail", "key_read"])
def test_what_a_request_does_not_tell_can_not_be_decorated(name: str) -> None:
    with pytest.raises(ValueError, match="call hit"):
        limits.limited(name)


def writing_routes(patterns: Any, prefix: str = "/account/") -> list[str]:
    """The address of every page of this room, with something in place of what varies."""
    found: list[str] = []
    for pattern in patterns:
        route = re.sub(r"<[^>]+>", "1", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            found += writing_routes(pattern.url_patterns, prefix + route)
        else:
            found.append(prefix + route)
    return found


@pytest.mark.django_db
def test_every_page_that_takes_a_form_is_limited(client: Client, settings: Any) -> None:
    from accounts.urls import urlpatterns

    services.register("ada@example.com", verified=True)
    sign_in(client, "ada@example.com")
    settings.SMMODS_LIMITS = {"sign_in": 0, "write": 0}
    statuses = {path: client.post(path).status_code for path in writing_routes(urlpatterns)}
    assert len(statuses) > 30
    unlimited = {path: status for path, status in statuses.items() if status not in (429, 405)}
    assert unlimited == {}
    assert [path for path, status in statuses.items() if status == 405] == ["/account/", "/account/roles/"]
