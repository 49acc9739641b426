"""Finding mods: what a query means, which mods match, and how many more each filter would show.

Rules
- Every word of the query must occur in `Mod.search_text`, wherever in it; at most eight words count.
- Filters add up; values of one filter are alternatives. Deprecated mods are left out unless asked for.
- Relevance: the name itself, then names that begin with the query, then names with its first word, then the
  rest; within each by downloads. Without a query relevance falls back to the latest update.
- The count beside a filter's value is what choosing it would show, the other filters as they are.
- The number of queries is the same whatever is found (see `search`).

The same text matching works on SQLite and PostgreSQL: LIKE over one lower-case column.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.utils import timezone

from catalog.models import Category, GameBuild, Mod

PAGE_SIZE = 12
MAX_WORDS, MAX_QUERY = 8, 100
#: How many names a suggestion looks at, and how alike two words must be.
MAX_NAMES, CLOSE = 2000, 0.72
SORTS = {
    "relevance": "Best match",
    "updated": "Last updated",
    "new": "Newest",
    "downloads": "Most downloaded",
}
#: Days back, and the words of the choice.
UPDATED = {"7": "In the last 7 days", "90": "In the last 90 days"}
ORDER = {
    "updated": ("-updated_at", "-id"),
    "new": ("-created_at", "-id"),
    "downloads": ("-downloads", "-id"),
}
#: A condition that every row fulfils: an empty one can't be counted by.
EVERY = Q(pk__isnull=False)
#: What a cell of the tray shows.
FIELDS = (
    "mod_id",
    "slug",
    "name",
    "summary",
    "authors",
    "latest__version",
    "latest_build",
    "updated_at",
    "downloads",
    "deprecated",
    "replaced_by",
)


@dataclass(frozen=True, slots=True)
class Query:
    """What somebody asks for, as plain values; unknown values were dropped by `read`."""

    text: str = ""
    categories: tuple[str, ...] = ()
    build: str = ""
    updated: str = ""
    deprecated: bool = False
    sort: str = ""

    @property
    def words(self) -> list[str]:
        """The lower-case words that must all occur."""
        return self.text.lower().split()[:MAX_WORDS]

    @property
    def order(self) -> str:
        """The sort in force: the one asked for, else relevance with a query and the latest update without."""
        chosen = self.sort or ("relevance" if self.text else "updated")
        return "updated" if chosen == "relevance" and not self.text else chosen

    @property
    def narrowed(self) -> int:
        """How many filters are set."""
        return len(self.categories) + bool(self.build) + bool(self.updated) + self.deprecated

    def address(self) -> str:
        """The same question as a query string, with its `?`; empty where nothing is asked."""
        pairs = [
            ("q", self.text),
            *(("category", code) for code in self.categories),
            ("build", self.build),
            ("updated", self.updated),
            ("deprecated", "1" if self.deprecated else ""),
            ("sort", self.sort),
        ]
        encoded = urlencode([(name, value) for name, value in pairs if value])
        return f"?{encoded}" if encoded else ""


def read(values: Mapping[str, list[str]]) -> Query:
    """The query that an address asks for. What it does not know it leaves out; nothing here is an error."""

    def one(name: str) -> str:
        return (values.get(name) or [""])[-1].replace("\0", "").strip()

    sort, updated = one("sort"), one("updated")
    codes = dict.fromkeys(code.replace("\0", "")[:40] for code in values.get("category") or () if code)
    return Query(
        text=" ".join(one("q")[:MAX_QUERY].split()),
        categories=tuple(codes)[:20],
        build=one("build")[:40],
        updated=updated if updated in UPDATED else "",
        deprecated=one("deprecated") == "1",
        sort=sort if sort in SORTS else "",
    )


def text_of(
    name: str, mod_id: str, summary: str, authors: Iterable[str], categories: Iterable[str] = ()
) -> str:
    """What `Mod.search_text` must hold for a mod: its words in lower case."""
    words = " ".join(
        [name, mod_id, mod_id.replace(".", " ").replace("-", " "), summary, *authors, *categories]
    )
    return " ".join(words.lower().split())


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a filter: what it is called, how many mods it would show, whether it is chosen."""

    value: str
    word: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters with their values."""

    builds: list[Choice] = field(default_factory=list)
    categories: list[Choice] = field(default_factory=list)
    updated: list[Choice] = field(default_factory=list)
    any_build: int = 0
    any_time: int = 0
    deprecated: int = 0


@dataclass(frozen=True, slots=True)
class Results:
    """One page of what was found, and the filters."""

    query: Query
    page: Page[dict[str, Any]]
    filters: Filters
    current_build: str

    @property
    def total(self) -> int:
        return self.page.paginator.count


def matching(query: Query) -> QuerySet[Mod]:
    """The public mods that a query asks for, in no order."""
    rows = Mod.objects.filter(latest__isnull=False)
    for word in query.words:
        rows = rows.filter(search_text__contains=word)
    if query.build:
        rows = rows.filter(latest_build=query.build)
    if query.updated:
        rows = rows.filter(updated_at__gte=timezone.now() - timedelta(days=int(query.updated)))
    if not query.deprecated:
        rows = rows.filter(deprecated=False)
    if query.categories:
        shelved = Mod.categories.through.objects.filter(category__code__in=query.categories)
        rows = rows.filter(pk__in=shelved.values("mod_id"))
    return rows


def ordered(rows: QuerySet[Mod], query: Query) -> QuerySet[Mod]:
    """The same rows in the order that the query asks for."""
    if query.order in ORDER:
        return rows.order_by(*ORDER[query.order])
    rank = Case(
        When(name__iexact=query.text, then=Value(0)),
        When(mod_id=query.text.lower(), then=Value(0)),
        When(name__istartswith=query.text, then=Value(1)),
        When(name__icontains=query.words[0], then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )
    return rows.order_by(rank, "-downloads", "-id")


def search(query: Query, page: str | int = 1) -> Results:
    """One page of results with the counts of every filter, in six queries at most.

    A page number that is not there gives the nearest one that is.
    """
    builds = list(GameBuild.objects.exclude(status=GameBuild.Status.REFUSED))
    current = next((build.build for build in builds if build.pinned), "")
    filters, total = _filters(query, builds)
    rows = ordered(matching(query), query).values(*FIELDS)
    pages = Paginator(rows, PAGE_SIZE)
    pages.count = total  # taken already; it would be counted a second time
    found = pages.get_page(page)
    found.object_list = list(found.object_list)
    return Results(query, found, filters, current)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A query that finds something where the one asked for finds nothing, and how many mods it finds."""

    text: str
    count: int
    address: str


def suggestion(query: Query) -> Suggestion | None:
    """The same query with words of mods' names that look like the ones typed; None where nothing is close.

    Two queries more, and only for a page that found nothing.
    """
    starts = Q()
    for word in query.words:
        starts |= Q(name__icontains=word[:2])
    names = (
        Mod.objects.public().filter(starts).values_list("name", flat=True)[:MAX_NAMES] if query.words else []
    )
    known = {part for name in names for part in re.findall(r"\w{3,}", name.lower())}
    close = [next(iter(get_close_matches(word, known, n=1, cutoff=CLOSE)), word) for word in query.words]
    better = replace(query, text=" ".join(close))
    if close == query.words or not (count := matching(better).count()):
        return None
    return Suggestion(better.text, count, better.address())


def _sums(query: Query) -> dict[str, int]:
    """All that can be counted in one pass: the total, any time, each span of time, the deprecated ones ("old")."""

    def since(days: str) -> Q:
        return Q(updated_at__gte=timezone.now() - timedelta(days=int(days))) if days else EVERY

    kept = EVERY if query.deprecated else Q(deprecated=False)
    asked = {
        "total": kept & since(query.updated),
        "any": kept,
        "old": Q(deprecated=True) & since(query.updated),
    }
    asked |= {f"days_{days}": kept & since(days) for days in UPDATED}
    sums: dict[str, int] = matching(replace(query, updated="", deprecated=True)).aggregate(
        **{name: Count("id", filter=which) for name, which in asked.items()}
    )
    return sums


def _filters(query: Query, builds: list[GameBuild]) -> tuple[Filters, int]:
    by_build = dict(
        matching(replace(query, build="")).order_by().values_list("latest_build").annotate(Count("id"))
    )
    any_build = sum(by_build.values())
    sums = _sums(query)
    shelved = dict(
        Mod.categories.through.objects.filter(mod__in=matching(replace(query, categories=())))
        .order_by()
        .values_list("category_id")
        .annotate(Count("id"))
    )
    shelves = [
        shelf for shelf in Category.objects.all() if not shelf.retired or shelf.code in query.categories
    ]
    filters = Filters(
        builds=[
            Choice(
                value=build.build,
                word=f"{build.build}, current" if build.pinned else build.build,
                count=by_build.get(build.build, 0),
                chosen=query.build == build.build,
            )
            for build in builds
        ],
        categories=[
            Choice(shelf.code, shelf.name, shelved.get(shelf.pk, 0), shelf.code in query.categories)
            for shelf in shelves
        ],
        updated=[
            Choice(days, word, sums[f"days_{days}"], query.updated == days) for days, word in UPDATED.items()
        ],
        any_build=any_build,
        any_time=sums["any"],
        deprecated=sums["old"],
    )
    return filters, sums["total"]
