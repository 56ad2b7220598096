"""What of `staging` features may see: the class of every column in a run, what a model may not read, and masks.

Owns: classes of staging columns, the proof that a model of `features` reads no contact data and coarsens what is
sensitive, and the views in which everything else that is protected is NULL. Does not own the classes of a source's
columns (`tasks/ingest/classes.py`) or finding out what SQL reads (`lineage.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from tasks.config.entities import ENTITIES
from tasks.config.errors import WorkspaceError
from tasks.config.privacy_class import PrivacyClass, strictest
from tasks.config.shipped import shipped
from tasks.warehouse.connection import identifier
from tasks.warehouse.lineage import Lineage, Origin, Tables, trace
from tasks.warehouse.models import SqlModel, load_models
from tasks.warehouse.run import Run

#: What is known of a class: that of the entity; with what the workspace declares; with what its files look like, too.
Knowledge = Literal["entity", "declared", "guessed"]
#: Classes whose values stay in `staging`.
PROTECTED: frozenset[PrivacyClass] = frozenset({"contact", "sensitive"})

#: What a workspace's own model may read to the right of `features`.
_PASSABLE = ("staging.", "features.", "segments.", "monitoring.", "ops.load", "ops.run", "ops.publication")
_LOAD_COLUMNS = ("source_name", "load_no", "row_number")
_Classes = Mapping[Origin, PrivacyClass]


@dataclass(frozen=True)
class Privacy:
    """The classes of one run.

    Attributes:
        classes: by what is known, the class of each column of `raw.<entity>`.
        roots: of each column of `staging`, the columns of `raw` that its values come from, and whether each of them
            comes coarsened.
        tables: every table of both with its columns.
    """

    classes: Mapping[Knowledge, _Classes]
    roots: Mapping[Origin, Mapping[Origin, bool]]
    tables: Tables

    def class_of(self, column: Origin, knowledge: Knowledge = "guessed") -> PrivacyClass:
        """The class of a column of `staging`: the strictest of those that its values come from.

        An id of a person is an id, whatever it looks like: without it nothing could be joined. What becomes of ids that
        are contact data themselves is decided at the published door.
        """
        classes = self.classes[knowledge]
        return strictest(
            "plain" if is_coarsened and classes[root] == "sensitive" else _kept(root, classes[root])
            for root, is_coarsened in self.roots.get(column, {}).items()
        )

    def contact_columns(self) -> list[tuple[Origin, str]]:
        """Columns of `staging` that hold contact data, each with the `entity.column` that it comes from.

        Ids that are contact data are among them.
        """
        return [
            (column, _entity_column(root))
            for column, roots in sorted(self.roots.items())
            for root in sorted(roots)
            if self.classes["guessed"][root] == "contact"
        ]

    def protected_names(self) -> frozenset[str]:
        """Names of columns of `raw` and `staging` whose values may not be shown as examples."""
        own = self.classes["guessed"]
        roots = {column for (_, column), privacy in own.items() if privacy in PROTECTED}
        return frozenset(roots | {column[1] for column in self.roots if self.class_of(column) in PROTECTED})


def _kept(root: Origin, privacy: PrivacyClass) -> PrivacyClass:
    return "identifier" if _default(root) == "identifier" else privacy


def _default(root: Origin) -> PrivacyClass:
    table, column = root
    return ENTITIES[table.removeprefix("raw.")].column(column).privacy


def _entity_column(root: Origin) -> str:
    return f"{root[0].removeprefix('raw.')}.{root[1]}"


def privacy_of(run: Run) -> Privacy:
    """The classes of a run: of the entities, the workspace, and the run's source columns in `ops.column_class`."""
    models = load_models("staging", as_of=run.as_of, features=run.workspace.features, extra=run.sql_folder)
    raw = {f"raw.{entity.name}": (*entity.column_names, *_LOAD_COLUMNS) for entity in ENTITIES.values()}
    staging = {model.name.lower(): tuple(column.name.lower() for column in model.columns) for model in models}
    tables = tuple((raw | staging).items())
    roots: dict[Origin, dict[Origin, bool]] = {}
    for model in models:
        lineage = trace(model.form, tables)
        for column in model.columns:
            origins = _origins(lineage, column.name)
            roots[model.name.lower(), column.name.lower()] = _traced(origins, roots, column.coarsens)
    return Privacy(_classes(run), roots, tables)


def _origins(lineage: Lineage, column: str) -> frozenset[Origin]:
    return lineage.outputs.get(column.lower(), lineage.outputs.get("*", frozenset()))


def _traced(
    origins: Iterable[Origin], roots: Mapping[Origin, Mapping[Origin, bool]], coarsens: tuple[str, ...]
) -> dict[Origin, bool]:
    """Columns of `raw` behind some columns of `raw` and `staging`."""
    found: dict[Origin, bool] = {}
    for origin in origins:
        behind = {origin: False} if origin[0].startswith("raw.") else roots.get(origin, {})
        for root, is_coarsened in behind.items():
            if root[1] not in _LOAD_COLUMNS:
                found[root] = found.get(root, True) and (is_coarsened or origin[1] in coarsens)
    return found


def _classes(run: Run) -> dict[Knowledge, _Classes]:
    entity: dict[Origin, PrivacyClass] = {
        (f"raw.{entity.name}", column.name): column.privacy for entity in ENTITIES.values() for column in entity.columns
    }
    # What the workspace says counts: tasks/config/privacy.py lets nothing weaker through than it may be.
    declared = entity | {_root(name): privacy for name, privacy in run.workspace.privacy.columns.items()}
    guessed = dict(declared)
    for columns, privacy, how in run.warehouse.rows(
        "SELECT entity_column_names, class_name, how_name FROM ops.column_class"
        " WHERE attempt_id = $attempt AND how_name <> 'entity' AND entity_column_names <> ''",
        {"attempt": run.attempt_id},
    ):
        for root in map(_root, columns.split(", ")):
            if run.workspace.privacy.pseudonymise and ENTITIES[root[0].removeprefix("raw.")].is_person(root[1]):
                # In `raw.<entity>` stands a pseudonym, whatever the file's id looks like.
                continue
            guessed[root] = strictest([guessed[root], privacy])
            if how == "declared":
                declared[root] = strictest([declared[root], privacy])
    return {"entity": entity, "declared": declared, "guessed": guessed}


def _root(name: str) -> Origin:
    entity, column = name.split(".")
    return f"raw.{entity}", column


def refuse_protected(privacy: Privacy, model: SqlModel) -> None:
    """Let a model of `features` pass that keeps what is protected in `staging`.

    One of ours is held to the classes of the entities, for it knows no workspace: what a workspace protects beyond them
    it gets as NULL. A workspace's own model is held to what the workspace declares.

    Raises:
        WorkspaceError: it reads contact data; or sensitive data for a column that does not coarsen it.
    """
    lineage = trace(model.form, privacy.tables)
    knowledge: Knowledge = "declared" if _is_own(model) else "entity"
    contact = [column for column in sorted(lineage.reads) if privacy.class_of(column, knowledge) == "contact"]
    if contact:
        raise WorkspaceError(
            f"reads {', '.join(map('.'.join, contact))}: contact data never leaves staging",
            where=_place(model, contact[0][1]),
            hint="leave it out; instead of `*` name the columns that the model needs",
        )
    for column in sorted(lineage.reads):
        if privacy.class_of(column, knowledge) == "sensitive" and not _coarsens(model, lineage, column):
            raise WorkspaceError(
                f"{_fault(model, lineage, column)} {'.'.join(column)}: sensitive data leaves staging coarsened only",
                where=_place(model, column[1]),
                hint=f"compute something coarser from it, and say so in the header: `[coarsens={column[1]}]`",
            )


def refuse_leaks(run: Run, models: Iterable[SqlModel]) -> None:
    """Let models to the right of `features` pass: ours know no protected column, a workspace's own ones may.

    Raises:
        WorkspaceError: one reads `raw`, or a column that does not leave `staging`.
    """
    own = [model for model in models if _is_own(model)]
    privacy = privacy_of(run) if own else None
    for model in own:
        for table in sorted(model.reads):
            if not table.lower().startswith(_PASSABLE):
                raise WorkspaceError(
                    f"reads {table}; a model of {model.schema} may read staging, features, segments and monitoring",
                    where=f"{model.path}:1",
                    hint="what is computed from raw rows is a model of staging or features",
                )
        if privacy:
            refuse_protected(privacy, model)


def _is_own(model: SqlModel) -> bool:
    return not model.path.is_relative_to(shipped("sql"))


def _users(model: SqlModel, lineage: Lineage, column: Origin) -> list[str]:
    return [item.name for item in model.columns if column in _origins(lineage, item.name)]


def _coarsens(model: SqlModel, lineage: Lineage, column: Origin) -> bool:
    """Whether a model reads a column for nothing but columns that say to coarsen it, and passes it on in none."""
    saying = {item.name for item in model.columns if column[1] in item.coarsens}
    return bool(saying) and saying.issuperset(_users(model, lineage, column)) and column not in lineage.bare.values()


def _fault(model: SqlModel, lineage: Lineage, column: Origin) -> str:
    passed = [name for name, origin in lineage.bare.items() if origin == column]
    if passed:
        return f"{passed[0]} passes on"
    saying = {item.name for item in model.columns if column[1] in item.coarsens}
    silent = [name for name in _users(model, lineage, column) if name not in saying]
    return f"{silent[0]} is computed from" if silent else "reads"


def _place(model: SqlModel, column: str) -> str:
    """The line on which a column is first named, else that of the first `*`."""
    lines = list(enumerate(model.path.read_text(encoding="utf-8").splitlines(), 1))
    for pattern in (rf"\b{re.escape(column)}\b", r"\*"):
        for number, line in lines:
            if re.search(pattern, line.partition("--")[0], re.IGNORECASE):
                return f"{model.path}:{number}"
    return f"{model.path}:1"


def masks_of(privacy: Privacy, model: SqlModel) -> frozenset[Origin]:
    """The columns of the tables that a model reads which it sees as NULL."""
    lineage = trace(model.form, privacy.tables)
    return frozenset(
        column
        for column in privacy.roots
        if column[0] in {name.lower() for name in model.reads}
        and (found := privacy.class_of(column)) in PROTECTED
        and not (found == "sensitive" and _coarsens(model, lineage, column))
    )


def unseen_reads(privacy: Privacy, model: SqlModel) -> dict[Origin, list[str]]:
    """What a model reads and sees as NULL, each with the columns of its result that come from it."""
    lineage = trace(model.form, privacy.tables)
    return {
        column: _users(model, lineage, column) for column in sorted(masks_of(privacy, model)) if column in lineage.reads
    }


def masks(run: Run, model: SqlModel, privacy: Privacy) -> dict[str, str]:
    """By table, a SELECT that stands for it where a model of `features` may not see everything of it."""
    tables: dict[str, list[str]] = {}
    for table, column in sorted(masks_of(privacy, model)):
        tables.setdefault(table, []).append(column)
    selects = {}
    for table, columns in tables.items():
        types = {name.lower(): kind for name, kind in run.warehouse.columns(f"SELECT * FROM {table}")}
        hidden = ", ".join(f"CAST(NULL AS {types[name]}) AS {identifier(name)}" for name in columns)
        selects[table] = f"SELECT * REPLACE ({hidden}) FROM {table}"
    return selects
