"""What waits for somebody: what holds others up first, then rows in quarantine, but those of files delivered anew."""

from __future__ import annotations

from tasks.insight.status import read_status
from tasks.warehouse.connection import Warehouse
from tests.workspaces import MakeWorkspace, OpenRun, small_workspace

# Numbers of rows in quarantine and their sources; a row may have several problems.
PROBLEMS = [(number, f"s{number}") for number in range(1, 8)] + [(8, "web"), (8, "web"), (9, "web")] + [(10, "crm")] * 3
SOURCES = sorted({source for _, source in PROBLEMS})


def deliver(warehouse: Warehouse, number: int, source: str, load: str) -> None:
    """A version of the one file of a source; one that was loaded before may be delivered again."""
    if not warehouse.value("SELECT count(*) FROM ops.load WHERE load_id = $load", {"load": load}):
        warehouse.execute(
            "INSERT INTO ops.load (load_id, load_no, source_name, entity_name) VALUES ($load, $no, $source, $entity)",
            {"load": load, "no": number, "source": source, "entity": "order_lines"},
        )
    warehouse.execute(
        "INSERT INTO ops.delivery (delivery_no, source_name, file_name, load_id) VALUES ($no, $source, 'a.csv', $load)",
        {"no": number, "source": source, "load": load},
    )


def keep_out(warehouse: Warehouse, number: int, source: str, load: str) -> None:
    """A problem of a row."""
    warehouse.execute(
        "INSERT INTO ops.quarantine (quarantine_no, source_name, load_id, status_name)"
        " VALUES ($number, $source, $load, 'open')",
        {"number": number, "source": source, "load": load},
    )


def test_what_holds_others_up_comes_first_and_then_the_most_rows(
    make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    tree = small_workspace()
    tree["sources"] = dict.fromkeys(SOURCES, tree["sources"]["orders"])
    space = make_workspace(tree=tree)
    with opened(space) as run:
        paths = run.paths
    with Warehouse.open(paths.warehouse) as warehouse:
        for number, source in enumerate(SOURCES, 1):
            deliver(warehouse, number, source, source)
        for number, source in PROBLEMS:
            keep_out(warehouse, number, source, source)
        warehouse.execute("INSERT INTO ops.backfill (backfill_no, status_name) VALUES (3, 'waiting')")
        warehouse.execute("UPDATE ops.warehouse SET copy_problem = 'No space left on device'")
    waiting = read_status(space, paths).waiting
    assert waiting[:4] == [
        "the copy beside the warehouse: No space left on device (the next run tries again)",
        "backfill 3: waiting (`resegment backfill show 3`)",
        "2 rows of web in quarantine (`resegment quarantine list --source web`)",
        "1 row of crm in quarantine (`resegment quarantine list --source crm`)",
    ]


def test_rows_of_a_file_that_was_delivered_anew_wait_for_nobody(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace()
    with opened(space) as run:
        paths = run.paths
    with Warehouse.open(paths.warehouse) as warehouse:
        for number, load in enumerate(("good", "bad"), 1):
            deliver(warehouse, number, "orders", load)
        keep_out(warehouse, 1, "orders", "good")
        keep_out(warehouse, 2, "orders", "bad")
        keep_out(warehouse, 3, "orders", "bad")
    assert read_status(space, paths).waiting[0].startswith("2 rows of orders in quarantine")
    with Warehouse.open(paths.warehouse) as warehouse:
        # The version of before is put back.
        deliver(warehouse, 3, "orders", "good")
    assert read_status(space, paths).waiting[0].startswith("1 row of orders in quarantine")
