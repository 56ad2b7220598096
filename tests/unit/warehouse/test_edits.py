"""What is another than at an earlier run is told of whoever changed it: the workspace, or a newer program's defaults."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tasks.warehouse.edits import edited_sections, edited_segmentations
from tasks.warehouse.provenance import said_text
from tests.workspaces import MakeWorkspace, small_workspace


def said_of(make_workspace: MakeWorkspace, *overrides: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - YAML
    said: dict[str, Any] = json.loads(said_text(make_workspace(*overrides, **more)))
    return said


@pytest.mark.parametrize("is_written_kept", [True, False])
def test_a_default_that_is_another_is_no_edit_of_the_workspace(
    make_workspace: MakeWorkspace, is_written_kept: bool
) -> None:
    said = said_of(make_workspace, "drift.notice_effect=0.07")
    said["workspace"]["drift"] |= {"enough_customers": 5, "forgotten": "x"}
    del said["workspace"]["drift"]["emerging"]["cells"]
    # Thought to have an effect once, and said no more.
    said["workspace"]["alerts"] = {"stale_after_days": 3}
    if not is_written_kept:
        del said["written"]
    (edit,) = edited_sections(said, make_workspace("drift.notice_effect=0.07"))
    assert not edit.is_own
    assert edit.text == (
        "not said in the workspace: drift.enough_customers was 5 and is 100000 by default,"
        " drift.emerging.cells was not there and is 50 by default,"
        ' drift.forgotten was "x" and is not known to this version'
    )


@pytest.mark.parametrize(
    ("then", "now"),
    [
        (["drift.notice_effect=0.07"], ["drift.notice_effect=0.06"]),
        ([], ["drift.notice_effect=0.06"]),
        # Taken out of the file: what holds now is a default, and he who took it out made it so.
        (["drift.notice_effect=0.07"], []),
        (["drift.subjects.kpi.alert=never"], []),
    ],
)
def test_what_the_workspace_says_or_said_is_its_own(
    make_workspace: MakeWorkspace, then: list[str], now: list[str]
) -> None:
    (edit,) = edited_sections(said_of(make_workspace, *then), make_workspace(*now))
    assert (edit.text, edit.is_own) == ("the section drift changed", True)


def test_settings_that_do_not_matter_are_left_out(make_workspace: MakeWorkspace) -> None:
    said, edited = said_of(make_workspace), make_workspace("privacy.min_group_size=9", "drift.notice_effect=0.06")
    assert edited_sections(said, edited, without=("drift", "privacy.min_group_size")) == []


def test_defaults_inside_of_segments_are_no_edit_of_them(make_workspace: MakeWorkspace) -> None:
    said, space = said_of(make_workspace), make_workspace()
    assert edited_segmentations(said, space) == []
    said["workspace"]["segmentations"]["lifecycle"]["segments"][1]["colour"] = "red"
    (edit,) = edited_segmentations(said, space)
    assert edit.text == (
        'not said in the workspace: segmentations.lifecycle.segments.1.colour was "red" and is not known to this version'
    )
    edited = make_workspace("segmentations.lifecycle.segments.1.when=recency_days <= 20")
    assert [one.text for one in edited_segmentations(said_of(make_workspace), edited)] == [
        "the definition of the segmentation lifecycle changed"
    ]


def test_a_template_that_came_with_the_program_is_the_programs(make_workspace: MakeWorkspace) -> None:
    tree: dict[str, Any] = small_workspace()
    tree["segmentations"]["rfm"] = {"template": "frequency"}
    said, space = said_of(make_workspace, tree=tree), make_workspace(tree=tree)
    said["workspace"]["segmentations"]["rfm"]["description"] = "as an earlier version had it"
    (edit,) = edited_segmentations(said, space)
    assert (edit.text, edit.is_own) == (
        "the template frequency changed, of which the segmentation rfm is made",
        False,
    )
    tree["segmentations"]["rfm"]["name"] = "Other"
    (edit,) = edited_segmentations(said, make_workspace(tree=tree))
    assert (edit.text, edit.is_own) == ("the definition of the segmentation rfm changed", True)
