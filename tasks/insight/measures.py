"""Key figures, flows and combinations of segments: the SQL models of `monitoring`.

Owns: the names those models use for this run and the one before. Does not own the models (`sql/monitoring`).
"""

from __future__ import annotations

from tasks.insight.news import write_news
from tasks.warehouse import tables
from tasks.warehouse.catalogue import catalogue_of
from tasks.warehouse.connection import literal
from tasks.warehouse.models import SqlModel, load_models
from tasks.warehouse.privacy import refuse_leaks
from tasks.warehouse.provenance import code_version
from tasks.warehouse.reading import heeded_entities
from tasks.warehouse.run import Run


def monitoring_models(run: Run) -> list[SqlModel]:
    """The models of `monitoring` for this run, in the order in which they can be built."""
    multiple = [name for name in run.workspace.segmentations if name not in run.workspace.single_membership]
    previous = run.previous
    numbers = [str(number) for _, number, *_ in run.visible_loads()]
    return load_models(
        "monitoring",
        as_of=run.as_of,
        features=run.workspace.features,
        extra=run.sql_folder,
        values={
            "run_id": literal(run.run_id),
            "previous_run_id": literal(previous.run_id) if previous else "CAST(NULL AS VARCHAR)",
            "previous_as_of": literal(previous.as_of) if previous else "CAST(NULL AS DATE)",
            # An empty list is no SQL; no segmentation is called ''.
            "multiple": ", ".join(map(literal, multiple)) or "''",
            "heeded": _heeded(run),
            "load_numbers": ", ".join(numbers) or "-1",
            "workspace_name": literal(run.workspace.name),
            "workspace_sha256": literal(run.workspace.digest()),
            "known_as_of": f"CAST({literal(run.known_as_of)} AS TIMESTAMP)",
            "code_version": literal(code_version()),
            "min_group_size": run.workspace.privacy.min_group_size,
        },
    )


def _heeded(run: Run) -> str:
    """Rows of VALUES: each segmentation with the kinds of news that can move a customer in it."""
    catalogue = catalogue_of(run)
    rows = [
        f"({literal(name)}, {literal(entity)})"
        for name in run.workspace.segmentations
        for entity in heeded_entities(run.workspace, catalogue, name)
    ]
    return ", ".join(rows) or "('', '')"


def build_monitoring(run: Run) -> dict[str, int]:
    """Build every model; returns rows by table.

    Raises:
        WorkspaceError: a model of the workspace reads what does not leave `staging`.
    """
    models = monitoring_models(run)
    refuse_leaks(run, models)
    write_news(run, catalogue_of(run))
    return {model.name: tables.write_rows(run, model.name, model.sql) for model in models}
