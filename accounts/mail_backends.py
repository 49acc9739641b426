"""Mail through the operator's own mail service: each message as signed JSON over HTTPS.

Rules
- The body is canonical JSON: `id`, `from`, `to`, `subject`, `text`, `html`, `sentAt`.
- `X-SMMODS-Signature` is `sha256=` and the HMAC-SHA-256, in hex, of the time stamp, a dot and the body under
  `EMAIL_WEBHOOK_SECRET`; `X-SMMODS-Timestamp` is that time stamp, in seconds. A receiver refuses old ones.
- Anything but a 2xx means that the mail was not taken: OSError. Redirects are not followed.
"""

import hashlib
import hmac
import http.client
import secrets
import ssl
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from accounts import strict_json


def body_of(message: EmailMessage) -> bytes:
    """The message as the canonical JSON that the service gets."""
    alternatives = getattr(message, "alternatives", ())
    html = next((part.content for part in alternatives if part.mimetype == "text/html"), "")
    return strict_json.canonical(
        {
            "id": secrets.token_hex(16),
            "from": message.from_email,
            "to": list(message.to),
            "subject": str(message.subject),
            "text": str(message.body),
            "html": str(html),
            "sentAt": timezone.now().isoformat(),
        }
    )


def signature(body: bytes, stamp: str, secret: str) -> str:
    """What `X-SMMODS-Signature` holds for `body` at `stamp`."""
    return "sha256=" + hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


class WebhookEmailBackend(BaseEmailBackend):
    """Hands each message to `EMAIL_WEBHOOK_URL`."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Send; returns how many were taken. Raises OSError unless `fail_silently`."""
        taken = 0
        for message in email_messages:
            try:
                self._post(body_of(message))
                taken += 1
            except (OSError, http.client.HTTPException) as error:
                if not self.fail_silently:
                    raise OSError(f"the mail service did not take the mail: {error}") from error
        return taken

    def _connect(self, host: str, port: int | None) -> http.client.HTTPConnection:
        return http.client.HTTPSConnection(
            host, port, timeout=settings.EMAIL_TIMEOUT, context=ssl.create_default_context()
        )

    def _post(self, body: bytes) -> None:
        url = urlsplit(settings.EMAIL_WEBHOOK_URL)
        stamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "X-SMMODS-Timestamp": stamp,
            "X-SMMODS-Signature": signature(body, stamp, settings.EMAIL_WEBHOOK_SECRET),
        }
        connection = self._connect(url.hostname or "", url.port)
        try:
            path = (url.path or "/") + (f"?{url.query}" if url.query else "")
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answer.read()
            if not 200 <= answer.status < 300:
                raise OSError(f"it answered {answer.status}")
        finally:
            connection.close()
