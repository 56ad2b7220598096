"""What is published under other ids of customers than today's is not asked about as if it were the same."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from flows import backfill_steps
from flows.backfill_plan import plan_backfill
from flows.stale import read_stale
from tasks.backfill.request import Request
from tasks.config.errors import WorkspaceError
from tasks.config.workspace import Workspace
from tasks.ingest.tasks import ingest_source
from tasks.warehouse import backfill_ledger, ledger
from tasks.warehouse.ledger import Publication
from tasks.warehouse.run import OutputPaths, open_ledger, open_run
from tests.workspaces import AS_OF, MakeWorkspace, small_workspace

_HIDING = {"pseudonymise": True, "key": "${RESEGMENT_PSEUDONYM_KEY}"}


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (None, "b" * 32, "would be pseudonyms under key .* are plain"),
        (None, "", "would be pseudonyms; .* are plain"),
        ("a" * 32, None, "would be plain; .* are pseudonyms under key"),
        ("a" * 32, "b" * 32, "would be pseudonyms under key .* are pseudonyms under key"),
        # Who only looks needs no key, and it is taken for the right one.
        ("a" * 32, "", None),
        ("a" * 32, "a" * 32, None),
    ],
)
def test_stale_dates_and_backfills_know_whose_ids_are_published(
    make_workspace: MakeWorkspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    before: str | None,
    now: str | None,
    told: str | None,
) -> None:
    output = tmp_path / "out"

    def space(key: str | None) -> Workspace:
        monkeypatch.setenv("RESEGMENT_PSEUDONYM_KEY", key or "")
        return make_workspace(tree=small_workspace() | ({} if key is None else {"privacy": _HIDING}))

    with open_run(space(before), as_of=AS_OF, known_as_of=None, output=output) as run:
        ingest_source.fn(run, "orders")
        run.identify()
        ledger.note_publication(run.warehouse, Publication(AS_OF, run.run_id))
    today, request = space(now), Request(is_stale=True)
    refused = pytest.raises(WorkspaceError, match=told) if told else contextlib.nullcontext()
    with refused:
        read_stale(today, OutputPaths(output))
    with refused:
        plan_backfill(today, OutputPaths(output), request)
    if told:
        (tmp_path / "workspace" / "orders.csv").write_text("order,line\n")
        # Before anything is loaded, and nothing is left that waits.
        with pytest.raises(WorkspaceError, match="there is no key" if now == "" else told):
            backfill_steps.begin(today, output, request, by="test", reason="")
        with open_ledger(space(before), output) as run:
            assert run.warehouse.value("SELECT count(*) FROM ops.load") == 1
            assert backfill_ledger.read(run.warehouse) == []
