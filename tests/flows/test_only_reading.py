"""Lists are for whoever may read the output folder: without the writer's lock, and without a byte changed."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import pytest

from tasks.config.loading import load_workspace
from tasks.warehouse import ledger
from tasks.warehouse.ledger import Publication
from tasks.warehouse.run import open_run
from tests.flows.test_cli import resegment
from tests.workspaces import AS_OF, MakeWorkspace


@pytest.fixture
def folder(make_workspace: MakeWorkspace) -> Path:
    """A workspace with a run that is noted as published."""
    space = make_workspace()
    with open_run(space, as_of=AS_OF, known_as_of=None, output=space.output_folder()) as run:
        run.identify()
        ledger.note_publication(run.warehouse, Publication(run.as_of, run.run_id))
    return space.directory


def contents(folder: Path) -> dict[Path, bytes]:
    output = load_workspace(folder).output_folder()
    return {path: path.read_bytes() for path in sorted(output.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("alerts", "list"), "no alert stands"),
        (("quarantine", "list"), "nothing open in quarantine"),
        (("model", "list"), "no segmentation has learnt anything yet"),
        (("backfill", "list"), "there was no backfill yet"),
    ],
)
def test_a_list_writes_nothing(folder: Path, command: tuple[str, ...], told: str) -> None:
    before = contents(folder)
    with mock.patch("tasks.warehouse.run.alone", side_effect=AssertionError("a writer's lock")):
        assert told in resegment(*command, cwd=folder).stdout
    assert contents(folder) == before
