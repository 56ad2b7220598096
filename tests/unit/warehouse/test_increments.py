"""What is recomputed from changes alone is what a build from scratch gives, whatever came, went or was corrected."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from tests.unit.warehouse.drawn_deliveries import FILES, FIRST, built, made_workspace, walk


def test_an_incremental_run_equals_a_full_one_whatever_happened(tmp_path: Path) -> None:
    # One history, which finds out a build that forgets new loads, loads that are gone, or the days between;
    # `tests/benchmarks/drawn_histories.py` goes through many.
    assert walk(tmp_path / "w", seed=1) > 0


def test_a_table_of_few_rows_is_brought_up_like_the_one_it_comes_from(tmp_path: Path) -> None:
    space = made_workspace(tmp_path / "w")
    header = "order,line,customer,at,product,category,units,price\n"
    line = "o{0},1,anna,2025-06-0{1} 10:00:00,p1,bread,1,1.50\n"
    (space.directory / FILES[0]).write_text(header + "".join(line.format(no, 1) for no in range(20)))
    (space.directory / "people.csv").write_text("id,country,since\nanna,FR,2025-06-01\n")
    with built(space, FIRST):
        pass
    (space.directory / FILES[1]).write_text(header + line.format(20, 2))
    with built(space, FIRST + dt.timedelta(days=1)) as run:
        # No line repeats, so that the table of superseded ones is empty; what orders are made from is nearly all there.
        assert run.warehouse.value("SELECT count(*) FROM staging.superseded_order_lines") == 0
        assert {f"staging.{name}" for name in ("superseded_order_lines", "order_lines", "orders")} <= run.changes.keys()
        assert run.warehouse.value("SELECT count(*) FROM staging.orders") == 21
