"""The detail page, rendered and read: there, about this release, with its download, and with nothing that runs.

The page holds words of strangers. That they are harmless is the business of the Markdown and the templates;
here the page itself is read, as it will be served, before anybody gets it.
"""

from html.parser import HTMLParser

from accounts.errors import Problem
from uploads.checks.base import Check, Phase, PublishedRelease, Result, failed, judged

ID = "detail_page"
_HINT = "Nothing was switched. Look at the page's template and at what it was given."
_STATIC = "/static/"
_FOREIGN = frozenset({"iframe", "frame", "object", "embed", "applet", "base"})
_ADDRESSES = frozenset({"href", "src", "action", "formaction", "srcdoc", "data", "poster", "xlink:href"})
_RUNS = ("javascript:", "vbscript:", "data:")


class _Page(HTMLParser):
    """The text of a page, its attributes' values and links, and what in it would run."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.links: set[str] = set()
        self.runs: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name.lower(): value or "" for name, value in attrs}
        self.found += [value for value in values.values() if value]
        if tag == "a" and "href" in values:
            self.links.add(values["href"])
        if tag in _FOREIGN:
            self.runs.append(f"<{tag}>")
        if tag == "script" and not values.get("src", "").startswith(_STATIC):
            self.runs.append("a script that is not a file of ours")
        for name, value in values.items():
            bare = "".join(value.split()).lower()
            if name.startswith("on"):
                self.runs.append(f"the attribute {name}")
            elif name in _ADDRESSES and bare.startswith(_RUNS) and not bare.startswith("data:image/"):
                self.runs.append(f"an address that runs, in {name}")


def run(release: PublishedRelease) -> Result:
    """Read the page as it will be served, and look for the release's name, version, hash and download in it."""
    path = f"/mods/{release.slug}/"
    if not release.detail_html.strip():
        return failed(ID, [Problem("detail_page_missing", f"{path} has no page.", _HINT, path=path)])
    page = _Page()
    page.feed(release.detail_html)
    page.close()
    text = " ".join(" ".join(page.found).split())
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
    if f"/{release.artifact_path}" not in page.links:
        message = f"{path} has no link to the download (/{release.artifact_path})."
        problems.append(Problem("detail_page_incomplete", message, _HINT, path=path))
    problems += [
        Problem("detail_page_unsafe", f"{path} holds {what}.", _HINT, path=path)
        for what in dict.fromkeys(page.runs)
    ]
    return judged(ID, problems, f"{path} shows the release.", page=path)


CHECK = Check(
    ID,
    "Detail page",
    "A public mod detail page must exist before catalog publication.",
    Phase.PUBLICATION,
    ("detail_page_missing", "detail_page_incomplete", "detail_page_unsafe"),
    run,
)
