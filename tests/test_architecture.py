"""Guards of the house: what stands on what, who writes what, and where each name is said once.

Rules
- Imports go down only: accounts, catalog, uploads, moderation, and smmods on top; inside functions too.
- A submission's state is written by `uploads.transitions` alone, a release by the publisher alone.
- Every check file is named by the one tuple; every audit action is said on one page.
- HTTP stays at the door: services take no request.
- There is no attic, and files hold one idea.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ("accounts", "catalog", "uploads", "moderation", "smmods")
ATTIC = {"core", "utils", "helpers", "misc", "common"}
#: Modules at a door: they know HTTP, and nothing below them may.
DOORS = {
    "views",
    "api",
    "api_auth",
    "admin",
    "urls",
    "forms",
    "middleware",
    "adapter",
    "served",
    "served_urls",
    "dev_urls",
    "dev_views",
    "pages",
    "health",
    "refusals",
    "limits",
    "problems",
    "feeds",
}


def sources(*rooms: str) -> Iterator[Path]:
    for room in rooms or LAYERS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module, node.lineno


def test_imports_go_down_only() -> None:
    upward = []
    for place, room in enumerate(LAYERS):
        higher = set(LAYERS[place + 1 :])
        for path in sources(room):
            for module, line in imported(path):
                if module.partition(".")[0] in higher:
                    upward.append(f"{path.relative_to(ROOT)}:{line} imports {module}")
    assert upward == []


def test_rooms_know_each_other_by_absolute_names() -> None:
    relative = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and node.level > 0
    ]
    assert relative == []


def writes_of(field: str) -> Iterator[tuple[Path, int]]:
    """Places that set an attribute `field` or pass it to `.update()`."""
    for path in sources():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Assign):
                targets = node.targets
            elif isinstance(node, ast.AugAssign | ast.AnnAssign):
                targets = [node.target]
            else:
                targets = []
            if any(isinstance(t, ast.Attribute) and t.attr == field for t in targets):
                yield path, node.lineno
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in {"update", "update_or_create", "bulk_update"}
                and any(keyword.arg == field for keyword in node.keywords)
            ):
                yield path, node.lineno


def test_only_move_writes_a_submissions_state() -> None:
    writers = {
        str(path.relative_to(ROOT))
        for path, _ in writes_of("state")
        if path.relative_to(ROOT).parts[0] in {"uploads", "moderation", "smmods"}
    }
    assert writers == {"uploads/transitions.py"}


RELEASE_WRITES = {"create", "get_or_create", "update_or_create", "bulk_create", "update", "save", "delete"}


def test_only_the_publisher_writes_releases_and_the_journal() -> None:
    offenders = []
    for path in sources():
        if path.is_relative_to(ROOT / "catalog" / "publisher"):
            continue
        for node in ast.walk(tree(path)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            chain = ast.unparse(node.func)
            if path.name == "downloads.py" and [word.arg for word in node.keywords] == ["downloads"]:
                continue  # a count that nothing is published from
            if node.func.attr in RELEASE_WRITES and chain.startswith(
                ("Release.objects", "Mod.objects", "Publication.objects", "PublishedDocument.objects")
            ):
                offenders.append(f"{path.relative_to(ROOT)}:{node.lineno} {chain}")
    assert offenders == []


def test_every_check_file_is_in_the_one_tuple() -> None:
    from uploads.checks import CHECKS

    files = {p.stem for p in (ROOT / "uploads" / "checks").glob("*.py")} - {"__init__", "base"}
    named = {check.id for check in CHECKS}
    assert named <= files
    shared = files - named
    for name in shared:
        text = (ROOT / "uploads" / "checks" / f"{name}.py").read_text(encoding="utf-8")
        assert "Check(" not in text, f"{name}.py declares a check that no tuple names"


def test_audit_names_are_said_once() -> None:
    from accounts.audit import Action

    names = [action.value for action in Action]
    assert len(names) == len(set(names))
    said = []
    for path in sources():
        if path == ROOT / "accounts" / "audit.py":
            continue
        said += [
            f"{path.relative_to(ROOT)}:{node.lineno} says {node.value!r}"
            for node in ast.walk(tree(path))
            if isinstance(node, ast.Constant) and node.value in names
        ]
    assert said == []


def test_every_audit_action_is_recorded_by_code_and_looked_at_by_a_test() -> None:
    from accounts.audit import Action

    words = ROOT / "accounts" / "audit_words.py"
    recorded = "".join(path.read_text(encoding="utf-8") for path in sources() if path != words)
    tested = "".join(
        path.read_text(encoding="utf-8")
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if path != Path(__file__)
    )
    assert [a.value for a in Action if f"Action.{a.name}" not in recorded] == []
    assert [a.value for a in Action if f"Action.{a.name}" not in tested and a.value not in tested] == []


def is_of_http(argument: ast.arg) -> bool:
    """A request of a browser: called so, and not said to be something else (what a child process is asked)."""
    kind = ast.unparse(argument.annotation) if argument.annotation is not None else "HttpRequest"
    return argument.arg == "request" and "Request" in kind


def test_http_stays_at_the_door() -> None:
    offenders = []
    for path in sources("accounts", "catalog", "uploads", "moderation"):
        stem = path.stem
        if stem in DOORS or stem.startswith(("views", "admin", "api")) or "templatetags" in path.parts:
            continue
        for module, line in imported(path):
            if module in {"django.http", "django.shortcuts", "django.contrib.messages"}:
                offenders.append(f"{path.relative_to(ROOT)}:{line} imports {module}")
        offenders += [
            f"{path.relative_to(ROOT)}:{node.lineno} {node.name} takes a request"
            for node in ast.walk(tree(path))
            if isinstance(node, ast.FunctionDef) and any(is_of_http(a) for a in node.args.args)
        ]
    assert offenders == []


def test_there_is_no_attic() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in sources()
        if ATTIC & {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}
    ]
    assert found == []


def test_files_hold_one_idea() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sources()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 360
    }
    assert long == {}


def test_no_flag_skips_a_permission() -> None:
    words = ("skip_permission", "bypass", "force=", "ignore_permissions", "as_superuser")
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in sources()
        for word in words
        if word in path.read_text(encoding="utf-8")
    ]
    assert found == []


@pytest.mark.parametrize("room", LAYERS)
def test_every_module_says_what_it_is(room: str) -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in sources(room)
        if path.name != "__init__.py" and not ast.get_docstring(tree(path))
    ]
    assert silent == []
