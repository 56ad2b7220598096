"""Checking a workspace without running it: every rule and model is bound to real types, and every column to a file.

Owns: the order of the checks. Does not own any of them.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

from tasks.audit.basis import kpis_of
from tasks.config.errors import WorkspaceError
from tasks.config.schedules import Schedules
from tasks.config.workspace import Workspace
from tasks.ingest.classes import keep_classes
from tasks.ingest.mapping import parse_mapping
from tasks.ingest.raw_views import build_raw_views
from tasks.ingest.rehearsal import rehearse
from tasks.plan.consumers import check_consumers, published_columns
from tasks.predict.write import bind_predictions
from tasks.quality.binding import bind_own_checks, validate_suites
from tasks.segments.check import check_rule_types, check_rules
from tasks.warehouse.build import build_schema
from tasks.warehouse.catalogue import catalogue_of
from tasks.warehouse.run import open_run


def validate_workspace(space: Workspace) -> dict[str, int]:
    """Prove what can be proved without reading rows; returns how many of each thing were checked.

    Raises:
        SourceError: an expression cannot be computed over the columns of its source's last file.
        WorkspaceError: an expression, rule, model or expectation is wrong; its file and line are named.
    """
    _check_somebody_is_told_of(space)
    as_of = space.day(dt.datetime.now(dt.UTC))
    schedules = _schedules(space)
    mappings = [parse_mapping(space, name) for name in space.sources]
    with (
        tempfile.TemporaryDirectory(prefix="resegment-validate-") as folder,
        open_run(space, as_of=as_of, known_as_of=None, output=Path(folder), is_scratch=True) as run,
    ):
        run.run_id = "validate"
        looked_at = [rehearse(run.warehouse, space, mapping) for mapping in mappings]
        catalogue = catalogue_of(run)
        check_rules(space, catalogue)
        kpis_of(space, catalogue)
        build_raw_views(run)
        keep_classes(run)
        models = [table for schema in ("staging", "features") for table in build_schema(run, schema)]
        bind_predictions(run)
        bind_own_checks(run)
        check_rule_types(run.warehouse, space, catalogue.relation(run.run_id), names=space.segmentations)
    checks = validate_suites(space)
    consumers = check_consumers(space, published_columns(space, as_of))
    return {
        "sources": len(space.sources),
        "files": sum(looked_at),
        "column expressions": sum(len(mapping.reads) for mapping in mappings),
        "models": len(models),
        "features": len(catalogue.features),
        "predictions": len(space.predictions),
        "segmentations": len(space.segmentations),
        "checks": checks,
        "consumers": consumers,
        "schedules": schedules,
    }


def _check_somebody_is_told_of(space: Workspace) -> None:
    if {"customers", "order_lines"}.isdisjoint(source.entity for source in space.sources.values()):
        raise WorkspaceError(
            "no source says who is a customer: none maps to customers or to order_lines",
            where=space.line_of("sources"),
            hint="map the file that lists them to customers, too; one file may be two sources",
        )


def _schedules(space: Workspace) -> int:
    if space.schedules == Schedules():
        return 0
    # Prefect is waited for only where there is something that it reads.
    from flows.schedules import cron_schedules

    return len(cron_schedules(space))
