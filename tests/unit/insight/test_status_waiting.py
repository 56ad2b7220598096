"""What waits for somebody: what holds others up is not behind a handful of rows in quarantine."""

from __future__ import annotations

from tasks.insight.status import read_status
from tasks.warehouse.connection import Warehouse
from tests.workspaces import MakeWorkspace, OpenRun

# Numbers of rows in quarantine; a row may have several problems.
PROBLEMS = [(number, f"s{number}") for number in range(1, 8)] + [(8, "web"), (8, "web"), (9, "web")] + [(10, "crm")] * 3


def test_what_holds_others_up_comes_first_and_then_the_most_rows(
    make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    space = make_workspace()
    with opened(space) as run:
        paths = run.paths
    with Warehouse.open(paths.warehouse) as warehouse:
        for number, source in PROBLEMS:
            warehouse.execute(
                "INSERT INTO ops.quarantine (quarantine_no, source_name, status_name) VALUES ($number, $source, 'open')",
                {"number": number, "source": source},
            )
        warehouse.execute("INSERT INTO ops.backfill (backfill_no, status_name) VALUES (3, 'waiting')")
        warehouse.execute("UPDATE ops.warehouse SET copy_problem = 'No space left on device'")
    waiting = read_status(space, paths).waiting
    assert waiting[:4] == [
        "the copy beside the warehouse: No space left on device (the next run tries again)",
        "backfill 3: waiting (`resegment backfill show 3`)",
        "2 rows of web in quarantine (`resegment quarantine list --source web`)",
        "1 row of crm in quarantine (`resegment quarantine list --source crm`)",
    ]
