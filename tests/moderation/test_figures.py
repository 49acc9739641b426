"""The staff's figures: each number counted from rows, the page, and CSV that no spreadsheet runs."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import StreamingHttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.errors import RefusedError
from accounts.models import User
from moderation import figures
from moderation.models import Decision, FindingVerdict, Report
from tests.factories import make_reason, make_result, make_submission, make_user
from uploads.models import QueueReason, Signal, Submission

pytestmark = pytest.mark.django_db


def rows(name: str, days: int = 30) -> dict[Any, tuple[Any, ...]]:
    """A table's rows by their first cell."""
    return {row[0]: row[1:] for row in figures.TABLES[name](days).rows}


def decided(submission: Submission, decider: User, action: str, days_ago: float = 1, **more: Any) -> Decision:
    assert submission.current is not None
    return Decision.objects.create(
        submission=submission,
        revision=submission.current,
        sha256=submission.current.sha256,
        action=action,
        decider=decider,
        at=timezone.now() - timedelta(days=days_ago),
        **more,
    )


def answered(submission: Submission, hours: float, act: str = "approve", kind: str = "update") -> QueueReason:
    now = timezone.now()
    return make_reason(
        submission,
        kind,
        due_at=now,
        opened_at=now - timedelta(hours=hours),
        closed_at=now,
        closed_by=act,
    )


def test_what_waits_and_for_how_long() -> None:
    now = timezone.now()
    first, second = make_submission(), make_submission()
    make_reason(first, "update", due_at=now - timedelta(hours=1), opened_at=now - timedelta(days=4))
    make_reason(second, "update", due_at=now + timedelta(hours=1), opened_at=now - timedelta(days=1))
    make_reason(second, "report", due_at=now + timedelta(hours=1), opened_at=now)
    found = rows("waiting")
    assert found["Update"] == (2, 1, now - timedelta(days=4))
    assert found["Report"][:2] == (1, 0)


def test_waits_leave_out_what_was_no_review() -> None:
    submission = make_submission()
    for hours in (2, 4, 6):
        answered(submission, hours)
    answered(submission, 400, "withdrawn")
    answered(submission, 10, kind="author_replied")
    found = rows("waits")
    assert found["Update"] == (3, 4.0, pytest.approx(5.6, abs=0.01))
    assert found["Author replied"] == (1, 10.0, 10.0)


def test_nothing_measured_is_not_zero() -> None:
    summary = figures.summary(make_user("moderator"), 30)
    assert (summary.median, summary.ninetieth, summary.oldest) == (None, None, None)
    assert figures.percentiles([]) == (None, None)
    assert figures.percentiles([5.0]) == (5.0, 5.0)


def test_decisions_and_their_reasons(moderator: User) -> None:
    submission = make_submission()
    reasons = [{"policy": "broken", "version": 1, "title": "Broken", "text": "…"}]
    decided(submission, moderator, "approve")
    decided(submission, moderator, "reject", reasons=reasons)
    decided(submission, moderator, "hide", reasons=reasons)
    decided(submission, moderator, "hide", reasons=reasons, days_ago=40)
    decided(submission, moderator, "escalate")
    decided(submission, moderator, "approve", needs_second="It holds a program.")
    assert rows("decisions") == {"Approve": (1,), "Hide": (1,), "Reject": (1,)}
    assert set(figures.policies(30).rows) == {("broken", "Reject", 1), ("broken", "Hide", 1)}
    assert rows("decisions", 90)["Hide"] == (2,)


def test_the_false_alarm_rate_is_of_verdicts_in_force(moderator: User) -> None:
    submission = make_submission()
    revision = submission.current
    assert revision is not None
    revision.checked_at = timezone.now()
    revision.save(update_fields=["checked_at"])
    for place, code in enumerate(["lua_os_execute", "lua_os_execute", "url_found"]):
        Signal.objects.create(
            revision=revision, position=place, code=code, message="…", weight=1, fingerprint=str(place)
        )
    given: list[tuple[str, dict[str, Any]]] = [
        ("false_alarm", {"in_force_at": timezone.now()}),
        ("true", {"in_force_at": timezone.now()}),
        ("accepted_risk", {"in_force_at": timezone.now()}),
        ("false_alarm", {"in_force_at": timezone.now(), "replaced_at": timezone.now()}),
        ("false_alarm", {}),
    ]
    for place, (verdict, more) in enumerate(given):
        FindingVerdict.objects.create(
            fingerprint=str(place),
            code="lua_os_execute",
            verdict=verdict,
            scope="release",
            submission=submission,
            revision=revision,
            judge=moderator,
            **more,
        )
    found = rows("findings")
    assert found["lua_os_execute"] == (2, 3, 1, 1, 1, 33.3)
    assert found["url_found"] == (1, 0, 0, 0, 0, None)


def test_checks_count_what_they_refused() -> None:
    for status in ("passed", "passed", "warned", "failed"):
        make_result(make_submission(), "file_signature", status)
    found = rows("checks")
    assert found["File signatures"] == (2, 1, 1, 25.0)
    assert found["Antivirus"] == (0, 0, 0, None)


def test_reports_by_reason(moderator: User) -> None:
    submission = make_submission()
    for status in ("open", "upheld", "dismissed", "dismissed"):
        Report.objects.create(submission=submission, mod_id="a.b", reason="broken", status=status)
    assert rows("reports") == {"broken": (4, 1, 2)}
    assert figures.summary(moderator, 30).open_reports == 1


def test_every_day_has_a_bar(moderator: User) -> None:
    decided(make_submission(), moderator, "approve", days_ago=0)
    decided(make_submission(), moderator, "approve", days_ago=0)
    decided(make_submission(), moderator, "approve", days_ago=2)
    bars = figures.bars(figures.daily(7))
    assert [bar.count for bar in bars] == [0, 0, 0, 0, 1, 0, 2]
    assert (bars[-1].y, bars[-1].height, bars[4].height) == (0, 100, 50)
    assert figures.bars(figures.daily(7))[0].height == 0


def test_only_staff_see_the_figures(client: Client) -> None:
    with pytest.raises(RefusedError):
        figures.summary(make_user("modder"), 30)


def test_the_page_shows_every_table_in_as_many_queries_for_more(client: Client, moderator: User) -> None:
    client.force_login(moderator)
    counts = []
    for _ in range(2):
        for _ in range(5):
            submission = make_submission()
            make_reason(submission)
            answered(submission, 3)
            decided(submission, moderator, "reject", reasons=[{"policy": "broken"}])
        with CaptureQueriesContext(connection) as queries:
            page = client.get("/moderation/statistics/?days=90")
        counts.append(len(queries))
    assert counts[0] == counts[1]
    text = page.content.decode()
    for name in figures.TABLES:
        assert f"{name}.csv?days=90" in text
    assert client.get("/moderation/statistics/?days=nonsense").status_code == 200


def test_a_table_as_csv(client: Client, moderator: User) -> None:
    submission = make_submission()
    for code, place in (("=HYPERLINK(1)", 0), ("url_found", 1)):
        revision = submission.current
        assert revision is not None
        revision.checked_at = timezone.now()
        revision.save(update_fields=["checked_at"])
        Signal.objects.create(
            revision=revision, position=place, code=code, message="…", weight=1, fingerprint=str(place)
        )
    client.force_login(moderator)
    answer = client.get("/moderation/statistics/findings.csv?days=7")
    assert isinstance(answer, StreamingHttpResponse)
    text = b"".join(list(answer)).decode()
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="moderation-findings-7-days.csv"' in answer["Content-Disposition"]
    assert text.splitlines()[0].startswith("Finding,Found,Judged")
    assert "'=HYPERLINK(1),1,0,0,0,0," in text
    assert client.get("/moderation/statistics/absent.csv").status_code == 404
