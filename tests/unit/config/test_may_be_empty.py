"""Segments in which nobody need be are those that nobody wrote a rule or planned a treatment for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workspaces import MakeWorkspace, small_workspace

TREATED = {"champions": {"channel": "email", "message": "Thank you"}}
GRID = [{"id": "good", "name": "Good", "r": [3, 5]}, {"id": "bad", "name": "Bad", "r": [1, 2]}]
VALUES = {"kind": "values", "basis": "geographic", "feature": "country_name", "top": 2}
OTHERS = VALUES | {"others": {"id": "others", "name": "Others"}, "otherwise": {"id": "unknown", "name": "Unknown"}}


@pytest.mark.parametrize(
    ("segmentation", "present", "absent"),
    [
        ({"kind": "rfm", "basis": "value"}, {"champions", "promising"}, set()),
        ({"kind": "rfm", "basis": "value", "treatments": TREATED}, {"promising"}, {"champions"}),
        ({"kind": "rfm", "basis": "value", "segments": GRID}, set(), {"good", "bad"}),
        (OTHERS, {"others"}, {"unknown"}),
        (OTHERS | {"treatments": {"others": TREATED["champions"]}}, set(), {"others"}),
        (VALUES, set(), {"others"}),
        (small_workspace()["segmentations"]["lifecycle"], set(), {"new", "active"}),  # type: ignore[index]
    ],
)
def test_a_segment_that_may_be_empty(
    make_workspace: MakeWorkspace, segmentation: dict[str, Any], present: set[str], absent: set[str]
) -> None:
    space = make_workspace(tree=small_workspace() | {"segmentations": {"one": segmentation}})
    found = space.segmentations["one"].may_be_empty
    assert present <= found
    assert not absent & found
