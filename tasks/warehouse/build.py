"""Building all SQL models of a schema for one run, in the order in which they read each other.

Owns: the checks that a model keeps to its header and to what it may read, and the write of its rows. Does not own
rendering and ordering (`models.py`) or how rows get into a table (`tables.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tasks.config.errors import SqlError, WorkspaceError
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.increments import build_features, build_staged
from tasks.warehouse.models import SqlModel, load_models
from tasks.warehouse.privacy import Privacy, masks, privacy_of, refuse_protected
from tasks.warehouse.run import Run

#: What the models of a schema may read. Not their own schema where it is kept by run: it holds other runs' rows too.
READABLE = {"staging": ("raw", "staging"), "features": ("staging",)}
#: Schemas beyond `staging`, which contact and sensitive columns do not leave.
_SHIELDED = ("features",)
#: Columns that every table that is kept by run has.
_OF_RUNS = frozenset({"as_of_date", "run_id"})
_FEATURE_NAME = re.compile(r"[a-z][a-z0-9_]*")
_WHOLE = r"(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|BOOLEAN)$"
#: How DuckDB draws the line of a statement that it is about.
_SHOWN = re.compile(r"\n\nLINE \d+: (?P<line>.+)")
#: What a message of DuckDB says that is not there, or that it does not understand.
_NAMED = re.compile(r'"(\w+)"|with name (?:\w+[.])*(\w+)')
_SCALARS = re.compile(r"(?!STRUCT|MAP|UNION)[^\[]*$")
#: By kind of a column, the types of DuckDB that it may have.
_TYPES = {
    "number": re.compile(rf"(FLOAT|DOUBLE|DECIMAL\(\d+,\s*\d+\))$|{_WHOLE}"),
    "flag": re.compile(_WHOLE),
    "date": re.compile("DATE$|TIMESTAMP"),
    "category": _SCALARS,
    "id": _SCALARS,
}


def models_of_run(run: Run, schema: str) -> list[SqlModel]:
    """Ours and the workspace's own models of a schema, in build order.

    Raises:
        WorkspaceError: see `models.load_models`; or a model reads a schema or a column that it may not read.
    """
    models = load_models(schema, as_of=run.as_of, features=run.workspace.features, extra=run.sql_folder)
    for model in models:
        _check_reads(model)
    if schema in _SHIELDED:
        privacy = privacy_of(run)
        for model in models:
            refuse_protected(privacy, model)
    return models


def build_schema(run: Run, schema: str) -> dict[str, int]:
    """Build every model of `staging` or `features`; returns the number of rows by ``schema.table``.

    Raises:
        WorkspaceError: see `models_of_run` and `check_columns`.
        SqlError: DuckDB could not compute a model; the error names the file.
    """
    models = models_of_run(run, schema)
    if schema in _SHIELDED:
        privacy = privacy_of(run)
        return {model.name: build_features_model(run, model, privacy) for model in models}
    compared = _asked_for_changes(run)
    return {model.name: _build_staged(run, model, is_compared=model.name in compared) for model in models}


def build_features_model(run: Run, model: SqlModel, privacy: Privacy) -> int:
    """Check one model of `features` and write its rows; returns their number.

    Args:
        run: the run.
        model: one of `models_of_run`.
        privacy: the classes of the run, by which the model sees some columns as NULL.

    Raises:
        WorkspaceError, SqlError: as `build_schema` does.
    """
    check_columns(run.warehouse, model)
    try:
        return build_features(run, model, masks(run, model, privacy))
    except SqlError as error:
        raise _located(error, model) from error


def _build_staged(run: Run, model: SqlModel, *, is_compared: bool) -> int:
    check_columns(run.warehouse, model)
    try:
        return build_staged(run, model, is_compared=is_compared)
    except SqlError as error:
        raise _located(error, model) from error


def _asked_for_changes(run: Run) -> set[str]:
    """Tables of `staging` of which models of `features` ask whose rows have changed."""
    models = load_models("features", as_of=run.as_of, features=run.workspace.features, extra=run.sql_folder)
    return {table for model in models if model.grain == "customer" and not model.is_dated for table in model.reads}


def check_columns(warehouse: Warehouse, model: SqlModel) -> None:
    """Prove that the SELECT gives the columns that the header describes, in that order.

    Raises:
        WorkspaceError: it gives others, and the message names the first difference; or DuckDB cannot bind it, because a
            table, column or function that it names is not there.
    """
    try:
        types = dict(found := warehouse.columns(model.sql))
    except SqlError as error:
        told = _located(error, model)
        raise WorkspaceError(told.message, where=told.where, hint=told.hint) from error
    given = [name for name, _ in found]
    described = [column.name for column in model.columns]
    if given == described:
        if model.schema == "features":
            _check_kinds(model, types)
        return
    repeated = sorted({name for name in described if described.count(name) > 1})
    missing = [name for name in given if name not in described]
    surplus = [name for name in described if name not in given]
    if repeated:
        problem = f"the header describes {', '.join(repeated)} twice"
    elif missing:
        problem = f"the header does not describe {', '.join(missing)}"
    elif surplus:
        problem = f"the header describes {', '.join(surplus)}, which the SELECT does not give"
    else:
        place = next(index for index, pair in enumerate(zip(given, described, strict=False)) if pair[0] != pair[1])
        problem = f"column {place + 1} of the SELECT is {given[place]}, of the header {described[place]}"
    raise WorkspaceError(
        problem,
        where=f"{model.path}:1",
        hint="write one `-- column NAME: meaning` for each column of the SELECT, in the same order",
    )


def _check_kinds(model: SqlModel, types: Mapping[str, str]) -> None:
    """Prove that each feature can be what its header says that it is, and has a name that rules can say."""
    for column in model.columns:
        if column.name in _OF_RUNS or not _FEATURE_NAME.fullmatch(column.name):
            raise WorkspaceError(
                f"{column.name!r} cannot be the name of a feature",
                where=f"{model.path}:1",
                hint="small letters, digits and _, a letter first; as_of_date and run_id are the run's own",
            )
        if not _TYPES[column.kind].match(types[column.name]):
            raise WorkspaceError(
                f"{column.name} is a {column.kind} by its header, and {types[column.name]} by the SELECT",
                where=f"{model.path}:1",
                hint="cast it, or say what it is in the header: [category], [flag], [date], [id]; else a number",
            )


def _check_reads(model: SqlModel) -> None:
    for table in sorted(model.reads):
        if table.split(".")[0].casefold() not in READABLE[model.schema]:
            allowed = " and ".join(f"{schema}.*" for schema in READABLE[model.schema])
            raise WorkspaceError(
                f"reads {table}; a model of {model.schema} may read {allowed} only",
                where=f"{model.path}:1",
                hint="other tables hold rows that the as-of day must not see, or rows of other runs",
            )


def _located(error: SqlError, model: SqlModel) -> SqlError:
    """The error with the model's file, and its first line below the header that has what it is about."""
    lines = model.path.read_text(encoding="utf-8").splitlines()
    # Not its number: a rendered template has other lines than its file, and a statement begins before the model's.
    shown = _SHOWN.search(str(error.__cause__))
    named = _NAMED.search(error.message)
    name = re.compile(rf"\b{named[1] or named[2]}\b", re.IGNORECASE) if named else None
    body = [(number, line) for number, line in enumerate(lines, 1) if not line.startswith("--")]
    same = [number for number, line in body if shown and line.strip() == shown["line"].strip()]
    having = [number for number, line in body if name and name.search(line)]
    number = next(iter(same or having), None)
    return SqlError(error.message, where=f"{model.path}:{number}" if number else str(model.path), hint=error.hint)
