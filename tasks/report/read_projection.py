"""Reading how well the segments of respondents can be given to the others.

Owns: the query behind `Projection`. Does not own what a projection is worth (`tasks/segments/projection.py`).
"""

from __future__ import annotations

import json

from tasks.report.reader import RunReader
from tasks.report.segment_records import Coverage, Projection

_KIND = "projected"


def projection(reader: RunReader, segmentation_id: str) -> Projection | None:
    """Of a segmentation that is projected; None of any other."""
    rows = reader.of_run(
        "segments.model",
        ("model_json", "decision"),
        where="segmentation_id = $segmentation_id",
        order_by="model_no",
        parameters={"segmentation_id": segmentation_id},
    )
    for row in rows:
        content = json.loads(row["model_json"] or "{}")
        if content.get("kind") == _KIND:
            worth = content["worth"]
            told = [] if worth is None else worth["coverage"]
            return Projection(
                row["decision"],
                content["of"],
                worth is None,
                tuple(Coverage(one["confidence"], one["share"], one["accuracy"]) for one in told),
            )
    return None
