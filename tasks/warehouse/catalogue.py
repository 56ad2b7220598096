"""The feature catalogue: every feature by name, with its meaning, and all of a run's features as one relation.

Owns: what features there are, for rules, clusters, drift and profiles alike. Does not own how a feature is computed
(`sql/features`).
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Iterable
from pathlib import Path
from weakref import WeakKeyDictionary

from tasks.config.errors import WorkspaceError
from tasks.config.loading import FILE_NAME
from tasks.config.workspace import Workspace
from tasks.warehouse.connection import identifier
from tasks.warehouse.models import ModelColumn, SqlModel, load_models
from tasks.warehouse.run import Run
from tasks.warehouse.tables import rows_of_run

KEY = "customer_id"
_WINDOW = re.compile(r"(?<=_)\d+d(?=_|$)")
#: What the room `predict` writes: a column for each prediction of the workspace.
PREDICTIONS = "features.customer_prediction"
_KNOWN: WeakKeyDictionary[Run, tuple[int, dt.date, Catalogue]] = WeakKeyDictionary()


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
        of_other_days = [one for one in self.features if _WINDOW.sub("", one) == _WINDOW.sub("", name)]
        # Somebody took its window out: what is spelt nearly as it may be something else.
        if of_other_days and not set(near) & set(of_other_days):
            hint = f"features.windows has not got its days; there are {', '.join(of_other_days)}"
        raise WorkspaceError(f"there is no feature {name!r}", where=where, hint=hint)

    def relation(self, run_id: str, names: Iterable[str] | None = None, *, among: str | None = None) -> str:
        """SQL for a FROM: one row per customer of a run, `customer_id` and the features (all, or those named).

        With `among`, a table of some `customer_id`, these customers alone, and the themes are joined for them alone.

        Only columns that the models describe are in it: a table kept by run may have more, of windows of other days.
        Features of a theme are NULL for a run that had not got it yet: one of an earlier version, or of a workspace
        that did not ask for it.
        """
        wanted = set(self.features) if names is None else set(names)
        parts: list[str] = []
        only_predictions = True
        within = "" if among is None else f" AND {KEY} IN (SELECT {KEY} FROM {among})"
        for model in self.models:
            columns = [column.name for column in model.columns if column.name in wanted]
            if columns:
                parts.append(f"({rows_of_run(model.name, run_id, [KEY, *columns])}{within})")
                only_predictions &= model.name == PREDICTIONS
        if only_predictions:
            parts.insert(0, f"({rows_of_run(self.models[0].name, run_id, [KEY])}{within})")
        first, *others = parts
        joined = f"{first} AS theme0" + "".join(
            f" LEFT JOIN {part} AS theme{position} USING ({identifier(KEY)})" for position, part in enumerate(others, 1)
        )
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


def feature_models(workspace: Workspace, as_of: dt.date) -> list[SqlModel]:
    """Everything that features of a workspace come from: SQL models, ours and its own, and its predictions."""
    extra = workspace.directory / "sql"
    models = load_models("features", as_of=as_of, features=workspace.features, extra=extra)
    return models + prediction_models(workspace)


def prediction_models(workspace: Workspace) -> list[SqlModel]:
    """The table of predictions as a model without SQL; none where nothing is to be predicted."""
    if not workspace.predictions:
        return []
    columns = [ModelColumn(KEY, "the company's own id of the customer", kind="id")]
    for key, prediction in workspace.predictions.items():
        unit = "currency" if prediction.is_amount else "share"
        # Its model learns anew each time, so that the value moves by itself. Drift looks at what it is computed from.
        name, meaning = prediction.feature_name(key), prediction.feature_meaning()
        reach = None if prediction.is_amount else (0.0, 1.0)
        columns.append(ModelColumn(name, meaning, unit, is_cumulative=True, range=reach))
    schema, table = PREDICTIONS.split(".")
    place = Path(workspace.line_of("predictions").rpartition(":")[0] or FILE_NAME)
    what, why = "one row is what is foretold of a customer", "what is done depends on what will come, too"
    return [SqlModel(schema, table, place, "", what, why, "customer", tuple(columns))]


def catalogue_of(run: Run) -> Catalogue:
    """The features of a run's workspace; its models are read once a run, although every room asks."""
    known = _KNOWN.get(run)
    if known is None or known[:2] != (id(run.workspace), run.as_of):
        known = (id(run.workspace), run.as_of, Catalogue(feature_models(run.workspace, run.as_of)))
        _KNOWN[run] = known
    return known[2]
