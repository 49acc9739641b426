"""Risk: a sum of weights, each kind once, at most 5."""

import pytest

from uploads.signals.found import Signal
from uploads.signals.risk import once, risk_of


@pytest.mark.parametrize(("weights", "risk"), [([], 0), ([0, 0], 0), ([1], 1), ([2, 2], 4), ([3, 3, 3], 5)])
def test_risk_is_a_sum_that_saturates(weights: list[int], risk: int) -> None:
    assert risk_of(weights) == risk


def test_a_kind_counts_once() -> None:
    urls = [(Signal("url_new", "m", subject=str(n)), 1) for n in range(20)]
    assert once(urls) == [1]


def test_of_a_kind_the_heaviest_counts() -> None:
    assert once([(Signal("x", "m"), 1), (Signal("x", "m"), 3), (Signal("x", "m"), 2)]) == [3]


def test_each_yara_rule_counts() -> None:
    matches = [(Signal("yara_match", "m", rule=rule), 2) for rule in ("a", "b", "a")]
    assert once(matches) == [2, 2]
