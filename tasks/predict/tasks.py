"""The room's Prefect tasks.

Owns: what Prefect and the log get to see of the room. Does not own the work (`write.py`).
"""

from __future__ import annotations

import logging

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.predict.write import check_populations, predict_all
from tasks.warehouse.run import Run
from tasks.warehouse.steps import recorded

log = logging.getLogger("resegment.predict")


@task(name="check predictions", cache_policy=NO_CACHE, persist_result=False)
@recorded
def check_predictions(run: Run) -> None:
    """Stop before any work where a population cannot be known of past days."""
    check_populations(run)


@task(name="predict", cache_policy=NO_CACHE, persist_result=False)
@recorded
def make_predictions(run: Run) -> int:
    """Foretell what the workspace asks for; returns how many predictions were made."""
    forecasts = predict_all(run)
    for key, forecast in forecasts.items():
        (log.info if forecast.values is not None else log.warning)("%s: %s", key, forecast.said)
    return sum(forecast.values is not None for forecast in forecasts.values())
