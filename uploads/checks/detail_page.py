"""The detail page: there, and it speaks of this release."""

from html.parser import HTMLParser

from accounts.errors import Problem
from uploads.checks.base import Check, Phase, PublishedRelease, Result, failed, judged

ID = "detail_page"
_HINT = "Nothing was switched. Look at the page's template and at what it was given."


class _Words(HTMLParser):
    """The text of a page, and its attributes' values, in which links and hashes may stand."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for _, value in attrs if value]


def run(release: PublishedRelease) -> Result:
    """Read the page as it will be served, and look for the release's name, version and hash in it."""
    path = f"/mods/{release.slug}/"
    if not release.detail_html.strip():
        return failed(ID, [Problem("detail_page_missing", f"{path} has no page.", _HINT, path=path)])
    words = _Words()
    words.feed(release.detail_html)
    text = " ".join(" ".join(words.found).split())
    sought = {"name": release.name, "version": release.version, "SHA-256": release.sha256}
    problems = [
        Problem(
            "detail_page_incomplete",
            f"{path} does not show the release's {what} ({value}).",
            _HINT,
            path=path,
        )
        for what, value in sought.items()
        if " ".join(value.split()) not in text
    ]
    return judged(ID, problems, f"{path} shows the release.", page=path)


CHECK = Check(
    ID,
    "Detail page",
    "A public mod detail page must exist before catalog publication.",
    Phase.PUBLICATION,
    ("detail_page_missing", "detail_page_incomplete"),
    run,
)
