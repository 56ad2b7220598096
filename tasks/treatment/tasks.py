"""The treatment room's Prefect task."""

from __future__ import annotations

import logging

import polars as pl
from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.treatment.resolve import resolve
from tasks.treatment.words import why
from tasks.warehouse import tables
from tasks.warehouse.connection import literal
from tasks.warehouse.models import load_models
from tasks.warehouse.run import Run
from tasks.warehouse.steps import recorded

log = logging.getLogger("resegment.treatment")

#: Columns of `monitoring.treatment` with their meanings.
COLUMNS = {
    "customer_id": "the customer",
    "channel_name": "the channel, as the treatment writes it",
    "channel_key": "the channel as it is compared with others",
    "segment_id": "the segment",
    "place": "1 for the treatment that goes first on the channel, of those planned for the customer",
    "is_given": "he gets it",
    "refusal_name": "window, excluded, refused, unknown, priority, contact_cap or budget; NULL: he gets it",
    "decided_at": "when he decided about marketing on the channel; NULL: no decision is known",
    "why": "the reason in words",
}


@task(name="resolve treatments", cache_policy=NO_CACHE, persist_result=False)
@recorded
def resolve_treatments(run: Run) -> None:
    """One treatment a customer and channel, after windows, exclusions, consents, priorities, caps and budgets."""
    caps = run.workspace.contacts.caps
    models = {
        model.table: model.sql
        for model in load_models(
            "treatment",
            as_of=run.as_of,
            features=run.workspace.features,
            extra=run.sql_folder,
            values={
                "run_id": literal(run.run_id),
                # Treatments need a consent from the first source of consents on.
                "maps_consents": str(any(source.entity == "consents" for source in run.workspace.sources.values())),
                "longest_cap_days": max((cap.days for cap in caps), default=0),
            },
        )
    }
    definitions = {
        row["segment_id"]: row
        for row in run.warehouse.records(
            "SELECT * FROM segments.definition WHERE run_id = $run_id AND status_name = 'active' ORDER BY segment_id",
            {"run_id": run.run_id},
        )
    }
    planned, contacted = (run.warehouse.frame(models[name]) for name in ("planned", "contacted"))
    budgets = {key: row["budget_count"] for key, row in definitions.items()}
    resolved = resolve(planned, contacted, caps, budgets).with_columns(
        why(caps, definitions).alias("why"), pl.col("refusal_name").is_null().alias("is_given")
    )
    tables.write_frame(run, "monitoring.treatment", resolved.select(*COLUMNS))
    given = int(resolved.get_column("is_given").sum())
    log.info("%s of %s planned treatments are given", f"{given:,}", f"{planned.height:,}")
