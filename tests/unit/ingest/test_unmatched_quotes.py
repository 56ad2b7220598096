"""A quotation mark that is not closed takes no lines away unseen: they are read, or nothing of the file is."""

from __future__ import annotations

import pytest

from tasks.config.errors import SourceError
from tasks.ingest.discovery import find_files
from tasks.ingest.loading import LoadCounts, load_file
from tasks.ingest.mapping import parse_mapping
from tests.workspaces import MakeWorkspace, OpenRun

HEADER = "order,line,customer,at,product,category,units,price\n"
OPEN = 'x1,1,"anna,2025-06-01 10:00:00,p1,bread,2,1.50\n'
INCH = 'x2,1,anna,2025-06-01 10:00:00,"5" pipe,bread,2,1.50\n'
SEVERAL_LINES = 'x3,1,anna,2025-06-01 10:00:00,"p1\n\nnext\n",bread,2,1.50\n'


def rows(first: int, last: int) -> str:
    return "".join(f"o{n},1,anna,2025-06-01 10:00:00,p1,bread,2,1.50\n" for n in range(first, last))


def load(make_workspace: MakeWorkspace, opened: OpenRun, orders: str) -> tuple[LoadCounts, list[int]]:
    space = make_workspace(orders=orders)
    with opened(space) as run:
        mapping = parse_mapping(space, "orders")
        (file,) = find_files(space, mapping)
        counts = load_file(run.warehouse, mapping, file, run.attempt_id)
        out = run.warehouse.rows("SELECT row_number FROM ops.quarantine ORDER BY 1")
    return counts, [number for (number,) in out]


@pytest.mark.parametrize(
    ("orders", "swallowed"),
    [
        (HEADER + rows(0, 5) + OPEN + rows(6, 500), "494 lines"),
        (HEADER + rows(0, 5) + OPEN + rows(6, 50) + OPEN + rows(60, 80), "45 lines"),
        # Values of several lines elsewhere are no excuse.
        (HEADER + SEVERAL_LINES * 100 + OPEN + rows(6, 10), "4 lines"),
        # More than fits a line: DuckDB goes on somewhere further down.
        (HEADER + rows(0, 5) + OPEN + rows(6, 60_000), "59,994 lines"),
    ],
    ids=["to the end", "to the next mark", "after values of several lines", "more than the longest line"],
)
def test_what_follows_an_open_mark_is_not_lost_unseen(
    make_workspace: MakeWorkspace, opened: OpenRun, orders: str, swallowed: str
) -> None:
    with pytest.raises(SourceError, match="mark that does not match") as raised:
        load(make_workspace, opened, orders)
    assert f"{swallowed} after it cannot be told apart" in raised.value.message
    line = orders[: orders.index(OPEN)].count("\n") + 1
    if SEVERAL_LINES not in orders:
        assert raised.value.where.endswith(f"orders.csv, line {line}")
    assert "options.quote" in str(raised.value.hint)


@pytest.mark.parametrize(
    ("orders", "counts", "quarantined"),
    [
        (HEADER + rows(0, 5) + OPEN, LoadCounts(6, 5, 1, 0), [6]),
        (HEADER + rows(0, 3) + INCH + rows(4, 8), LoadCounts(8, 7, 1, 0), [4]),
        (HEADER + SEVERAL_LINES + INCH + rows(4, 8), LoadCounts(6, 5, 1, 0), [2]),
    ],
    ids=["the last line", "within a line", "beside a value of several lines"],
)
def test_a_line_that_takes_no_other_away_is_quarantined_alone(
    make_workspace: MakeWorkspace, opened: OpenRun, orders: str, counts: LoadCounts, quarantined: list[int]
) -> None:
    assert load(make_workspace, opened, orders) == (counts, quarantined)
