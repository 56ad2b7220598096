"""Which features there are, and one relation that holds them all.

Owns: the rule that a feature has one name over all themes. Does not own what a feature means (headers in
`sql/features`) or its values (`build.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from tasks.config.errors import WorkspaceError
from tasks.warehouse.models import ModelColumn, SqlModel
from tasks.warehouse.tables import rows_of_run

#: The column by which themes are joined: first in each of them, and no feature.
KEY = "customer_id"


def feature_catalogue(models: Sequence[SqlModel]) -> dict[str, ModelColumn]:
    """All features by name, in the order of models and of their columns; `customer_id` is not among them.

    Raises:
        WorkspaceError: a model does not begin with `customer_id`, or two models define a feature of one name.
    """
    catalogue: dict[str, ModelColumn] = {}
    owner: dict[str, SqlModel] = {}
    for model in models:
        if not model.columns or model.columns[0].name != KEY:
            first = model.columns[0].name if model.columns else "none"
            raise WorkspaceError(
                f"the first column is {first}, expected {KEY}",
                where=f"{model.path}:1",
                hint="one row is one customer: SELECT customer_id, … FROM staging.customers LEFT JOIN …",
            )
        for column in model.columns[1:]:
            if column.name in catalogue:
                raise WorkspaceError(
                    f"the feature {column.name} is defined twice: here and in {owner[column.name].path}",
                    where=f"{model.path}:1",
                    hint="rules name features without their theme; give one of them another name",
                )
            catalogue[column.name] = column
            owner[column.name] = model
    return catalogue


def wide_relation(run_id: str, models: Sequence[SqlModel]) -> str:
    """A relation to stand after FROM: one row a customer of that run, `customer_id` and all features.

    Only columns that the models describe are in it: a table kept by run may have more, from windows of other days.

    Raises:
        WorkspaceError: there are no features models, or as `feature_catalogue` does.
    """
    feature_catalogue(models)
    if not models:
        raise WorkspaceError("there are no features models", hint="sql/features of the installation is empty")
    themes = [
        f"({rows_of_run(model.name, run_id, [column.name for column in model.columns])}) AS {model.table}"
        for model in models
    ]
    joined = "\n".join([themes[0], *(f"LEFT JOIN {theme} USING ({KEY})" for theme in themes[1:])])
    return f"(SELECT * FROM {joined})"
