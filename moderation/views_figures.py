"""The staff's figures: a page with tables and a plot, and each table as CSV."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.views_signed_in import person_who_may
from catalog import service_status
from moderation import figures

DEFAULT = 30
#: First characters that a spreadsheet takes for a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_SHOWN = ("waiting", "waits", "decisions", "policies", "findings", "checks", "reports")


@never_cache
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """`/moderation/statistics/`: how moderation is doing, over `days` days."""
    reader = person_who_may(request, "queue.view")
    days = _days(request)
    daily = figures.daily(days)
    bars = figures.bars(daily)
    context = {
        "days": days,
        "periods": figures.PERIODS,
        "summary": figures.summary(reader, days),
        "tables": [_shown(figures.TABLES[name](days)) for name in _SHOWN],
        "bars": bars,
        "plot_width": len(bars) * 7,
        "busiest": max((bar.count for bar in bars), default=0),
        "services": [
            {"name": service.replace("_", " "), "sight": sight}
            for service, sight in service_status.sights().items()
        ],
    }
    return render(request, "moderation/statistics.html", context)


@never_cache
@require_safe
def as_csv(request: HttpRequest, name: str) -> StreamingHttpResponse:
    """One table as CSV (RFC 4180, UTF-8), times in UTC."""
    person_who_may(request, "queue.view")
    if name not in figures.TABLES:
        raise Http404("There is no such table.")
    days = _days(request)
    table = figures.TABLES[name](days)
    response = StreamingHttpResponse(_lines(table), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="moderation-{name}-{days}-days.csv"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _days(request: HttpRequest) -> int:
    given = request.GET.get("days", "")
    return int(given) if given in {str(period) for period in figures.PERIODS} else DEFAULT


def _shown(table: figures.Table) -> dict[str, Any]:
    """The table with each cell beside what it is, so that the template needs no logic."""
    rows = [
        [
            {
                "value": cell,
                "number": place > 0 and not isinstance(cell, str | datetime),
                "time": isinstance(cell, datetime),
            }
            for place, cell in enumerate(row)
        ]
        for row in table.rows
    ]
    words = {
        place for row in table.rows for place, cell in enumerate(row) if isinstance(cell, str | datetime)
    }
    headings = [
        {"word": word, "number": bool(table.rows) and place not in words and place > 0}
        for place, word in enumerate(table.headings)
    ]
    return {"table": table, "rows": rows, "headings": headings}


def _lines(table: figures.Table) -> Iterator[str]:
    for row in (table.headings, *table.rows):
        line = io.StringIO()
        csv.writer(line).writerow([_cell(cell) for cell in row])
        yield line.getvalue()


def _cell(cell: Any) -> Any:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return f"'{cell}"
    return cell
