"""The feature catalogue as people and programs read it: every feature with its type, window, sources and sensitivity.

Owns: what is told of a feature beyond its header: the type that DuckDB gives it, the columns of entities that it comes
from, and the strictest privacy class among them. Does not own the features (`sql/features`), the catalogue that rules
look names up in (`tasks/warehouse/catalogue.py`) or the classes (`tasks/warehouse/privacy.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from tasks.config.privacy_class import PrivacyClass, strictest
from tasks.config.shipped import shipped
from tasks.warehouse.build import check_columns, models_of_run
from tasks.warehouse.catalogue import KEY, Catalogue
from tasks.warehouse.lineage import Origin, trace
from tasks.warehouse.models import Kind, ModelColumn, SqlModel
from tasks.warehouse.privacy import Privacy, privacy_of, unseen_reads
from tasks.warehouse.run import Run

_Found = TypeVar("_Found")
Move = Literal["calendar", "cumulative", "external"]


@dataclass(frozen=True, slots=True)
class FeatureEntry:
    """One feature.

    Attributes:
        name: as rules write it.
        theme: its table without `customer_`.
        meaning: in words.
        unit: such as days, currency, share; empty: none.
        range: the lowest and the highest value that it can have; None: not said.
        kind: how it is read.
        type: of its column in DuckDB.
        window_days: the days that end with the as-of day and that it looks at; None: all history, or the newest record.
        moves: how its value moves by itself, whatever a customer does.
        privacy_class: the strictest of its source columns.
        coarsens: sensitive columns that it tells less than, so that it may leave `staging`.
        source_columns: columns of entities that its value comes from, `entity.column`; of a number of rows, the entity.
        unseen_columns: those of them that are protected in this workspace, and seen as NULL.
        owner: who is asked about it.
        is_own: the model is the workspace's own.
        file: of the model.
    """

    name: str
    theme: str
    meaning: str
    unit: str
    range: tuple[float, float] | None
    kind: Kind
    type: str
    window_days: int | None
    moves: tuple[Move, ...]
    privacy_class: PrivacyClass
    coarsens: tuple[str, ...]
    source_columns: tuple[str, ...]
    unseen_columns: tuple[str, ...]
    owner: str
    is_own: bool
    file: str

    @property
    def unit_and_range(self) -> str:
        """As tables show them, such as ``share, 0 to 1``."""
        reach = "" if self.range is None else "{:g} to {:g}".format(*self.range)
        return ", ".join(filter(None, (self.unit, reach)))


def list_features(run: Run) -> list[FeatureEntry]:
    """Every feature of a run's workspace, by model and in its order. The tables of `staging` must be there.

    Raises:
        WorkspaceError: a feature is defined twice, or a model does not keep to its header or reads what it may not.
        SqlError: DuckDB refused a model; the error names the file.
    """
    models = models_of_run(run, "features")
    Catalogue(models)
    privacy, entities = privacy_of(run), _entities_behind(run)
    ordered = sorted(models, key=lambda model: model.table)
    return [entry for model in ordered for entry in _entries(run, model, privacy, entities)]


def moves_of(column: ModelColumn) -> tuple[Move, ...]:
    """How a feature moves by itself, as its header says."""
    marks: dict[Move, bool] = {
        "calendar": column.is_calendar_driven,
        "cumulative": column.is_cumulative,
        "external": column.is_external,
    }
    return tuple(name for name, holds in marks.items() if holds)


def _entities_behind(run: Run) -> dict[str, frozenset[str]]:
    """By table of `staging`, the entities whose rows become its rows."""
    found: dict[str, frozenset[str]] = {}
    for model in models_of_run(run, "staging"):
        raw = {table.removeprefix("raw.") for table in model.reads if table.startswith("raw.")}
        found[model.name] = frozenset(raw).union(*(found.get(table, frozenset()) for table in model.reads))
    return found


def _entries(run: Run, model: SqlModel, privacy: Privacy, entities: Mapping[str, frozenset[str]]) -> list[FeatureEntry]:
    check_columns(run.warehouse, model)
    types = dict(run.warehouse.columns(model.sql))
    lineage = trace(model.form, privacy.tables)
    unseen = unseen_reads(privacy, model)
    is_own = not model.path.is_relative_to(shipped("sql"))
    entries = []
    for column in model.columns:
        if column.name == KEY:
            continue
        sources = _roots(privacy, _of_column(lineage.outputs, column.name))
        counted = _of_column(lineage.counted, column.name)
        rows = sorted(frozenset[str]().union(*(entities.get(table, frozenset()) for table in counted)))
        hidden = _roots(privacy, frozenset(origin for origin, names in unseen.items() if column.name.lower() in names))
        entries.append(
            FeatureEntry(
                name=column.name,
                theme=model.table.removeprefix("customer_"),
                meaning=column.meaning,
                unit=column.unit,
                range=column.range,
                kind=column.kind,
                type=types[column.name],
                window_days=column.window_days,
                moves=moves_of(column),
                privacy_class=strictest(privacy.classes["guessed"][root] for root in sources),
                coarsens=column.coarsens,
                source_columns=tuple(map(_written, sources) if sources else rows),
                unseen_columns=tuple(map(_written, hidden)),
                owner=model.owner or run.workspace.quality.owner,
                is_own=is_own,
                file=str(model.path),
            )
        )
    return entries


def _of_column(found: Mapping[str, frozenset[_Found]], name: str) -> frozenset[_Found]:
    """What is noted of a column of a model, or of all where its SQL could not be followed."""
    return found.get(name.lower(), found.get("*", frozenset()))


def _roots(privacy: Privacy, origins: frozenset[Origin]) -> list[Origin]:
    """Columns of `raw` behind columns of `staging`, but for the customer's id, by which the rows of each are told."""
    return sorted({root for origin in origins for root in privacy.roots.get(origin, {}) if root[1] != KEY})


def _written(root: Origin) -> str:
    return f"{root[0].removeprefix('raw.')}.{root[1]}"
