"""The audit room's Prefect tasks."""

from __future__ import annotations

import logging

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.audit.basis import kpis_of
from tasks.audit.measure import Measurement
from tasks.audit.steadiness import OpenSpace
from tasks.audit.verdict import audit
from tasks.audit.write import write_audit
from tasks.warehouse.catalogue import catalogue_of
from tasks.warehouse.run import Run
from tasks.warehouse.steps import recorded

log = logging.getLogger("resegment.audit")


@task(name="check audit", cache_policy=NO_CACHE, persist_result=False)
@recorded
def check_audit(run: Run) -> None:
    """Stop before any work where a KPI of the audit is no numeric feature."""
    if run.workspace.audit.kpis:
        kpis_of(run.workspace, catalogue_of(run))


@task(name="audit segmentations", cache_policy=NO_CACHE, persist_result=False)
@recorded
def audit_segmentations(run: Run, open_space: OpenSpace) -> None:
    """A health card a segment, and the known mistakes of every segmentation.

    Args:
        run: with segments, key figures, profiles and overlaps written.
        open_space: how to look into a stored cluster model.
    """
    measurement = Measurement(run, catalogue_of(run), open_space)
    measured = measurement.facts()
    findings = audit(measured, run.workspace.audit)
    write_audit(run, measured, measurement.digests, findings)
    cards = sum(len(facts.segments) for facts in measured)
    unaccepted = [finding for finding in findings if finding.accepted_because is None]
    warnings = sum(finding.severity == "warning" for finding in unaccepted)
    log.info(
        "%d health cards; %d warnings, %d notes, %d accepted",
        cards,
        warnings,
        len(unaccepted) - warnings,
        len(findings) - len(unaccepted),
    )
