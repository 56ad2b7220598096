"""The class of every source column in a run: declared by the workspace, given by the entity, or guessed from the file.

Owns: `ops.column_class`, and telling which columns look like contact or sensitive data though nobody says so. Does not
own the guess (`guess.py`), or what follows from a class (`tasks/warehouse/privacy.py`).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from tasks.config.entities import ENTITIES
from tasks.config.errors import WorkspaceError
from tasks.config.privacy_class import PrivacyClass, is_stricter, strictest
from tasks.config.workspace import Workspace
from tasks.ingest.guess import Guess
from tasks.ingest.mapping import Mapping, parse_mapping
from tasks.warehouse import ledger
from tasks.warehouse.privacy import PROTECTED
from tasks.warehouse.run import Run

_SCHEMA = {
    "source_name": pl.String,
    "column_name": pl.String,
    "entity_column_names": pl.String,
    "class_name": pl.String,
    "how_name": pl.String,
    "reason": pl.String,
}


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """A column of a source's files (of a lookup: `lookup.column`), what it feeds, and its class."""

    source: str
    name: str
    feeds: tuple[str, ...]
    privacy: PrivacyClass
    how: str
    reason: str
    warning: str | None = None


def keep_classes(run: Run) -> list[str]:
    """Write the class of every source column that the run sees; returns what is to be warned of, also kept as alerts.

    Raises:
        WorkspaceError: a source declares a column that none of its files has.
    """
    columns = [column for name in run.workspace.sources for column in classify(run, name)]
    rows = [
        (column.source, column.name, ", ".join(column.feeds), column.privacy, column.how, column.reason)
        for column in columns
    ]
    told = [(f"{column.source}.{column.name}", column.warning) for column in columns if column.warning]
    with run.warehouse.transaction():
        run.warehouse.execute("DELETE FROM ops.column_class WHERE attempt_id = $attempt", {"attempt": run.attempt_id})
        attempt = "$attempt_id AS attempt_id, $run_id AS run_id, CAST($as_of_date AS DATE) AS as_of_date"
        with run.warehouse.registered("classified", pl.DataFrame(rows, schema=_SCHEMA, orient="row")):
            run.warehouse.execute(
                f"INSERT INTO ops.column_class BY NAME SELECT {attempt}, classified.* FROM classified", run.attempt
            )
        for subject, message in told:
            ledger.raise_alert(
                run.warehouse, run.attempt, severity="warning", kind="privacy", subject=subject, message=message
            )
    return [message for _, message in told]


def classify(run: Run, name: str) -> list[SourceColumn]:
    """The columns of one source: those of its files in their order, and what its mapping reads besides."""
    mapping = parse_mapping(run.workspace, name)
    guesses = _guesses(run, name)
    _check_declared(run.workspace, name, guesses)
    feeds: dict[str, list[str]] = {}
    for entity_column, inputs in mapping.inputs.items():
        for column in inputs:
            feeds.setdefault(column.casefold(), []).append(f"{mapping.source.entity}.{entity_column}")
    declared = {column.casefold(): (column, privacy) for column, privacy in mapping.source.privacy.items()}
    spelled = {column.casefold(): column for inputs in mapping.inputs.values() for column in inputs}
    spelled |= {key: column for key, (column, _) in declared.items()} | {key: it for key, (it, _) in guesses.items()}
    return [
        _classified(
            run.workspace,
            mapping,
            spelled[key],
            tuple(sorted(feeds.get(key, []))),
            declared[key][1] if key in declared else None,
            guesses[key][1] if key in guesses else Guess(),
        )
        for key in (*guesses, *sorted(spelled.keys() - guesses.keys()))
    ]


def _classified(
    space: Workspace,
    mapping: Mapping,
    column: str,
    feeds: tuple[str, ...],
    declared: PrivacyClass | None,
    guess: Guess,
) -> SourceColumn:
    if declared:
        return SourceColumn(mapping.name, column, feeds, declared, "declared", f"sources.{mapping.name}.privacy")
    own = {name: _entity_class(space, name) for name in feeds}
    weaker = [name for name in feeds if is_stricter(guess.privacy, own[name]) and not _is_replaced(space, name)]
    if feeds and not weaker:
        return SourceColumn(mapping.name, column, feeds, strictest(own.values()), "entity", ", ".join(feeds))
    warning = _warning(mapping, column, weaker, guess) if weaker and guess.privacy in PROTECTED else None
    return SourceColumn(mapping.name, column, feeds, guess.privacy, "guessed", guess.reason, warning)


def _entity_class(space: Workspace, name: str) -> PrivacyClass:
    entity, column = name.split(".")
    return space.privacy.columns.get(name, ENTITIES[entity].column(column).privacy)


def _is_replaced(space: Workspace, name: str) -> bool:
    """Whether a pseudonym takes the column's place right of `raw`: then it may look like anything."""
    entity, column = name.split(".")
    return space.privacy.pseudonymise and ENTITIES[entity].is_person(column)


def _warning(mapping: Mapping, column: str, weaker: Iterable[str], guess: Guess) -> str:
    fed = [name.split(".")[1] for name in weaker]
    ids = [name for name in fed if mapping.entity.column(name).privacy == "identifier"]
    also = f"; {ids[0]} is needed to join: switch on privacy.pseudonymise" if ids else ""
    return (
        f"{mapping.name}.{column} looks like {guess.privacy} data ({guess.reason}) and is mapped to {', '.join(fed)}:"
        f" treated as {guess.privacy}{also}; declare it under sources.{mapping.name}.privacy"
    )


def _guesses(run: Run, source: str) -> dict[str, tuple[str, Guess]]:
    """By its name in lower case, each column of the files that the run sees, with the strictest guess of it."""
    numbers = {load_id: number for load_id, number, name, _ in run.visible_loads() if name == source}
    rows = run.warehouse.rows(
        "SELECT load_id, column_name, class_name, reason FROM ops.column_guess WHERE source_name = $source"
        " ORDER BY column_no",
        {"source": source},
    )
    found: dict[str, tuple[str, Guess]] = {}
    for _, column, privacy, reason in sorted(
        (row for row in rows if row[0] in numbers), key=lambda row: numbers[row[0]], reverse=True
    ):
        known = found.setdefault(column.casefold(), (column, Guess()))
        if is_stricter(privacy, known[1].privacy):
            found[column.casefold()] = (known[0], Guess(privacy, reason))
    return found


def _check_declared(space: Workspace, source: str, guesses: dict[str, tuple[str, Guess]]) -> None:
    """Refuse a declared column that no file has; nothing can be said before there is a file."""
    present = [column for column, _ in guesses.values()]
    for column in space.sources[source].privacy if present else ():
        if column.casefold() not in guesses:
            near = difflib.get_close_matches(column, present, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"its files have {', '.join(present)}"
            raise WorkspaceError(
                f"sources.{source}.privacy: no file of the source has a column {column!r}",
                where=space.line_of("sources", source, "privacy", column),
                hint=hint,
            )
