"""Doing what people do at the account pages, for tests: the real client, the real mails."""

import re

from django.core import mail
from django.test import Client

from accounts import outbox

CODE = re.compile(r"\b([A-Z]{4}-[A-Z]{4})\b")


def mails_sent() -> list[mail.EmailMessage]:
    """Every mail so far, the owed ones included."""
    outbox.drain()
    return list(mail.outbox)


def code_in(message: mail.EmailMessage) -> str:
    """The code that a mail holds."""
    found = CODE.search(str(message.body))
    assert found is not None, message.body
    return found[1]


def link_in(message: mail.EmailMessage) -> str:
    """The link to the page where the code is entered, without the host."""
    found = re.search(r"http://[^/\s]+(/account/\S+)", str(message.body))
    assert found is not None, message.body
    return found[1]


def sign_up(client: Client, email: str, **fields: str) -> str:
    """Sign up and enter the code; returns the code. The client is signed in afterwards."""
    answer = client.post("/account/signup/", {"email": email, **fields})
    assert answer.status_code == 302, answer.content
    code = code_in(mails_sent()[-1])
    answer = client.post("/account/confirm-email/", {"code": code})
    assert answer.status_code == 302, answer.content
    return code


def sign_in(client: Client, email: str) -> str:
    """Sign in with a code by mail; returns the code."""
    answer = client.post("/account/login/", {"email": email})
    assert answer.status_code == 302, answer.content
    code = code_in(mails_sent()[-1])
    answer = client.post("/account/login/code/confirm/", {"code": code})
    assert answer.status_code == 302, answer.content
    return code


def who(client: Client) -> str:
    """The address of the account that is signed in, or nothing."""
    user = client.get("/account/").context["user"]
    return str(user.email) if user.is_authenticated else ""
