"""Every limit of the portal in one table, and the one way to count against it.

Rules
- A limit counts per account, per client address, per address of mail or per key; never per cookie.
- The client's address is the one that the outermost of our own proxies saw (`SMMODS_TRUSTED_PROXIES`):
  whatever a client writes into `X-Forwarded-For` itself is not believed. IPv6 counts by its /64.
- Over the limit the answer is 429 `rate_limit_exceeded` with `Retry-After`.
- A cache that does not answer counts as a limit reached, never as none.

Counting is django-ratelimit's: fixed windows in the shared cache, whose edges differ from key to key.
"""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, Literal, ParamSpec, TypeVar

from django.conf import settings
from django.http import HttpRequest
from django_ratelimit.core import get_usage

from accounts.errors import RefusedError

P = ParamSpec("P")
R = TypeVar("R")

MINUTE, HOUR = 60, 3600
IPV6_NETWORK = 64


@dataclass(frozen=True, slots=True)
class Limit:
    """`count` times in `period` seconds, counted by account, address, mail address or key."""

    name: str
    count: int
    period: int
    by: Literal["account", "address", "mail", "key"]


TABLE: dict[str, Limit] = {
    limit.name: limit
    for limit in (
        Limit("upload", 60, HOUR, "account"),
        Limit("rehearsal", 30, HOUR, "address"),
        Limit("sign_in", 30, MINUTE, "address"),
        Limit("mail", 5, HOUR, "mail"),
        Limit("report", 10, HOUR, "address"),
        Limit("write", 120, MINUTE, "account"),
        Limit("key_read", 600, MINUTE, "key"),
        Limit("anonymous_read", 100, MINUTE, "address"),
    )
}


def limit(name: str) -> Limit:
    """The limit called `name`, with the count that `SMMODS_LIMITS` gives it. Raises KeyError if unknown."""
    found = TABLE[name]
    changed: dict[str, int] = getattr(settings, "SMMODS_LIMITS", {})
    return replace(found, count=changed[name]) if name in changed else found


def hit(name: str, key: str) -> None:
    """Count one more of `name` for `key`.

    Raises RefusedError (429 `rate_limit_exceeded`) once the count is used up, and does so until the window
    ends; `retry_after` is in seconds.
    """
    rule = limit(name)
    usage = get_usage(
        None,
        group=f"smmods.{name}",
        key=lambda *_: key or "unknown",
        rate=(rule.count, rule.period),
        increment=True,
    )
    if usage is not None and usage["should_limit"]:
        raise _refusal(rule, max(int(usage["time_left"]), 1))


def _refusal(rule: Limit, wait: int) -> RefusedError:
    span = "hour" if rule.period == HOUR else "minute"
    return RefusedError(
        "rate_limit_exceeded",
        f"That was more than {rule.count} times in one {span}.",
        f"Wait {wait} seconds and try again.",
        status=429,
        retry_after=wait,
        extra={"limit": rule.name},
    )


def client_address(request: HttpRequest) -> str:
    """The address that the request came from, as far as it can be believed; empty where there is none.

    With n proxies of ours in front, each of which appends the address that it saw, this is the n-th entry of
    `X-Forwarded-For` from the right. A shorter or unreadable header counts as absent.
    """
    proxies = settings.SMMODS_TRUSTED_PROXIES
    if proxies > 0:
        hops: list[str] = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        if len(hops) >= proxies and _readable(hops[-proxies]):
            return hops[-proxies]
    direct: str = request.META.get("REMOTE_ADDR", "")
    return direct if _readable(direct) else ""


def _readable(address: str) -> bool:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return False
    return True


def address_key(request: HttpRequest) -> str:
    """What a limit by address counts: the client's IPv4 address, or the /64 of its IPv6 address."""
    address = client_address(request)
    if ":" not in address:
        return address
    return str(
        ipaddress.ip_network(f"{address.partition('%')[0]}/{IPV6_NETWORK}", strict=False).network_address
    )


def key_for(name: str, request: HttpRequest) -> str:
    """What `name` counts for this request: the account signed in, by session or key, or the client's address."""
    return _key(TABLE[name], request)


def _key(rule: Limit, request: HttpRequest) -> str:
    signed_in: Any = getattr(request, "auth", None) or getattr(request, "user", None)
    account_id = getattr(signed_in, "account_id", "")
    if rule.by == "account" and account_id:
        return str(account_id)
    return address_key(request)


def limited(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorates a view or an operation of the API: each call that may change something counts against `name`.

    Counts by the account signed in (by session or key), else by the client's address; limits by address
    always by the address. GET, HEAD and OPTIONS count for limits on reading alone, and those only for
    callers without session or key, whose reads `accounts.api_auth` counts itself.
    """
    rule = TABLE[name]
    if rule.by not in ("account", "address"):
        raise ValueError(f"{name} is counted by {rule.by}: call hit() where that is known")

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def counted(*args: P.args, **kwargs: P.kwargs) -> R:
            request: Any = next(arg for arg in args if isinstance(arg, HttpRequest))
            if _counts(name, request):
                hit(name, _key(rule, request))
            return function(*args, **kwargs)

        return counted

    return decorate


def _counts(name: str, request: HttpRequest) -> bool:
    reads = request.method in ("GET", "HEAD", "OPTIONS")
    if name == "anonymous_read":
        signed_in = getattr(request, "auth", None) or request.user.is_authenticated
        return reads and not signed_in
    return not reads
