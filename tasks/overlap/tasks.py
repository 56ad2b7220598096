"""The overlap room's Prefect task."""

from __future__ import annotations

import logging

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.config.overlap import OverlapPolicy
from tasks.overlap.facts import combination_rows, overlap_rows
from tasks.overlap.reading import read_before, read_customers
from tasks.warehouse import tables
from tasks.warehouse.run import Run
from tasks.warehouse.steps import recorded

log = logging.getLogger("resegment.overlap")


@task(name="measure overlap", cache_policy=NO_CACHE, persist_result=False)
@recorded
def measure_overlap(run: Run) -> None:
    """Every pair of segments and every exact combination, counted customer by customer."""
    policy = OverlapPolicy()
    single, least = frozenset(run.workspace.single_membership), run.workspace.privacy.min_group_size
    customers = read_customers(run, policy)
    before = read_before(run, customers)
    pairs = overlap_rows(customers, before, policy, single=single, least=least)
    tables.write_frame(run, "monitoring.overlap", pairs)
    tables.write_frame(run, "monitoring.intersection", combination_rows(customers, least))
    close = int(pairs.get_column("relation_name").is_in(["redundant", "nested"]).sum())
    conflicts = int(pairs.get_column("is_conflict").sum())
    log.info(
        "%s pairs of segments, %s redundant or nested, %s in conflict",
        f"{pairs.height:,}",
        f"{close:,}",
        f"{conflicts:,}",
    )
