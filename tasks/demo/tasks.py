"""The demo room's Prefect task: sources that a workspace asks the generator for."""

from __future__ import annotations

import logging

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.demo.generator import generate_demo
from tasks.demo.manifest import read_manifest
from tasks.warehouse.run import Run
from tasks.warehouse.steps import recorded

log = logging.getLogger("resegment.demo")


@task(name="generate sources", cache_policy=NO_CACHE, persist_result=False)
@recorded
def generate_sources(run: Run) -> None:
    """Write the generated sources, unless they are there with the same parameters; nothing where none are asked for."""
    asked = run.workspace.generate
    if asked is None:
        return
    folder = run.workspace.resolve(asked.into)
    found = read_manifest(folder)
    if found and found.agrees(customers=asked.customers, seed=asked.seed):
        log.info("sources for %s customers are there", f"{asked.customers:,}")
        return
    log.info("writing sources for %s customers, seed %d, to %s", f"{asked.customers:,}", asked.seed, folder)
    generate_demo(
        folder,
        customers=asked.customers,
        seed=asked.seed,
        progress=lambda done, total: log.info("%s of %s customers written", f"{done:,}", f"{total:,}"),
    )
