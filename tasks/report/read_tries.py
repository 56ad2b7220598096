"""Reading which numbers of clusters were tried for a segmentation, and why one was chosen.

Owns: the query behind `Try`. Does not own the choice (`tasks/segments/choose_k.py`).
"""

from __future__ import annotations

from tasks.report.reader import RunReader
from tasks.report.segment_records import Try

_COLUMNS = (
    "k_count",
    "is_chosen",
    "verdict",
    "gap",
    "prediction_strength_share",
    "least_jaccard_share",
    "separation_share",
    "least_share",
)


def tries(reader: RunReader, segmentation_id: str) -> tuple[Try, ...]:
    """By number of clusters; empty where a segmentation finds none in the data."""
    rows = reader.of_run(
        "monitoring.k_choice",
        _COLUMNS,
        where="segmentation_id = $segmentation_id",
        order_by="k_count",
        parameters={"segmentation_id": segmentation_id},
    )
    return tuple(Try(*(row[name] for name in _COLUMNS)) for row in rows)
