"""The room's Prefect task.

Owns: what Prefect and the log get to see of the room. Does not own the work (`telling.py`).
"""

from __future__ import annotations

import logging

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.comments.telling import tell_comments
from tasks.warehouse.run import Run
from tasks.warehouse.steps import recorded

log = logging.getLogger("resegment.comments")


@task(name="read comments", cache_policy=NO_CACHE, persist_result=False)
@recorded
def read_comments(run: Run) -> None:
    """Tell sentiment and theme of comments, where labelled ones are mapped; see `telling.py`."""
    told = tell_comments(run)
    for sentence in told.sentences:
        log.info("%s", sentence)
    for warning in told.warnings:
        log.warning("%s", warning)
