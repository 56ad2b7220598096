"""No contact value leaves staging in a whole run, whatever the workspace says of its columns or leaves out."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl
import pytest
import yaml

from tasks.config.errors import GateFailed
from tests.integration.corridor import ledger, rows, run_corridor
from tests.workspaces import AS_OF, ORDERS, small_workspace

_PEOPLE = 60
_CRM = "id,Name,Mail,Notes,income,born,city\n" + "".join(
    f"c{n},Anna Example{n},anna{n}@shop.example,{f'note{n}@shop.example' if n % 6 else 'vip'},{30000 + n},"
    f"19{50 + n % 50}-05-07,Hamburg\n"
    for n in range(_PEOPLE)
)
_ORDERS = (
    ORDERS.partition("\n")[0]
    + "\n"
    + "".join(
        f"o{n},1,c{n % _PEOPLE},2025-0{1 + n % 6}-{1 + n % 28:02d} 10:00:00,p{n % 7},bread,1,{2 + n % 5}.5\n"
        for n in range(240)
    )
)
_COLUMNS = {
    "customer_id": "id",
    "full_name": "Name",
    "email_address": "Mail",
    "region_name": "Notes",
    "income_amount": "income",
    "birth_date": "born",
    "city_name": "city",
}


def workspace(folder: Path, columns: dict[str, str], **section: object) -> Path:
    tree = small_workspace()
    crm = {"entity": "customers", "format": "csv", "path": "crm.csv", "columns": columns}
    assert isinstance(tree["sources"], dict)
    folder.mkdir()
    tree |= {"sources": tree["sources"] | {"crm": crm}} | section
    (folder / "resegment.yaml").write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    (folder / "crm.csv").write_text(_CRM, encoding="utf-8")
    (folder / "orders.csv").write_text(_ORDERS, encoding="utf-8")
    return folder


def written(output: Path) -> str:
    """All that a run leaves for others to read: published tables in both forms, the report, and the ledger."""
    parts = [path.read_text(encoding="utf-8") for path in output.rglob("*.html")]
    parts += [str(pl.read_parquet(path).rows()) for path in (output / "published").rglob("*.parquet")]
    for file, schemas in (("published/published.duckdb", "'main', 'v1'"), ("warehouse.duckdb", "'ops', 'features'")):
        with duckdb.connect(str(output / file), read_only=True) as connection:
            tables = connection.execute(
                "SELECT table_schema || '.' || table_name FROM information_schema.tables"
                f" WHERE table_schema IN ({schemas})"
            ).fetchall()
            parts += [str(connection.execute(f"SELECT * FROM {table}").fetchall()) for (table,) in tables]
    return "\n".join(parts).casefold()


def test_undeclared_contacts_and_declared_secrets_stay_in_staging(tmp_path: Path) -> None:
    shop = workspace(tmp_path / "shop", _COLUMNS, privacy={"columns": {"customers.income_amount": "sensitive"}})
    output = tmp_path / "out"
    summary = run_corridor(shop, AS_OF, output)
    assert [message for message in summary["alerts"] if "customers." in message or "crm." in message] == [
        (
            "crm.Notes looks like contact data (83 % of 60 values are e-mail addresses) and is mapped to region_name:"
            " treated as contact; declare it under sources.crm.privacy"
        ),
        "income_amount, income_band_name are empty: staging.customers.income_amount is sensitive and does not leave staging",
        "income_to_area_ratio is empty: staging.customers.income_amount is sensitive and does not leave staging",
        "region_name is empty: staging.customers.region_name is contact and does not leave staging",
    ]
    assert ledger(
        output, "SELECT count(region_name), count(income_amount), count(email_address) FROM staging.customers"
    ) == [(_PEOPLE, _PEOPLE, _PEOPLE)]
    text = written(output)
    assert "c17" in text
    assert "hamburg" in text
    for number in range(_PEOPLE):
        assert f"anna{number}@" not in text
        assert f"anna example{number}" not in text
        assert f"note{number}@" not in text


def test_ids_that_are_addresses_are_not_published(tmp_path: Path) -> None:
    shop = workspace(tmp_path / "shop", _COLUMNS | {"customer_id": "Mail"})
    with pytest.raises(GateFailed) as caught:
        run_corridor(shop, AS_OF, tmp_path / "out")
    assert "switch on privacy.pseudonymise" in str(caught.value)
    assert "@" not in str(caught.value)
    assert not (tmp_path / "out" / "published").exists()


@pytest.mark.real_data
def test_names_as_ids_are_found_though_nobody_maps_a_name(test_data: Path, tmp_path: Path) -> None:
    orders = {
        "entity": "order_lines",
        "format": "csv",
        "path": str(test_data / "rfm_pkg" / "rfm_data_orders.csv"),
        "columns": {
            "order_id": "md5(customer_id || order_date)",
            "line_id": "revenue",
            "customer_id": "customer_id",
            "ordered_at": "order_date",
            "quantity": "1",
            "unit_price_amount": "revenue",
        },
    }
    tree = {"name": "rfm", "sources": {"orders": orders}, "segmentations": {"rfm": {"kind": "rfm", "basis": "value"}}}
    (tmp_path / "resegment.yaml").write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    with pytest.raises(GateFailed) as caught:
        run_corridor(tmp_path, AS_OF, tmp_path / "out")
    assert "values_of order_lines.customer_id, value_count 995" in str(caught.value)
    assert rows(tmp_path / "out" / "warehouse.duckdb", "SELECT count(*) FROM ops.publication") == [(0,)]
