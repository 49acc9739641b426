"""The forms of the wizard: fields, labels and help.

What a field may hold is said by the sidecar's schema alone, which the service asks; `show` puts what it says
beside the fields.
"""

from typing import Any

from django import forms

from accounts.errors import RefusedError
from catalog.models import Category

#: The sidecar's properties that the form writes, by field.
PROPERTIES = {
    "mod_id": "modId",
    "name": "name",
    "version": "version",
    "build": "targetGameBuild",
    "summary": "summary",
    "license": "license",
    "description": "description",
    "changelog": "changelog",
    "categories": "categories",
    "homepage": "homepage",
    "source": "source",
    "issues": "issues",
}
LINKS = ("homepage", "source", "issues")
#: Filled from the manifest, with which they must agree: shown, not edited, once it was read.
FROM_MANIFEST = ("mod_id", "name", "version", "build")


def _line(label: str, help_text: str = "", *, required: bool = False, mono: bool = False) -> forms.CharField:
    attributes = {"autocomplete": "off"} | ({"class": "mono", "spellcheck": "false"} if mono else {})
    return forms.CharField(
        label=label, help_text=help_text, required=required, widget=forms.TextInput(attributes)
    )


def _text(label: str, help_text: str) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, required=False, widget=forms.Textarea({"rows": 7})
    )


class DetailsForm(forms.Form):
    """What players will read about the release; it becomes the sidecar."""

    mod_id = _line("Mod id", "As in manifest.json, for example example.hello-lua.", required=True, mono=True)
    name = _line("Name", "As in manifest.json.", required=True)
    version = _line("Version", "As in manifest.json, for example 1.4.0.", required=True, mono=True)
    build = _line("Game build", "As in manifest.json, for example 0.9.0.", required=True, mono=True)
    summary = _line(
        "Summary", "One line that says what it does; players see it in every list.", required=True
    )
    license = _line(
        "Licence", "An SPDX expression, for example MIT or LGPL-2.1-or-later.", required=True, mono=True
    )
    description = _text(
        "Description", "Markdown. What it does, how to use it, what to know before installing."
    )
    changelog = _text("Changelog", "Markdown. What is new in this version.")
    categories = forms.MultipleChoiceField(
        label="Categories", help_text="At most five.", required=False, widget=forms.CheckboxSelectMultiple
    )
    homepage = _line("Home page", "An https address.")
    source = _line("Source code", "An https address.")
    issues = _line("Reports of faults", "An https address.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shelves: Any = self.fields["categories"]
        shelves.choices = [(c.code, c.name) for c in Category.objects.filter(retired=False)]

    def properties(self) -> dict[str, Any]:
        """The fields under the sidecar's names."""
        return {PROPERTIES[name]: value for name, value in self.cleaned_data.items()}

    def show(self, refused: RefusedError) -> None:
        """Put each problem beside its field, by its pointer; the others above the form."""
        fields = {f"/{said}": name for name, said in PROPERTIES.items()}
        fields |= {f"/links/{name}": name for name in ("homepage", "source", "issues")}
        for problem in refused.problems:
            pointer = "/categories" if problem.pointer.startswith("/categories/") else problem.pointer
            words = f"{problem.message} {problem.hint}".strip()
            self.add_error(fields.get(pointer), words)
        if not refused.problems:
            self.add_error(None, f"{refused.message} {refused.hint}".strip())


def initial(begun: dict[str, Any]) -> dict[str, Any]:
    """The form's first values, from the sidecar that the draft begins with."""
    links = begun.get("links", {})
    return {
        name: links.get(name, "") if name in ("homepage", "source", "issues") else begun.get(said, "")
        for name, said in PROPERTIES.items()
    }


class ListingForm(forms.Form):
    """The words that a mod is listed with."""

    summary = _line(
        "Summary", "One line that says what it does; players see it in every list.", required=True
    )
    description = _text(
        "Description", "Markdown. What it does, how to use it, what to know before installing."
    )
    categories = forms.MultipleChoiceField(
        label="Categories", help_text="At most five.", required=False, widget=forms.CheckboxSelectMultiple
    )
    homepage = _line("Home page", "An https address.")
    source = _line("Source code", "An https address.")
    issues = _line("Reports of faults", "An https address.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shelves: Any = self.fields["categories"]
        shelves.choices = [(c.code, c.name) for c in Category.objects.filter(retired=False)]

    def words(self) -> dict[str, Any]:
        """The fields as a listing has them."""
        given = self.cleaned_data
        return {
            "summary": given["summary"],
            "description": given["description"].replace("\r\n", "\n"),
            "categories": given["categories"],
            "links": {name: given[name] for name in LINKS if given[name]},
        }

    def show(self, refused: RefusedError) -> None:
        """Put each problem beside its field, by its pointer; the others above the form."""
        for problem in refused.problems:
            name = problem.pointer.removeprefix("/links").strip("/").partition("/")[0]
            self.add_error(name if name in self.fields else None, f"{problem.message} {problem.hint}".strip())
        if not refused.problems:
            self.add_error(None, f"{refused.message} {refused.hint}".strip())


class MessageForm(forms.Form):
    """A line of the thread."""

    text = forms.CharField(
        label="Write to the moderation team",
        help_text="Markdown works. The team sees this; players do not.",
        widget=forms.Textarea({"rows": 3}),
    )
