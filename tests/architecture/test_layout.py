"""What the import linter cannot say: which modules know Prefect, how long things are, what their openings name."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCES = sorted([*(REPOSITORY / "flows").rglob("*.py"), *(REPOSITORY / "tasks").rglob("*.py")])
#: Which modules may know a library, as the beginning of their path or their name; of others any may.
HOMES = {
    "prefect": ("flows/", "tasks.py"),
    "duckdb": ("tasks/warehouse/",),
    "great_expectations": ("tasks/quality/",),
    "duckdb_engine": ("tasks/quality/",),
    "sqlalchemy": ("tasks/quality/",),
    "adbc_driver_postgresql": ("tasks/ingest/postgres.py",),
    "adbc_driver_manager": ("tasks/ingest/postgres.py",),
    "openlineage": ("tasks/telemetry/",),
}
#: A file that a module's opening names.
_FILE = re.compile(r"`([\w/]+\.(?:py|sql|md|j2))`")


def imported(path: Path) -> set[str]:
    """The top-level packages that a module imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


def code_lines(function: ast.FunctionDef) -> int:
    """Lines of a function but for its docstring."""
    lines = (function.end_lineno or 0) - function.lineno + 1
    docstring = ast.get_docstring(function, clean=False)
    return lines - (len(docstring.splitlines()) if docstring else 0)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_libraries_are_known_only_where_they_belong(path: Path) -> None:
    inside = path.relative_to(REPOSITORY).as_posix()
    for package in sorted(imported(path) & HOMES.keys()):
        is_home = any(inside.startswith(home) or path.name == home for home in HOMES[package])
        assert is_home, f"{inside} imports {package}, which only {' and '.join(HOMES[package])} may know"


@pytest.mark.parametrize(
    "path", [path for path in SOURCES if path.name == "tasks.py"], ids=lambda path: path.parent.name
)
def test_every_task_of_a_run_is_recorded(path: Path) -> None:
    tasks = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)]
    for task in tasks:
        names = [node.id for one in task.decorator_list for node in ast.walk(one) if isinstance(node, ast.Name)]
        if "task" in names:
            told = f"{path.relative_to(REPOSITORY)}: write @recorded(…) below @task of {task.name}, so that it is a step of its run"
            assert "recorded" in names, told


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_modules_and_functions_stay_short_and_say_what_they_own(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    lines = len(text.splitlines())
    assert lines <= 300, f"{lines} lines: part it by what it owns"
    opening = ast.get_docstring(tree)
    assert opening, "begin it with what it owns, and what it does not"
    for named in _FILE.findall(opening):
        is_there = (path.parent / named).exists() or (REPOSITORY / named).exists()
        assert is_there, f"its opening names {named}: neither beside it nor, as a path, in the repository"
    long = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and code_lines(node) > 50]
    assert not long, f"functions of more than 50 lines: {', '.join(long)}"


def test_no_module_is_a_drawer_for_everything() -> None:
    assert not {path.stem for path in SOURCES} & {"utils", "helpers", "common", "misc", "util"}


@pytest.mark.parametrize("room", ["audit", "drift", "overlap", "predict", "segments", "treatment"])
def test_rooms_that_compute_follow_the_line_of_their_run(room: str) -> None:
    """In a backfill earlier dates are not the published ones: `Run.earlier` knows them, the ledger does not."""
    for path in sorted((REPOSITORY / "tasks" / room).rglob("*.py")):
        if path.name != "told.py":
            text = path.read_text(encoding="utf-8")
            assert "publications(" not in text, path
            assert "ops.publication" not in text, path
