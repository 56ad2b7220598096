"""The feature catalogue: every feature by name, with its meaning, and all of a run's features as one relation.

Owns: what features there are, for rules, clusters, drift and profiles alike. Does not own how a feature is computed
(`sql/features`).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from tasks.config.errors import WorkspaceError
from tasks.warehouse.connection import identifier
from tasks.warehouse.models import ModelColumn, SqlModel, load_models
from tasks.warehouse.run import Run
from tasks.warehouse.tables import rows_of_run

KEY = "customer_id"


class Catalogue:
    """The features of all theme models, in the order of the models."""

    def __init__(self, models: Iterable[SqlModel]) -> None:
        """Collect the features.

        Raises:
            WorkspaceError: a model does not begin with `customer_id`, or two models have a feature of one name.
        """
        self.models = list(models)
        self.features: dict[str, ModelColumn] = {}
        owner: dict[str, SqlModel] = {}
        for model in self.models:
            _check_key(model)
            for column in model.columns[1:]:
                if column.name in owner:
                    raise WorkspaceError(
                        f"the feature {column.name!r} is defined twice: here and in {owner[column.name].path}",
                        where=f"{model.path}:1",
                        hint="rules name features without their theme; give one of them another name",
                    )
                owner[column.name] = model
                self.features[column.name] = column

    def find(self, name: str, *, where: str) -> ModelColumn:
        """A feature by name.

        Raises:
            WorkspaceError: there is none; the nearest is named.
        """
        if name in self.features:
            return self.features[name]
        near = difflib.get_close_matches(name, self.features, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "docs/reference/features.md lists the features"
        raise WorkspaceError(f"there is no feature {name!r}", where=where, hint=hint)

    def relation(self, run_id: str, names: Iterable[str] | None = None) -> str:
        """SQL for a FROM: one row per customer of a run, `customer_id` and the features (all, or those named).

        Only columns that the models describe are in it: a table kept by run may have more, of windows of other days.
        """
        wanted = set(self.features) if names is None else set(names)
        parts = []
        for model in self.models:
            columns = [column.name for column in model.columns if column.name in wanted]
            if columns:
                parts.append(f"({rows_of_run(model.name, run_id, [KEY, *columns])})")
        if not parts:
            parts = [f"({rows_of_run(self.models[0].name, run_id, [KEY])})"]
        first, *others = (f"{part} AS theme{position}" for position, part in enumerate(parts))
        joined = first + "".join(f" JOIN {other} USING ({identifier(KEY)})" for other in others)
        columns = [KEY, *(name for name in self.features if name in wanted)]
        return f"(SELECT {', '.join(map(identifier, columns))} FROM {joined})"


def _check_key(model: SqlModel) -> None:
    if not model.columns or model.columns[0].name != KEY:
        first = model.columns[0].name if model.columns else "none"
        raise WorkspaceError(
            f"the first column is {first}, expected {KEY}",
            where=f"{model.path}:1",
            hint="one row is one customer: SELECT customer_id, … FROM staging.customers LEFT JOIN …",
        )


def catalogue_of(run: Run) -> Catalogue:
    """The features of a run's workspace."""
    return Catalogue(load_models("features", as_of=run.as_of, features=run.workspace.features, extra=run.sql_folder))
