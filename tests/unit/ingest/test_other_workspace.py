"""The files of two companies do not come into one folder; a company that is called otherwise stays one."""

from __future__ import annotations

import datetime as dt

import pytest

from tasks.config.errors import UsageError
from tasks.ingest.other_workspace import refuse_other_workspace
from tasks.ingest.tasks import identify_run, ingest_source
from tasks.warehouse import ledger
from tasks.warehouse.ledger import Publication
from tests.workspaces import AS_OF, ORDERS, MakeWorkspace, OpenRun

JULY = dt.date(2025, 7, 31)
OTHERS = ORDERS.replace("anna", "zoe")


@pytest.mark.parametrize(
    ("name", "orders", "is_refused"),
    [
        ("small", OTHERS, False),
        ("renamed", ORDERS, False),
        ("other", OTHERS, True),
    ],
)
def test_another_workspace_is_refused_before_it_is_loaded(
    make_workspace: MakeWorkspace, opened: OpenRun, name: str, orders: str, is_refused: bool
) -> None:
    with opened(make_workspace()) as run:
        refuse_other_workspace(run)
        ingest_source.fn(run, "orders")
        identify_run.fn(run)
        ledger.note_publication(run.warehouse, Publication(AS_OF, run.run_id))
    with opened(make_workspace(f"name={name}", orders=orders), JULY) as run:
        if not is_refused:
            refuse_other_workspace(run)
            return
        with pytest.raises(UsageError, match="the workspace 'small' has published, and this one, 'other', has no file"):
            refuse_other_workspace(run)


def test_a_folder_without_a_publication_is_anybodys(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace()) as run:
        ingest_source.fn(run, "orders")
    with opened(make_workspace("name=other", orders=OTHERS), JULY) as run:
        refuse_other_workspace(run)
