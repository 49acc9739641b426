import pytest

from catalog import licences


@pytest.mark.parametrize(
    "text",
    [
        "MIT",
        "LGPL-2.1-or-later",
        "MIT OR Apache-2.0",
        "(MIT AND CC-BY-SA-4.0) OR GPL-3.0-only WITH Classpath-exception-2.0",
        "LicenseRef-my-own",
        "MIT OR DocumentRef-a:LicenseRef-b",
    ],
)
def test_licences(text: str):
    assert licences.is_licence(text)


@pytest.mark.parametrize(
    "text", ["", " ", "MIT OR", "Foo", "MIT OR Foo", "((((", "M" * 201, "LicenseRef-a b", 1]
)
def test_no_licences(text: object):
    assert not licences.is_licence(text)


def test_names_the_unknown_ones():
    assert licences.unknown_licences("MIT OR Foo") == ["Foo"]
