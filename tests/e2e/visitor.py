"""A visitor without a browser: cookies, CSRF and multipart, and nothing of the portal's own code."""

import http.cookiejar
import json
import secrets
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Visitor:
    """Keeps cookies between requests, as a browser does."""

    def __init__(self, url: str, key: str = "") -> None:
        self.url = url
        self.key = key
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def send(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """One request; refusals come back as answers too."""
        request = urllib.request.Request(self.url + path, data=body, method=method)
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        if self.key:
            request.add_header("Authorization", f"Bearer {self.key}")
        token = next((c.value for c in self.cookies if c.name == "csrftoken"), None)
        if token and method not in {"GET", "HEAD"}:
            request.add_header("X-CSRFToken", token)
            request.add_header("Referer", self.url + "/")
        try:
            with self.opener.open(request, timeout=60) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, dict(error.headers), error.read())

    def get(self, path: str) -> Answer:
        return self.send("GET", path)

    def post_form(self, path: str, **fields: str) -> Answer:
        body = urllib.parse.urlencode(fields).encode()
        return self.send("POST", path, body, Content_Type="application/x-www-form-urlencoded")

    def post_json(self, path: str, document: Any) -> Answer:
        return self.send("POST", path, json.dumps(document).encode(), Content_Type="application/json")

    def upload(self, path: str, package: bytes, sidecar: bytes, **headers: str) -> Answer:
        """Send a package and its sidecar as multipart/form-data."""
        mark = secrets.token_hex(16)
        parts = (
            ("package", "package.zip", "application/zip", package),
            ("sidecar", "package.release.json", "application/json", sidecar),
        )
        body = b""
        for name, file_name, kind, data in parts:
            body += (
                f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="{file_name}"\r\n'
                f"Content-Type: {kind}\r\n\r\n"
            ).encode()
            body += data + b"\r\n"
        body += f"--{mark}--\r\n".encode()
        return self.send("POST", path, body, Content_Type=f"multipart/form-data; boundary={mark}", **headers)

    def sign_in(self, email: str) -> None:
        """Through the development door."""
        self.get("/dev/")
        answer = self.post_form("/dev/sign-in", email=email)
        assert answer.status == 200, answer.body[:500]
