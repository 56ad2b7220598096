"""Rows of erased customers stay out of what is loaded, and are counted, also where a line is no row."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.config.pseudonym import fingerprint
from tasks.ingest.tasks import ingest_source
from tasks.warehouse import erasures
from tasks.warehouse.erasures import Erasure, hashed, key_of
from tests.workspaces import ORDERS, MakeWorkspace, OpenRun

COUNTS = "SELECT rows_read_count, rows_loaded_count, rows_quarantined_count, rows_erased_count FROM ops.load"


def erase(space: object, folder: Path, customer: str) -> None:
    folder.mkdir(exist_ok=True)
    key = key_of(space, folder)  # type: ignore[arg-type]
    erasures.note(folder, [Erasure(hashed(key, customer), fingerprint(key), "2026-01-01", "2026-01-01", "x", "y")])


def test_rows_of_others_and_of_nobody_are_loaded_in_their_places(
    make_workspace: MakeWorkspace, opened: OpenRun, tmp_path: Path
) -> None:
    space = make_workspace()
    erase(space, tmp_path / "out", "anna")
    with opened(space) as run:
        ingest_source.fn(run, "orders")
        assert run.warehouse.rows(COUNTS) == [(2, 2, 0, 3)]
        assert run.warehouse.rows(
            "SELECT customer_id, row_number FROM raw.orders__order_lines ORDER BY row_number"
        ) == [
            ("ben", 3),
            (None, 5),
        ]


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        ("o9,1,customer-9,2025-06-01,p1,bread,1,-1.0", (5, 5, 0, 1)),
        ("o9,1,customer-9,2025-06-01,p1,bread,1,1.0,more", (5, 5, 0, 1)),
        ("o9,1,customer-8,2025-06-01,p1,bread,1,1.0,more", (6, 5, 1, 0)),
    ],
)
def test_what_is_kept_out_does_not_keep_them(
    line: str, counts: tuple[int, ...], make_workspace: MakeWorkspace, opened: OpenRun, tmp_path: Path
) -> None:
    space = make_workspace(orders=ORDERS + line + "\n")
    erase(space, tmp_path / "out", "customer-9")
    with opened(space) as run:
        ingest_source.fn(run, "orders")
        assert run.warehouse.rows(COUNTS) == [counts]
        assert run.warehouse.rows("SELECT count(*) FROM raw.quarantined_row") == [(counts[2],)]
