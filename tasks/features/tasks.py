"""The room's Prefect tasks.

Owns: what Prefect and the log get to see of the room. Does not own the work (`build.py`).
"""

from __future__ import annotations

import logging

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.features.build import build_all, tell_unseen
from tasks.warehouse.build import models_of_run
from tasks.warehouse.run import Run
from tasks.warehouse.steps import recorded

_LOG = logging.getLogger("resegment.features")


@task(name="check models", cache_policy=NO_CACHE, persist_result=False)
@recorded
def check_models(run: Run) -> None:
    """Stop before any work where a model reads what it may not read."""
    models_of_run(run, "features")


@task(name="features", cache_policy=NO_CACHE, persist_result=False)
@recorded
def build_features(run: Run) -> dict[str, int]:
    """Build the features of the run; returns the number of rows by ``features.table``."""
    counts = build_all(run)
    for name, count in counts.items():
        _LOG.info("%s: %s rows", name.removeprefix("features."), f"{count:,}")
    for warning in tell_unseen(run):
        _LOG.warning(warning)
    return counts
