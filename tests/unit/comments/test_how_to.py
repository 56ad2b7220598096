"""The page on comments: its examples are valid, and its defaults are those of the code."""

from __future__ import annotations

from pathlib import Path

import yaml

from tasks.config.comments import Comments
from tasks.config.workspace import Workspace
from tests.architecture.test_docs import blocks

PAGE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "comments.md"


def test_examples_are_a_workspace_with_the_default_settings() -> None:
    sources, segmentations = (yaml.safe_load(block) for block in blocks(PAGE, "yaml"))
    space = Workspace.model_validate({"name": "example"} | sources | segmentations)
    assert space.learns_from_comments
    assert space.comments == Comments()
    assert sources["comments"] == Comments().model_dump()
