"""The segments room's Prefect tasks."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import polars as pl
from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.segments.before import write_before
from tasks.segments.challenge import Fitted, NotFitted, decide, fit_all
from tasks.segments.check import check_rule_types, check_rules
from tasks.segments.definitions import definition_rows, with_retired
from tasks.segments.divide import divide_by
from tasks.segments.division import MEMBERS, Division
from tasks.segments.registry import TABLE as VERSIONS
from tasks.segments.version import SCHEMA as VERSION_SCHEMA
from tasks.warehouse import ledger, model_ledger, tables
from tasks.warehouse.catalogue import catalogue_of
from tasks.warehouse.model_ledger import DecisionName
from tasks.warehouse.run import Run
from tasks.warehouse.steps import recorded

log = logging.getLogger("resegment.segments")

_MODEL_SCHEMA = {
    "segmentation_id": pl.String,
    "model_no": pl.Int64,
    "k_count": pl.Int64,
    "model_json": pl.String,
    "trained_as_of_date": pl.Date,
    "decision": pl.String,
}
_REFUSAL_SCHEMA = {"segmentation_id": pl.String, "why_text": pl.String}


@task(name="check definitions", cache_policy=NO_CACHE, persist_result=False)
@recorded
def check_definitions(run: Run) -> None:
    """Stop before any work where a rule names no feature."""
    check_rules(run.workspace, catalogue_of(run))


@task(name="divide", task_run_name="divide {name}", cache_policy=NO_CACHE, persist_result=False)
@recorded
def divide(run: Run, name: str, earlier: dict[str, Division]) -> Division:
    """Divide the customers by one segmentation; `earlier` are those that stand before it."""
    catalogue = catalogue_of(run)
    check_rule_types(run.warehouse, run.workspace, catalogue.relation(run.run_id), names=[name])
    division = divide_by(run, catalogue, name, earlier)
    # Its segments are not published: whoever looks at warnings only has to know.
    log.log(logging.INFO if division.refusal is None else logging.WARNING, "%s: %s", name, division.note)
    return division


@task(name="write segments", cache_policy=NO_CACHE, persist_result=False)
@recorded
def write_segments(run: Run, divisions: dict[str, Division]) -> None:
    """Write definitions, models and memberships of all segmentations."""
    rows = [
        row
        for name, division in divisions.items()
        for row in definition_rows(run, name, run.workspace.segmentations[name], division.definitions)
    ]
    tables.write_frame(run, "segments.definition", with_retired(run, rows))
    models = [division.model for division in divisions.values() if division.model]
    tables.write_frame(run, "segments.model", pl.DataFrame(models, schema=_MODEL_SCHEMA))
    versions = [row for division in divisions.values() for row in division.versions]
    for division in divisions.values():
        model_ledger.keep_contents(run.warehouse, division.contents)
    tables.write_frame(run, VERSIONS, pl.DataFrame(versions, schema=VERSION_SCHEMA))
    _keep_refusals(
        run, {name: division.refusal for name, division in divisions.items() if division.refusal is not None}
    )
    everybody = " UNION ALL ".join(f"SELECT * FROM {MEMBERS.format(name)}" for name in divisions)
    count = tables.write_rows(run, "segments.membership", everybody)
    for name in divisions:
        run.warehouse.execute(f"DROP TABLE {MEMBERS.format(name)}")
    log.info("%s memberships in %d segments", f"{count:,}", len(rows))


@task(name="ask earlier definitions", cache_policy=NO_CACHE, persist_result=False)
@recorded
def ask_earlier_definitions(run: Run) -> None:
    """Write where the definitions of the run before would put everybody.

    A step of its own, for it reads what the run before knew of its customers, which a plan does not have.
    """
    redrawn = write_before(run, catalogue_of(run))
    if redrawn:
        log.info("segmentations that divide otherwise than at the run before, or by ranks: %d", redrawn)


@task(name="fit challengers", cache_policy=NO_CACHE, persist_result=False)
@recorded
def fit_challengers(run: Run, names: Sequence[str]) -> list[Fitted | NotFitted]:
    """Fit challengers of segmentations to the newest published run, and enter them into the ledger."""
    found = fit_all(run, names)
    for one in found:
        if isinstance(one, NotFitted):
            log.warning("%s: not fitted: %s", one.segmentation, one.reason)
        else:
            log.info("%s: model %d: %s", one.version.segmentation_id, one.version.model_no, one.version.reason)
    return found


@task(name="decide", task_run_name="{decision} {name} {number}", cache_policy=NO_CACHE, persist_result=False)
@recorded
def decide_model(run: Run, name: str, number: int, decision: DecisionName, by: str, because: str) -> None:
    """Enter what somebody decided about a version into the ledger."""
    version = decide(run, name, number, decision, by=by, because=because)
    log.info("%s: model %d: %s", name, number, version.standing)


def _keep_refusals(run: Run, reasons: dict[str, str]) -> None:
    """Of segmentations that have no segments nothing else in the tables tells; somebody is to know."""
    rows = list(reasons.items())
    tables.write_frame(run, "segments.refusal", pl.DataFrame(rows, schema=_REFUSAL_SCHEMA, orient="row"))
    for name, why in rows:
        ledger.raise_alert(
            run.warehouse,
            run.attempt,
            severity="warning",
            kind="segmentation",
            subject=name,
            message=f"{name} has no segments: {why}",
        )
