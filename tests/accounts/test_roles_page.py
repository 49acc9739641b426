"""The page of roles: search, one person's role, what each role may do."""

from typing import Any

import pytest
from django.test import Client

from accounts import services, views_roles
from accounts.middleware import door_of
from accounts.models import User
from accounts.roles import PERMISSIONS, Role
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> User:
    user = make_user("admin", email="root@example.com", display_name="Root")
    client.force_login(user)
    return user


def names(answer: Any) -> list[str]:
    return [person.name for person in answer.context["people"]]


def test_people_are_found_by_name_address_id_and_role(client: Client, admin: User) -> None:
    ada = make_user("modder", email="ada@example.com", display_name="Ada")
    assert names(client.get("/account/roles/")) == ["Ada", "Root"]
    assert names(client.get("/account/roles/", {"q": "ada@"})) == ["Ada"]
    assert names(client.get("/account/roles/", {"q": ada.account_id})) == ["Ada"]
    assert names(client.get("/account/roles/", {"role": "admin"})) == ["Root"]
    assert names(client.get("/account/roles/", {"role": "king"})) == ["Ada", "Root"]
    assert "Nobody found" in client.get("/account/roles/", {"q": "zzz"}).content.decode()


def test_the_list_goes_on(client: Client, admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views_roles, "PAGE_SIZE", 1)
    make_user(display_name="Ada")
    first = client.get("/account/roles/?q=example.com")
    second = client.get("/account/roles/" + first.context["next"])
    assert names(first) + names(second) == ["Ada", "Root"]
    assert second.context["next"] is None


def test_the_table_of_permissions_is_the_table(client: Client, admin: User) -> None:
    rows = {row["says"]: row for row in client.get("/account/roles/").context["permissions"]}
    assert set(rows) == {one.says for one in PERMISSIONS.values() if one.role != Role.SYSTEM}
    assert rows[PERMISSIONS["queue.view"].says]["cells"] == [False, False, True, True]
    assert rows[PERMISSIONS["submission.cancel"].says]["own"]
    assert rows[PERMISSIONS["decision.make"].says]["others"]
    assert not rows[PERMISSIONS["report"].says]["own"]


def test_one_persons_role_and_its_history(client: Client, admin: User) -> None:
    user = services.register("ada@example.com", "Ada", verified=True)
    path = f"/account/roles/{user.account_id}/"
    assert "made the account" in client.get(path).content.decode()
    answer = client.post(path, {"role": "moderator", "reason": "helps a lot"}, follow=True)
    text = answer.content.decode()
    assert "Ada is moderator now." in text
    assert "helps a lot" in text
    assert "player → moderator" in text
    assert (
        "Nothing changed."
        in client.post(path, {"role": "moderator", "reason": "again"}, follow=True).content.decode()
    )


def test_refusals_stand_at_their_field(client: Client, admin: User) -> None:
    path = f"/account/roles/{make_user().account_id}/"
    answer = client.post(path, {"role": "modder", "reason": ""})
    assert answer.status_code == 422
    assert "needs a reason" in str(answer.context["form"].errors["reason"])
    answer = client.post(path, {"role": "king", "reason": "x"})
    assert answer.status_code == 422
    answer = client.post(f"/account/roles/{admin.account_id}/", {"role": "player", "reason": "x"})
    assert answer.status_code == 409
    assert "last admin" in answer.content.decode()


@pytest.mark.parametrize("role", ["player", "modder", "moderator"])
def test_it_is_for_admins(client: Client, role: str) -> None:
    user = make_user(role)
    client.force_login(user)
    assert client.get("/account/roles/").status_code == 403
    assert client.get(f"/account/roles/{user.account_id}/").status_code == 403
    assert "Roles</a>" not in client.get("/account/").content.decode()


def test_nobody_and_the_portal_have_no_page(client: Client, admin: User) -> None:
    for account_id in ("acc_NOBODY", User.objects.system().account_id):
        assert client.get(f"/account/roles/{account_id}/").status_code == 404
    assert Client().get("/account/roles/").headers["Location"] == "/account/login/?next=%2Faccount%2Froles%2F"


@pytest.mark.parametrize(
    ("path", "door"),
    [
        ("/api/v1/uploads", "api"),
        ("/admin/", "admin"),
        ("/account/", "page"),
        ("/", "page"),
        ("/apis/", "page"),
    ],
)
def test_the_door_is_told_by_the_path(path: str, door: str) -> None:
    assert door_of(path) == door
