"""Great Expectations' own pages: they name the checks, tell the figures, and show nothing that is known of people."""

from __future__ import annotations

import datetime as dt
import html
import re
from decimal import Decimal
from pathlib import Path

import pytest

from tasks.config.errors import GateFailed, OutputError
from tasks.quality.data_docs import DataDocs, shown_value
from tasks.quality.findings import WITHHELD
from tasks.quality.gate import run_checks
from tasks.quality.suites import load_suites
from tasks.quality.tasks import write_data_docs
from tasks.warehouse.run import OutputPaths, Run
from tests.unit.quality import corridor
from tests.unit.quality.conftest import spoiling

#: Planted in columns of customers; none of it may stand on a page, nor a part of it.
SECRETS = ("anna@example.com", "Anna Example", "+49 170 5550123", "Anna Shifted")
_OWN = """table: staging.customers
description: Customers, looked at where it hurts.
expectations:
  - type: expect_column_values_to_be_null
    kwargs: {column: email_address}
    severity: critical
    meaning: nobody has an address, not even for 5 $a month
  - type: expect_column_distinct_values_to_be_in_set
    kwargs: {column: full_name, value_set: [nobody]}
    severity: critical
    meaning: nobody has a name
  - type: expect_column_values_to_be_in_set
    kwargs: {column: region_name, value_set: [north]}
    severity: warning
    meaning: everybody lives in the north
  - type: expect_column_pair_values_to_be_equal
    kwargs: {column_A: phone_number, column_B: city_name}
    severity: warning
    meaning: telephones are towns
  - type: expect_no_rows
    kwargs: {query: "SELECT * FROM {{ batch }}"}
    severity: warning
    meaning: there are no customers
"""


def words(page: Path) -> str:
    """What a reader sees of a page."""
    text = re.sub(r"<(script|style).*?</\1>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def page_of(folder: Path, table: str) -> str:
    (page,) = (folder / "validations" / table.replace(".", "/")).rglob("*.html")
    return words(page)


@pytest.fixture
def run(tmp_path: Path, whole_run: Run) -> Run:
    """The whole run, with a suite of its own for customers and an output folder of its own."""
    return run_of_its_own(tmp_path, whole_run)


def run_of_its_own(folder: Path, whole_run: Run) -> Run:
    space = corridor.workspace(folder / "own", expectations="checks")
    file = space.directory / "checks" / "staging" / "customers.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(_OWN)
    made = Run(space, whole_run.warehouse, OutputPaths(folder / "out"), whole_run.as_of, None)
    made.run_id, made.previous = whole_run.run_id, whole_run.previous
    made.paths.root.mkdir()
    return made


@pytest.fixture(scope="module")
def checked(whole_run: Run, tmp_path_factory: pytest.TempPathFactory) -> DataDocs:
    """The results of a door that fails on people's data."""
    documents = DataDocs()
    filled = (
        "UPDATE staging.customers SET email_address = 'anna@example.com', full_name = 'Anna Example',"
        " phone_number = '+49 170 5550123', region_name = 'Anna Shifted', city_name = 'x'"
    )
    made = run_of_its_own(tmp_path_factory.mktemp("checked"), whole_run)
    with spoiling(whole_run.warehouse, "staging.customers", filled), pytest.raises(GateFailed):
        run_checks(made, "staging", documents=documents)
    return documents


def test_pages_name_every_check_of_every_table(run: Run, checked: DataDocs) -> None:
    path = write_data_docs.fn(run, checked)
    folder = run.paths.data_docs
    assert path == str(folder / "index.html")
    assert Path(path).is_file()
    for suite in load_suites(run.workspace, "staging"):
        text = page_of(folder, suite.table)
        for check in suite.checks:
            assert check.expectation.meaning in text
    text = page_of(folder, "staging.customers")
    assert run.run_id in text
    assert "4 unexpected values found. 100% of 4 total rows." in text
    assert "4 wrong in 4 rows" in text
    assert "Status: Failed" in text
    assert "Status: Succeeded" in page_of(folder, "staging.orders")


def test_nothing_that_is_known_of_people_is_on_any_page(run: Run, checked: DataDocs) -> None:
    folder = checked.write(run).parent
    pages = [path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.suffix in {".html", ".json"}]
    assert len(pages) > 10
    assert [secret for secret in (*SECRETS, "Anna", "5550123") if any(secret in page for page in pages)] == []
    assert WITHHELD in page_of(folder, "staging.customers")


def test_pages_of_an_earlier_run_are_replaced(run: Run, checked: DataDocs) -> None:
    old = run.paths.data_docs / "validations" / "old.html"
    old.parent.mkdir(parents=True)
    old.write_text("old")
    checked.write(run)
    assert not old.exists()
    assert [path.name for path in run.paths.root.iterdir()] == ["data_docs"]


def test_a_folder_that_cannot_be_written_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_self: Path, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OutputError, match="cannot write the data docs: No space left on device") as raised:
        DataDocs().write(run)
    assert raised.value.where == str(run.paths.data_docs)
    assert list(run.paths.root.iterdir()) == []


@pytest.mark.parametrize(
    ("table", "column", "value", "shown"),
    [
        ("features.customer_value", "order_count", 1_234, "1,234"),
        ("features.customer_value", "net_amount", Decimal("-3.50"), "-3.50"),
        ("staging.order_lines", "unit_price_amount", 4_917_055_501, WITHHELD),
        ("staging.order_lines", "ordered_at", dt.datetime(2025, 6, 1, 10, 30), "2025-06-01 10:30:00"),
        ("staging.order_lines", "channel_name", "web", "web"),
        ("staging.order_lines", "channel_name", "anna@example.com", WITHHELD),
        ("staging.order_lines", "product_name", "call +49 (170) 555-0123", WITHHELD),
        ("staging.order_lines", "customer_id", "c1", WITHHELD),
        ("staging.orders", "customer_id, order_id", ("c1", "o1"), WITHHELD),
        ("staging.orders", None, {"order_id": "o1", "customer_id": "c1"}, f"order_id o1, customer_id {WITHHELD}"),
        ("staging.orders", "order_id, channel_name", ("o1", "a@b.de"), f"o1, {WITHHELD}"),
        ("staging.customers", "city_name", "Anna", WITHHELD),
        ("raw.feedback", "rating", 9, WITHHELD),
        ("features.customer_demographics", "gender_code", None, "nothing"),
    ],
)
def test_values_that_may_be_shown(table: str, column: str | None, value: object, shown: str) -> None:
    assert shown_value(table, column, value) == shown


def test_a_figure_of_the_whole_table_is_nobodys() -> None:
    assert shown_value("staging.customers", None, 3_000_000_000, is_figure=True) == "3,000,000,000"
