"""Reading the audit trail: filters, pages, sentences, a file to take away.

Rules
- Moderators and admins may read it; taking it away is itself an entry.
- Newest first; a cursor names the last entry that was read.
- Where an entry came from (address, agent) is not part of it and is not shown.
"""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_date, parse_datetime

from accounts import audit, permissions
from accounts.audit import Action
from accounts.audit_words import words
from accounts.errors import Problem, RefusedError
from accounts.models import AuditEntry, User
from accounts.problems import cursor_for, read_number

MAX_LIMIT = 200
MAX_EXPORT = 100_000
COLUMNS = (
    "sequence",
    "at",
    "actor",
    "actorRole",
    "action",
    "targetType",
    "targetId",
    "before",
    "after",
    "reason",
    "hash",
)


@dataclass(frozen=True, slots=True)
class Filters:
    """What to look for: account (id or address), action or its field, target (id or type), from and to when."""

    actor: str = ""
    action: str = ""
    target: str = ""
    since: str = ""
    until: str = ""

    @property
    def any(self) -> bool:
        return any(asdict(self).values())


@dataclass(frozen=True, slots=True)
class Entries:
    """One page of entries, and the cursor of the next one, if there is one."""

    items: tuple[AuditEntry, ...]
    next: str | None


def _moment(value: str, name: str, *, whole_day: bool = False) -> datetime:
    """A date or a time, in UTC where it says nothing; `whole_day` takes a date's end."""
    try:
        moment = parse_datetime(value) if len(value) > 10 else None
        day = parse_date(value) if moment is None else None
    except ValueError:
        moment, day = None, None
    if moment is not None:
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if isinstance(day, date):
        begin = datetime.combine(day, time(), tzinfo=UTC)
        return begin + timedelta(days=1) if whole_day else begin
    why = f"{name} is neither a date nor a time."
    hint = "Write it as 2026-11-20 or 2026-11-20T18:00:00Z."
    raise RefusedError("bad_time", why, hint, problems=[Problem("bad_time", why, hint, name)])


def _rows(asked: Filters) -> QuerySet[AuditEntry]:
    # PostgreSQL takes no NUL in a text, and no name holds one.
    filters = Filters(**{name: value.replace("\0", "").strip() for name, value in asdict(asked).items()})
    rows = AuditEntry.objects.select_related("actor").order_by("-sequence")
    if filters.actor:
        text = filters.actor
        people = User.objects.filter(
            Q(account_id__iexact=text) | Q(email__iexact=text) | Q(display_name__iexact=text)
        )
        rows = rows.filter(actor__in=people)
    if filters.action:
        exact = filters.action in set(Action)
        rows = (
            rows.filter(action=filters.action)
            if exact
            else rows.filter(action__startswith=f"{filters.action}.")
        )
    if filters.target:
        text = filters.target
        rows = rows.filter(Q(target_id=text) | Q(target_type=text) | Q(target_id__startswith=f"{text}@"))
    if filters.since:
        rows = rows.filter(at__gte=_moment(filters.since, "since"))
    if filters.until:
        rows = rows.filter(at__lt=_moment(filters.until, "until", whole_day=True))
    return rows


def search(actor: User, filters: Filters, *, limit: int = 50, cursor: str = "") -> Entries:
    """Entries that `filters` let through.

    Raises RefusedError: 403 role_required, 400 bad_cursor, 422 bad_time.
    """
    permissions.ensure(actor, "audit.view")
    rows = _rows(filters)
    if cursor:
        rows = rows.filter(sequence__lt=read_number(cursor))
    size = max(1, min(limit, MAX_LIMIT))
    found = list(rows[: size + 1])
    following = cursor_for(found[size - 1].sequence) if len(found) > size else None
    return Entries(tuple(found[:size]), following)


def as_document(entry: AuditEntry) -> dict[str, Any]:
    """An entry as plain JSON values."""
    return {
        "sequence": entry.sequence,
        "at": entry.at.isoformat(),
        "actor": entry.actor.account_id,
        "actorName": entry.actor.name,
        "actorRole": entry.actor_role,
        "action": entry.action,
        "targetType": entry.target_type,
        "targetId": entry.target_id,
        "before": entry.before,
        "after": entry.after,
        "reason": entry.reason,
        "hash": entry.hash,
    }


@dataclass(frozen=True, slots=True)
class Line:
    """An entry for people: the sentence's parts, and the values that changed as (name, before, after)."""

    entry: AuditEntry
    actor: str
    words: str
    target: str
    changes: tuple[tuple[str, str, str], ...]


def as_lines(entries: tuple[AuditEntry, ...]) -> list[Line]:
    """Entries as sentences; accounts among the targets are named."""
    ids = {entry.target_id for entry in entries if entry.target_type == "account"}
    names = {user.account_id: user.name for user in User.objects.filter(account_id__in=ids)}
    return [
        Line(
            entry,
            entry.actor.name,
            words(entry.action),
            names.get(entry.target_id, entry.target_id)
            if entry.target_type == "account"
            else entry.target_id,
            _changes(entry),
        )
        for entry in entries
    ]


def _changes(entry: AuditEntry) -> tuple[tuple[str, str, str], ...]:
    before = entry.before if isinstance(entry.before, dict) else {}
    after = entry.after if isinstance(entry.after, dict) else {}
    names = list(dict.fromkeys([*before, *after]))
    return tuple((name, _shown(before.get(name)), _shown(after.get(name))) for name in names)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def export_csv(actor: User, filters: Filters) -> Iterator[str]:
    """The filtered trail as CSV, line by line, oldest last; at most 100,000 entries.

    The export is recorded before the first line is made. Raises RefusedError as `search` does.
    """
    permissions.ensure(actor, "audit.view")
    rows = _rows(filters)
    with transaction.atomic():
        given = {name: value for name, value in asdict(filters).items() if value}
        audit.record(actor, Action.AUDIT_EXPORTED, "audit", "csv", after={"filters": given})
    return _csv(rows[:MAX_EXPORT])


def _csv(rows: QuerySet[AuditEntry]) -> Iterator[str]:
    yield _line(COLUMNS)
    for entry in rows.iterator(chunk_size=2000):
        document = as_document(entry)
        yield _line(tuple(_cell(document[column]) for column in COLUMNS))


def _cell(value: Any) -> str:
    """Text that a spreadsheet does not take for a formula."""
    text = _shown(value)
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text


def _line(cells: tuple[str, ...]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
