"""What is kept of many signals: bounded, the heaviest first, nothing buried."""

from uploads.signals.found import Signal
from uploads.signals.kept import MOST, MOST_OF_A_CODE, Kept
from uploads.signals.table import SIGNALS


def signal(code: str = "url_found", subject: str = "", **facts: object) -> Signal:
    return Signal(code, "m", subject=subject, **facts)


def kept(*signals: Signal) -> Kept:
    keeper = Kept()
    for one in signals:
        keeper.add(one)
    return keeper


def test_heavy_signals_come_first() -> None:
    found = kept(signal("url_found"), signal("lua_dynamic_load"), signal("lua_os_execute")).all()
    assert [s.code for s in found] == ["lua_os_execute", "lua_dynamic_load", "url_found"]


def test_what_blocks_comes_before_all() -> None:
    blocking = signal("yara_match", rule="a", weight=1, blocking=True)
    assert kept(signal("lua_os_execute"), blocking).all()[0] is blocking


def test_the_same_finding_at_the_same_place_is_one() -> None:
    one = signal(subject="a", path="a.lua", line=3)
    assert len(kept(one, one).all()) == 1
    assert len(kept(one, signal(subject="a", path="a.lua", line=4)).all()) == 2


def test_of_a_kind_twenty_are_kept_and_the_rest_counted() -> None:
    found = kept(*(signal(subject=str(n)) for n in range(25))).all()
    assert len(found) == MOST_OF_A_CODE + 1
    assert found[-1].code == "signals_cut"
    assert found[-1].message == "5 more findings are not shown."


def test_at_most_two_hundred_are_kept_in_all() -> None:
    found = kept(*(signal(code, str(n)) for code in SIGNALS for n in range(10))).all()
    assert len(found) == MOST
    assert found[-1].code == "signals_cut"
    assert found[-1].message == f"{len(SIGNALS) * 10 - MOST + 1} more findings are not shown."


def test_two_hundred_exactly_are_not_cut() -> None:
    codes = list(SIGNALS)[:10]
    found = kept(*(signal(code, str(n)) for code in codes for n in range(20))).all()
    assert len(found) == MOST
    assert "signals_cut" not in {s.code for s in found if s.message.endswith("not shown.")}


def test_what_blocks_is_not_buried_under_its_kind() -> None:
    noise = [signal("yara_match", str(n), rule="noise", weight=0) for n in range(30)]
    blocking = signal("yara_match", rule="evil", weight=3, blocking=True)
    assert blocking in kept(*noise, blocking).all()


def test_a_rule_that_blocks_often_is_kept_once_beyond_the_limit() -> None:
    matches = [signal("yara_match", str(n), rule="evil", weight=3, blocking=True) for n in range(30)]
    assert len(kept(*matches).all()) == MOST_OF_A_CODE + 1


def test_another_rule_takes_the_place_of_a_repeated_one() -> None:
    noise = [signal("yara_match", str(n), rule="noise", weight=1) for n in range(30)]
    other = signal("yara_match", "x", rule="other", weight=3)
    found = kept(*noise, other).all()
    assert other in found
    assert len([s for s in found if s.code == "yara_match"]) == MOST_OF_A_CODE


def test_rules_seen_once_do_not_push_each_other_out() -> None:
    matches = [signal("yara_match", rule=f"rule{n}") for n in range(21)]
    assert matches[-1] not in kept(*matches).all()


def test_what_was_cut_is_part_of_the_fingerprint() -> None:
    many = [signal(subject=str(n)) for n in range(25)]
    other = [*many[:24], signal(subject="new")]
    assert kept(*many).all()[-1].fingerprint == kept(*many).all()[-1].fingerprint
    assert kept(*many).all()[-1].fingerprint != kept(*other).all()[-1].fingerprint


def test_what_was_not_made_out_is_counted() -> None:
    keeper = kept(signal())
    keeper.cut(7)
    assert keeper.all()[-1].message == "7 more findings are not shown."


def test_a_full_kind_is_known() -> None:
    keeper = kept(*(signal(subject=str(n)) for n in range(MOST_OF_A_CODE)))
    assert keeper.full("url_found")
    assert not keeper.full("url_new")
