"""Reading suites: `expectations/<schema>/<table>.yaml`, ours and a workspace's own.

Owns: what a suite may say, and telling where and how one is wrong. Does not own the expectations there are
(`vocabulary.py`) or when a suite is run (`gate.py`).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml
from pydantic import Field, ValidationError

from tasks.config.errors import WorkspaceError
from tasks.config.features import Strict
from tasks.config.readable import wrong_value
from tasks.config.shipped import shipped
from tasks.config.sources import EntityName
from tasks.config.workspace import Workspace
from tasks.quality import vocabulary
from tasks.quality.told import columns_of

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Door = Literal["raw", "staging", "features", "segments", "monitoring", "published"]
Severity = Literal["critical", "warning"]
#: The schemas whose tables each door guards, in the order of the corridor.
DOORS: dict[Door, tuple[str, ...]] = {
    "raw": ("ops", "raw"),
    "staging": ("staging",),
    "features": ("features",),
    "segments": ("segments",),
    "monitoring": ("monitoring",),
    "published": ("published",),
}
_Location = tuple[str | int, ...]
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Expectation(Strict):
    """One check: `meaning` says in plain words what holds when it succeeds, `consequence` what is wrong where not."""

    type: str
    kwargs: dict[str, Any] = Field(default_factory=dict)
    severity: Severity
    meaning: str = Field(min_length=1)
    told: str | None = Field(
        default=None, min_length=1, description="what a row of the query says, with its columns in braces"
    )
    consequence: str | None = Field(default=None, min_length=1, description="what readers would get wrong")
    owner: str | None = Field(default=None, min_length=1, description="who works on a failure; else the suite's")
    runbook: str | None = Field(default=None, min_length=1, description="what to do about a failure; else the suite's")
    mostly: float | None = Field(default=None, gt=0, le=1, description="the share of rows that suffices")
    requires: list[EntityName] = Field(default_factory=list, description="not checked where no source maps to these")

    @property
    def column_name(self) -> str | None:
        """The column or columns looked at; None for a whole table or a query."""
        named = self.kwargs
        listed = named.get("columns") or named.get("column_list") or [named.get("column_A"), named.get("column_B")]
        return str(named["column"]) if "column" in named else ", ".join(str(name) for name in listed if name) or None


class _SuiteFile(Strict):
    """A file as it is written."""

    table: str
    description: str = Field(min_length=1)
    owner: str | None = Field(default=None, min_length=1, description="who works on a failure")
    runbook: str | None = Field(default=None, min_length=1, description="a page below docs/, or an address")
    requires: list[EntityName] = Field(default_factory=list, description="not checked where no source maps to these")
    may_be_missing: str | None = Field(default=None, description="why the table may not be there; then not checked")
    replaces: bool = Field(default=False, description="in a workspace: instead of our suite, not beside it")
    expectations: list[Expectation] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Check:
    """One expectation of a table, numbered from 1 in the order of the suite, and where it is written.

    Its owner and runbook are those of its suite where it has none of its own.
    """

    number: int
    expectation: Expectation
    where: str


@dataclass(frozen=True, slots=True)
class Suite:
    """All checks of one table."""

    table: str
    description: str
    requires: tuple[EntityName, ...]
    may_be_missing: str | None
    checks: tuple[Check, ...]


def load_suites(workspace: Workspace, door: Door) -> list[Suite]:
    """The suites of a door's tables, in the order of their names.

    A workspace's own suite adds its checks to ours for the same table, or replaces them where it says `replaces`.

    Raises:
        WorkspaceError: a suite cannot be read; every problem found in it is in the message.
    """
    suites = {suite.table: suite for suite in _shipped_suites(door)}
    folder = own_folder(workspace)
    for file in _files(folder, door) if folder else ():
        suite, replaces = read_suite(file, workspace.quality.owner)
        ours = suites.get(suite.table)
        suites[suite.table] = suite if ours is None or replaces else _joined(ours, suite)
    return [suites[table] for table in sorted(suites)]


@cache
def _shipped_suites(door: Door) -> tuple[Suite, ...]:
    """Ours, read once in a process."""
    return tuple(read_suite(file)[0] for file in _files(shipped("expectations"), door))


def own_folder(workspace: Workspace) -> Path | None:
    """The folder of the workspace's own suites; None where it has none.

    Raises:
        WorkspaceError: the folder is named but not there, or holds a folder that no door looks into.
    """
    if workspace.quality.expectations is None:
        return None
    where = workspace.line_of("quality", "expectations")
    folder = workspace.resolve(workspace.quality.expectations)
    if not folder.is_dir():
        raise WorkspaceError(
            f"quality.expectations: there is no folder {folder}",
            where=where,
            hint="make it, with suites such as staging/order_lines.yaml in it, or leave the key out",
        )
    schemas = [schema for guarded in DOORS.values() for schema in guarded]
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name not in schemas and not path.name.startswith("."):
            near = difflib.get_close_matches(path.name, schemas, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"folders are named {', '.join(schemas)}"
            raise WorkspaceError(f"no door checks the folder {path.name!r} of {folder}", where=where, hint=hint)
    return folder


def read_suite(file: Path, default_owner: str | None = None) -> tuple[Suite, bool]:
    """Read one file; returns its suite and whether it replaces ours.

    Args:
        file: the suite.
        default_owner: who works on failures of a suite that names nobody; None for a suite of ours, which has to say
            owner, runbook and consequences.

    Raises:
        WorkspaceError: not YAML, a wrong key or value, an unknown expectation, or another table than its path says.
    """
    tree, lines = _parse(file)
    try:
        read = _SuiteFile.model_validate(tree)
    except ValidationError as error:
        problems = [(tuple(detail["loc"]), _explained(detail)) for detail in error.errors()]
        raise _wrong(file, lines, problems) from error
    expected = f"{file.parent.name}.{file.stem}"
    problems = (
        [(("table",), f"the file's place says {expected!r}, got {read.table!r}")] if read.table != expected else []
    )
    if default_owner is None:
        problems.extend(_unsaid(read))
    for index, expectation in enumerate(read.expectations):
        problems.extend(_problems(expectation, ("expectations", index)))
    if problems:
        raise _wrong(file, lines, problems)
    checks = tuple(
        Check(index + 1, _resolved(expectation, read, default_owner), f"{file}:{_line(lines, ('expectations', index))}")
        for index, expectation in enumerate(read.expectations)
    )
    return Suite(read.table, read.description, tuple(read.requires), read.may_be_missing, checks), read.replaces


def _unsaid(suite: _SuiteFile) -> Iterator[tuple[_Location, str]]:
    """What a suite of ours has to say and does not."""
    for key in ("owner", "runbook"):
        if getattr(suite, key) is None:
            yield (key,), f"the key {key!r} is missing"
    for index, expectation in enumerate(suite.expectations):
        if expectation.consequence is None:
            yield ("expectations", index), "the key 'consequence' is missing"


def _resolved(expectation: Expectation, suite: _SuiteFile, default_owner: str | None) -> Expectation:
    """The expectation with the owner and runbook that hold for it."""
    owner = expectation.owner or suite.owner or default_owner
    return expectation.model_copy(update={"owner": owner, "runbook": expectation.runbook or suite.runbook})


def _files(folder: Path, door: Door) -> list[Path]:
    return [file for schema in DOORS[door] for file in sorted((folder / schema).glob("*.yaml"))]


def _joined(ours: Suite, own: Suite) -> Suite:
    last = len(ours.checks)
    added = tuple(Check(last + check.number, check.expectation, check.where) for check in own.checks)
    return Suite(ours.table, ours.description, ours.requires, ours.may_be_missing, ours.checks + added)


def _parse(file: Path) -> tuple[object, dict[_Location, int]]:
    """The YAML tree, and the line of every key and item in it."""
    try:
        loader = _Loader(file.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        lines = dict(_lines(node, ())) if node else {}
        return (loader.construct_document(node) if node else None), lines
    except OSError as error:
        raise WorkspaceError(f"cannot read the suite: {error.strerror or error}", where=str(file)) from error
    except UnicodeDecodeError as error:
        raise WorkspaceError(f"not UTF-8 at byte {error.start}", where=str(file), hint="save it as UTF-8") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise WorkspaceError(
            f"not YAML: {error.problem or error}", where=f"{file}:{line}", hint="check indentation, quotes and colons"
        ) from error


def _lines(node: yaml.Node, location: _Location) -> Iterator[tuple[_Location, int]]:
    yield location, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _lines(value, (*location, key.value))
            yield (*location, key.value), key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _lines(item, (*location, index))


def _line(lines: dict[_Location, int], location: _Location) -> int:
    """The line of a key or item, or of its nearest parent that the file has."""
    return next((lines[location[:size]] for size in range(len(location), -1, -1) if location[:size] in lines), 1)


def _problems(expectation: Expectation, location: _Location) -> Iterator[tuple[_Location, str]]:
    problem = vocabulary.problem_of_type(expectation.type)
    if problem:
        yield (*location, "type"), problem
        return
    for text in _problems_of_told(expectation):
        yield (*location, "told"), text
    has_mostly = expectation.mostly is not None
    for key, text in vocabulary.problems_of_keys(expectation.type, expectation.kwargs, has_mostly=has_mostly):
        yield (*location, "kwargs", *((key,) if key else ())), text


def _problems_of_told(expectation: Expectation) -> Iterator[str]:
    if expectation.told is None:
        return
    if "query" not in expectation.kwargs:
        yield f"it says what a row of a query says, and {expectation.type} has no `query`"
    try:
        columns_of(expectation.told)
    except ValueError as error:
        yield f"{error}: write a column in braces, such as {{source_name}} or {{row_count:,}}, and a brace as {{{{"


def _explained(detail: ErrorDetails) -> str:
    *parents, key = detail["loc"] or ("",)
    if detail["type"] == "extra_forbidden":
        model: type[Strict] = Expectation if parents else _SuiteFile
        near = difflib.get_close_matches(str(key), model.model_fields, n=1)
        known = ", ".join(model.model_fields)
        return f"unknown key {key!r}; " + (f"did you mean {near[0]!r}?" if near else f"expected one of {known}")
    if detail["type"] == "missing":
        return f"the key {key!r} is missing"
    return f"{key}: {wrong_value(detail)}"


def _wrong(file: Path, lines: dict[_Location, int], problems: list[tuple[_Location, str]]) -> WorkspaceError:
    """One error that lists every problem by line."""
    told = [(_line(lines, location), text) for location, text in problems]
    if len(told) == 1:
        return WorkspaceError(told[0][1], where=f"{file}:{told[0][0]}")
    listed = "\n  ".join(f"{file}:{line}: {text}" for line, text in sorted(told))
    return WorkspaceError(f"{len(told)} problems in the suite:\n  {listed}")
