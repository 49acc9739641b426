"""What the portal is made of, read from what is installed."""

from email.message import Message

import pytest

from catalog import attribution


def about(**fields: str | list[str]) -> Message:
    """Metadata of a package as an installer writes it."""
    message = Message()
    for name, value in fields.items():
        for one in [value] if isinstance(value, str) else value:
            message[name.replace("_", "-")] = one
    return message


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        ({"License_Expression": "MIT", "License": "other"}, "MIT"),
        ({"License": "BSD-3-Clause"}, "BSD-3-Clause"),
        (
            {
                "License": "x" * 200,
                "Classifier": ["Framework :: Django", "License :: OSI Approved :: MIT License"],
            },
            "MIT License",
        ),
        ({"License": "UNKNOWN", "Classifier": "License :: OSI Approved :: BSD License"}, "BSD License"),
        ({}, "see its own page"),
    ],
)
def test_the_licence_of_a_package(fields: dict[str, str | list[str]], licence: str) -> None:
    assert attribution.licence_of(about(**fields)) == licence


@pytest.mark.parametrize(
    ("fields", "home"),
    [
        (
            {"Project_URL": ["Documentation, https://d.example", "Homepage, https://h.example"]},
            "https://h.example",
        ),
        ({"Project_URL": "Source, https://s.example"}, "https://s.example"),
        ({"Home_page": "https://p.example"}, "https://p.example"),
        ({"Project_URL": "Homepage, http://plain.example"}, ""),
        ({}, ""),
    ],
)
def test_the_home_of_a_package(fields: dict[str, str | list[str]], home: str) -> None:
    assert attribution.home_of(about(**fields)) == home


def test_packages_are_those_that_are_pinned_and_installed() -> None:
    found = {credit.name.lower(): credit for credit in attribution.packages()}
    assert found["django"].licence.startswith("BSD")
    assert found["django"].version.startswith("5.2")
    assert len(found) > 20
    assert list(found) == sorted(found)


def test_fonts_icons_and_scripts_come_from_the_table_beside_them() -> None:
    found = {credit.name: credit for credit in attribution.vendored()}
    assert found["htmx"].licence == "0BSD"
    assert len(found) == 5


def test_samples_come_from_their_manifests() -> None:
    assert {credit.home for credit in attribution.samples()} == {
        "example.hello-lua",
        "example.hello-lua-companion",
        "starminer.object-catalog-export",
    }
