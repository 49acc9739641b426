"""Who may publish in a namespace."""

import pytest

from catalog import namespaces
from tests import factories

pytestmark = pytest.mark.django_db


def test_the_first_segment_is_the_namespace() -> None:
    assert namespaces.of("example.hello.deep") == "example"


def test_a_free_one_is_anybodys() -> None:
    assert namespaces.refusal(factories.make_user("modder"), "free.mod") is None


def test_a_claimed_one_is_its_maintainers() -> None:
    owner, helper, stranger = (factories.make_user("modder") for _ in range(3))
    factories.make_namespace("taken", owner, helper)
    assert namespaces.refusal(owner, "taken.mod") is None
    assert namespaces.refusal(helper, "taken.mod") is None
    refused = namespaces.refusal(stranger, "taken.mod")
    assert refused is not None and refused[0] == "namespace_taken"


@pytest.mark.parametrize("name", sorted(namespaces.RESERVED))
def test_a_reserved_one_is_whose_an_admin_says(name: str) -> None:
    given, stranger = factories.make_user("modder"), factories.make_user("admin")
    for _ in range(2):
        refused = namespaces.refusal(stranger, f"{name}.mod")
        assert refused is not None and refused[0] == "namespace_reserved"
        factories.make_namespace(name, given)
    assert namespaces.refusal(given, f"{name}.mod") is None
