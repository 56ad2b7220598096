"""What was learnt from the data once and is used from then on: kept with number, day and decision.

Owns: rows of `segments.model`, and when a model is learnt anew. Does not own what is in one (`cluster.py`, `cuts.py`,
`values.py`).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tasks.config.segment import Refit
from tasks.segments.division import Job
from tasks.warehouse.run import Run

#: Models of clusters were kept before others were, and do not say what they are.
CLUSTERS = "clusters"


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model of an earlier run.

    Attributes:
        number: versions of a segmentation's model count from 1.
        trained: the day whose data it was learnt from.
        content: plain JSON.
    """

    number: int
    trained: dt.date
    content: Mapping[str, Any]


def stored_model(run: Run, name: str, kind: str) -> StoredModel | None:
    """The model that the previous run used for a segmentation; None where it had none of that kind."""
    if run.previous is None or not run.warehouse.table_exists("segments.model"):
        return None
    found = run.warehouse.rows(
        "SELECT model_json, model_no, trained_as_of_date FROM segments.model"
        " WHERE run_id = $run_id AND segmentation_id = $name",
        {"run_id": run.previous.run_id, "name": name},
    )
    if not found:
        return None
    text, number, trained = found[0]
    content = json.loads(text)
    return StoredModel(number, trained, content) if content.get("kind", CLUSTERS) == kind else None


def model_row(name: str, model: StoredModel, segment_count: int, decision: str) -> dict[str, object]:
    """The row of `segments.model` of this run."""
    return {
        "segmentation_id": name,
        "model_no": model.number,
        "k_count": segment_count,
        "model_json": json.dumps(model.content, sort_keys=True, ensure_ascii=False),
        "trained_as_of_date": model.trained,
        "decision": decision,
    }


def is_due(run: Run, trained: dt.date, refit: Refit) -> bool:
    """Whether a model has become too old."""
    return refit.every_days is not None and (run.as_of - trained).days >= refit.every_days


def why_anew(job: Job, past: StoredModel | None, asked: Mapping[str, object], refit: Refit) -> str | None:
    """Why something is learnt from today's data; None where what was learnt goes on.

    Args:
        job: the segmentation.
        past: the model of the previous run.
        asked: what the workspace asks for by now, as plain JSON; a model keeps it under the same name.
        refit: when it is to be learnt anew.
    """
    if past is None:
        return "learnt for the first time"
    if past.content["asked"] != asked:
        return "learnt anew, the definition changed"
    if is_due(job.run, past.trained, refit):
        return f"learnt anew, {(job.run.as_of - past.trained).days} days after {past.trained}"
    return None
