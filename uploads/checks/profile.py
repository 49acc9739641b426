"""The package profile's verdict, told by the three checks that it is divided among (see `uploads.package`)."""

from uploads.checks.base import Result, Subject, failed, not_run, passed
from uploads.package import PROFILE, RULES


def codes_of(check_id: str) -> tuple[str, ...]:
    """The profile's rules that a check reports."""
    return tuple(code for code, rule in RULES.items() if rule.check == check_id)


def judge(check_id: str, subject: Subject, *, by_headers: bool) -> Result:
    """What the reader found of the check's own rules.

    `by_headers` says that the headers alone can decide it; the others need every member opened.
    """
    report = subject.report
    own = set(codes_of(check_id))
    problems = [problem for problem in report.problems if problem.code in own]
    counts = {code: count for code, count in report.counts.items() if code in own}
    if problems:
        return failed(check_id, problems, broken=counts)
    if not (report.complete or by_headers):
        return not_run(
            check_id, "package_not_opened", "The package is refused as it is; its files were not opened."
        )
    return passed(check_id, f"{len(report.members):,} files keep {PROFILE}.", files=len(report.members))
