"""Rule by rule: what is refused, and the nearest thing that is taken."""

import io

import pytest

from tests.uploads.package.rows import Row, content, data, names, nested, package, structure
from uploads.package import RULES, read_package

ROWS = structure.ROWS + data.ROWS + names.ROWS + nested.ROWS + content.ROWS
IDS = [f"{row.code} {row.what}" for row in ROWS]


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_what_breaks_a_rule_is_refused_for_it_alone(row: Row):
    raw = package(row.bad)
    report = read_package(io.BytesIO(raw), len(raw))
    assert {problem.code for problem in report.problems} == {row.code}
    assert all(problem.message and problem.hint for problem in report.problems)


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_what_is_next_to_it_is_taken(row: Row):
    raw = package(row.good)
    assert read_package(io.BytesIO(raw), len(raw)).problems == ()


def test_every_rule_has_rows_and_every_row_its_own_name():
    assert {row.code for row in ROWS} == set(RULES)
    assert len(set(IDS)) == len(IDS)
