"""What a workspace asks of a segmentation, apart from names and from what follows from the data.

Owns: the text that tells a changed definition from a new model of the same definition. Does not own the rules of
segments, which stand in the dictionary as they are (`definitions.py`).
"""

from __future__ import annotations

import json
from typing import Any

from tasks.config.projected import ProjectedSegmentation
from tasks.config.segmentations import RulesSegmentation
from tasks.config.workspace import Workspace

#: Names for people, what is offered, when something is learnt anew, and the population, which has a column of its own.
_NO_PART = {"basis", "name", "description", "owner", "treatments", "population", "except_", "refit", "names"}
_NO_PART_OF_SEGMENT = ("name", "description")


def asked_text(workspace: Workspace, name: str) -> str:
    """What is asked, as JSON with sorted keys: two that are equal divide the same customers alike, model apart."""
    return json.dumps(_asked(workspace, name), sort_keys=True, ensure_ascii=False)


def _asked(workspace: Workspace, name: str) -> dict[str, Any]:
    segmentation = workspace.segmentations[name]
    said: dict[str, Any] = segmentation.model_dump(mode="json", by_alias=True, exclude=_NO_PART)
    if isinstance(segmentation, RulesSegmentation):
        # A thousand rules in each of a thousand rows would be a million; each row has its own.
        del said["segments"]
    parts = [*said.get("segments", []), *filter(None, (said.get("otherwise"), said.get("others")))]
    for segment in parts:
        for key in _NO_PART_OF_SEGMENT:
            segment.pop(key, None)
    if isinstance(segmentation, ProjectedSegmentation):
        learnt = workspace.resolved[segmentation.of]
        said["learnt_from"] = {
            "asked": _asked(workspace, segmentation.of),
            "population": learnt.population,
            "rules": [[rule.key, rule.condition] for rule in learnt.rules],
        }
    return said
