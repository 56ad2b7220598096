"""What the import linter cannot say: which modules know Prefect, how long things are, that every table is guarded."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCES = sorted([*(REPOSITORY / "flows").rglob("*.py"), *(REPOSITORY / "tasks").rglob("*.py")])
#: Those of `predict` make no table: a SELECT for each past day is read into memory.
#: Not those that are read into memory and kept nowhere.
MODELS = sorted(
    path for path in (REPOSITORY / "sql").rglob("*.sql") if path.parent.name not in {"predict", "treatment"}
)


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
    packages = imported(path)
    if "prefect" in packages:
        assert inside.startswith("flows/") or path.name == "tasks.py"
    if "duckdb" in packages:
        assert inside.startswith("tasks/warehouse/")
    if packages & {"great_expectations", "duckdb_engine", "sqlalchemy"}:
        assert inside.startswith("tasks/quality/")
    if packages & {"adbc_driver_postgresql", "adbc_driver_manager"}:
        assert inside == "tasks/ingest/postgres.py"
    if "openlineage" in packages:
        assert inside.startswith("tasks/telemetry/")


@pytest.mark.parametrize(
    "path", [path for path in SOURCES if path.name == "tasks.py"], ids=lambda path: path.parent.name
)
def test_every_task_of_a_run_is_recorded(path: Path) -> None:
    tasks = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)]
    for task in tasks:
        names = [node.id for one in task.decorator_list for node in ast.walk(one) if isinstance(node, ast.Name)]
        if "task" in names:
            assert "recorded" in names, task.name


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_modules_and_functions_stay_short_and_say_what_they_own(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert len(text.splitlines()) <= 300
    assert ast.get_docstring(tree)
    long = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and code_lines(node) > 50]
    assert not long


@pytest.mark.parametrize("path", MODELS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_every_sql_model_has_expectations(path: Path) -> None:
    suite = REPOSITORY / "expectations" / path.parent.name / f"{path.stem}.yaml"
    assert suite.is_file(), f"write {suite.relative_to(REPOSITORY)}"


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
