"""What the ledger says after an erasure: rows read are loaded or quarantined still, and open backfills plan again."""

from __future__ import annotations

from pathlib import Path

from tasks.erasure.noting import LoadChange, note_in
from tasks.warehouse import erasures, ledger, migrations
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.erasures import Erasure

ENDED = Erasure("h", "k", "2026-01-01", "2026-01-02", "dpo", "request", {"raw.t": 5})


def test_counts_of_loads_and_what_has_to_be_computed_again(tmp_path: Path) -> None:
    file = tmp_path / "new.duckdb"
    with Warehouse.open(file) as warehouse:
        migrations.migrate(warehouse)
        for load_no, read, loaded, out, blanked in ((1, 10, 8, 2, 1), (2, 0, 1, -1, 0)):
            ledger.insert(
                warehouse,
                "load",
                {
                    "load_id": f"l{load_no}",
                    "load_no": load_no,
                    "rows_read_count": read,
                    "rows_loaded_count": loaded,
                    "rows_quarantined_count": out,
                    "values_blanked_count": blanked,
                    "column_names": ["a"],
                },
            )
        warehouse.execute("INSERT INTO ops.built (table_name) VALUES ('staging.orders')")
        for number, status in ((1, "published"), (2, "waiting")):
            ledger.insert(warehouse, "backfill", {"backfill_no": number, "status_name": status})
            for day, state in (("2025-05-31", "computed"), ("2025-06-30", "held")):
                values = {"backfill_no": number, "as_of_date": day, "status_name": state, "run_id": "r"}
                ledger.insert(warehouse, "backfill_date", values)
    note_in(file, [LoadChange(1, 3, 1, 1), LoadChange(2, 1, 0, 0)], [ENDED])
    with Warehouse.open(file) as warehouse:
        assert warehouse.rows(
            "SELECT rows_read_count, rows_loaded_count, rows_quarantined_count, values_blanked_count, rows_erased_count"
            " FROM ops.load ORDER BY load_no"
        ) == [(6, 5, 1, 0, 4), (-1, 0, -1, 0, 1)]
        assert warehouse.rows("SELECT count(*) FROM ops.built") == [(0,)]
        assert warehouse.rows("SELECT backfill_no, status_name, run_id FROM ops.backfill_date ORDER BY ALL") == [
            (1, "computed", "r"),
            (1, "held", "r"),
            (2, "held", "r"),
            (2, "planned", None),
        ]
        assert erasures.in_warehouse(warehouse) == [ENDED]
