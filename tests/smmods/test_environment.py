"""Reading settings: types, `.env`, and what can't be read."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from smmods.environment import Environment, credentials, file_path, query, read_env_file


def test_env_file_takes_names_quotes_and_comments(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "# a comment\n\nexport ONE=1\nTWO = two words # why\nTHREE='a # b'\nFOUR=\"$HOME\"\nnot a line\nFIVE=\n"
    )
    assert read_env_file(file) == {
        "ONE": "1",
        "TWO": "two words",
        "THREE": "a # b",
        "FOUR": "$HOME",
        "FIVE": "",
    }


def test_a_missing_env_file_is_empty(tmp_path: Path) -> None:
    assert read_env_file(tmp_path / ".env") == {}


@pytest.mark.parametrize(
    ("value", "flag"), [("1", True), ("Yes", True), ("off", False), ("0", False), ("", False)]
)
def test_flags(value: str, flag: bool) -> None:
    env = Environment({"A": value})
    assert env.flag("A") is flag
    assert env.problems == []


def test_an_unset_flag_takes_its_default() -> None:
    assert Environment({}).flag("A", default=True) is True


def test_a_flag_that_is_neither_is_a_problem() -> None:
    env = Environment({"A": "perhaps"})
    assert env.flag("A") is False
    assert [problem.setting for problem in env.problems] == ["A"]


@pytest.mark.parametrize("value", ["x", "-1", "1.5", "4", "99", "9" * 30])
def test_numbers_keep_their_bounds(value: str) -> None:
    env = Environment({"A": value})
    assert env.number("A", 7, least=5, most=10) == 7
    assert "from 5 to 10" in env.problems[0].message


def test_a_number_within_its_bounds() -> None:
    env = Environment({"A": " 6 "})
    assert env.number("A", 7, least=5) == 6
    assert env.problems == []


def test_words_are_divided_by_commas_and_spaces() -> None:
    assert Environment({"A": "a, b  c,"}).words("A") == ["a", "b", "c"]


def test_networks() -> None:
    env = Environment({"A": "10.0.0.0/8 ::1", "B": "nowhere"})
    assert env.networks("A", "127.0.0.1/32") == ["10.0.0.0/8", "::1/128"]
    assert env.networks("B", "127.0.0.1/32") == ["127.0.0.1/32"]
    assert [problem.setting for problem in env.problems] == ["B"]


def test_counts() -> None:
    env = Environment({"A": "upload=3, mail=10", "B": "upload=none"})
    assert env.counts("A") == {"upload": 3, "mail": 10}
    assert env.counts("B") == {}
    assert [problem.setting for problem in env.problems] == ["B"]


def test_a_choice_that_is_none_of_them_takes_the_strictest() -> None:
    env = Environment({"A": "prod"})
    assert env.choice("A", ("development", "production"), "development", "production") == "production"
    assert len(env.problems) == 1


@pytest.mark.parametrize("value", ["gopher://x", "redis-here", "redis://host:port", "http://[::1"])
def test_a_url_that_is_none_is_a_problem_that_repeats_nothing(value: str) -> None:
    env = Environment({"A": value})
    assert env.url("A", "db://", ("db", "redis")).scheme == "db"
    assert value not in env.problems[0].message + env.problems[0].hint


def test_names_are_remembered() -> None:
    env = Environment({"A": "1"})
    env.flag("A")
    env.text("B")
    assert env.names == {"A", "B"}
    assert env.given("A")
    assert not env.given("B")


def test_parts_of_a_url_are_decoded() -> None:
    parts = urlsplit("smtps://me%40here:p%2Fw@mail:465/?starttls=1&a=1&a=2")
    assert credentials(parts) == ("me@here", "p/w")
    assert query(parts) == {"starttls": "1", "a": "2"}


def test_file_urls() -> None:
    assert file_path(urlsplit("file:///srv/a%20b")) == Path("/srv/a b")
    assert file_path(urlsplit("file://sub/folder")) == Path.cwd() / "sub/folder"
