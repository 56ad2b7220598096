"""Customers of clusters on new ground, counted from where they were when the model before was learnt.

Owns: rewriting the flows between two runs by what a model says of its clusters' origins. Does not own finding these
(`tasks/segments/new_ground.py`), or what follows from flows (`transitions.py`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

Flows = Mapping[tuple[str | None, str | None], int]


def traced_back(flows: Flows, name: str, content: Mapping[str, Any]) -> dict[tuple[str | None, str | None], int]:
    """Flows into the clusters of a model that has just taken over.

    Args:
        flows: customers by segment id at the run before and now; None: not there.
        name: the segmentation.
        content: the model, as plain JSON.

    Returns:
        The same customers. Of a cluster on new ground they come from where its customers were on the day of the fit, in
        the same shares: a model that was accepted later has a few others by then.
    """
    traced = set(traced_keys(name, content))
    found = {pair: count for pair, count in flows.items() if pair[1] not in traced}
    for target in traced:
        total = sum(count for (_, new), count in flows.items() if new == target)
        origins = [one for one in content["origins"] if f"{name}.{one['key']}" == target]
        for one, count in zip(origins, _shared_out(total, [one["customers"] for one in origins]), strict=True):
            found[f"{name}.{one['came_from']}" if one["came_from"] else None, target] = count
    return found


def traced_keys(name: str, content: Mapping[str, Any]) -> list[str]:
    """Ids of the clusters on new ground."""
    return sorted({f"{name}.{one['key']}" for one in content.get("origins", ())})


def _shared_out(total: int, weights: list[int]) -> Iterator[int]:
    """Whole numbers in proportion to weights, that add up to a total."""
    ends = [round(total * end / sum(weights)) for end in itertools.accumulate(weights)]
    return (end - start for start, end in itertools.pairwise([0, *ends]))
