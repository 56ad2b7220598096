"""What was learnt from the data and a run divides by: kept with number, day and decision.

Owns: rows of `segments.model`. Does not own what is in one (`cluster.py`, `cuts.py`, `values.py`, `projection.py`), or
which versions there are and which of them is used (`registry.py`).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
