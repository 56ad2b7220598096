"""No contact value and no real id leaves `staging`: everything that a run publishes, prints, logs and keeps is searched.

The demo and rfm_pkg, whose customer ids are persons' names, are run with pseudonyms, for two dates each. What must not
be found is read from the source files by other means than the pipeline's.
"""

from __future__ import annotations

import contextlib
import html
import io
import json
import logging
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from flows.cli import run_command
from tests.flows.backfilled import without_checks
from tests.integration.corridor import EXAMPLES
from tests.integration.database_texts import columns_of

KEY = "the key of these tests, which is no secret"
CUSTOMERS = 300
_PRIVACY = {"pseudonymise": True, "key": "${RESEGMENT_PSEUDONYM_KEY}"}


@dataclass(slots=True)
class Searched:
    """A company that has been run twice, what must not be found of it, and everything that the runs said."""

    output: Path
    secrets: dict[str, set[str]]
    real_id: str
    said: str = ""
    log: list[str] = field(default_factory=list)

    @property
    def values(self) -> set[str]:
        """All of them."""
        return set().union(*self.secrets.values())

    def found_in(self, texts: Iterable[str]) -> list[str]:
        """Secrets that occur anywhere in some texts, even as a part."""
        whole = "\n".join(texts)
        assert len(whole) > 200, "nothing was searched"
        return sorted(value for value in self.values if value in whole)


@contextlib.contextmanager
def listening(kept: list[str]) -> Iterator[None]:
    """Keeps the message of every record that any library makes, whatever becomes of it."""
    make = logging.getLogRecordFactory()

    def keep(*arguments: Any, **named: Any) -> logging.LogRecord:  # noqa: ANN401 - whatever a record is made of
        record = make(*arguments, **named)
        kept.append(record.getMessage())
        return record

    logging.setLogRecordFactory(keep)
    try:
        yield
    finally:
        logging.setLogRecordFactory(make)


def command(company: Searched, *arguments: str | Path) -> str:
    """Run a command in this process; what it prints and logs is kept."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), listening(company.log):
        code = run_command([str(argument) for argument in arguments])
    assert code == 0, out.getvalue() + err.getvalue()
    company.said += out.getvalue() + err.getvalue()
    return out.getvalue()


def run_company(workspace: Path, company: Searched, dates: tuple[str, str], *overrides: str) -> None:
    """A date to compare with, and the one whose checks, alerts and page are searched, too."""
    settings = [part for override in overrides for part in ("--set", override)]
    for date in dates:
        with without_checks() if date == dates[0] else contextlib.nullcontext():
            command(company, "run", "--workspace", workspace, "--as-of", date, *settings)
    command(company, "status", "--workspace", workspace, *settings)
    told = command(company, "explain", company.real_id, "--workspace", workspace, "--json", *settings)
    assert re.fullmatch(r"p_[0-9a-f]{32}", json.loads(told)["customer_id"])


@pytest.fixture(scope="module", autouse=True)
def key() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESEGMENT_PSEUDONYM_KEY", KEY)
        yield


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Searched:
    """The demo: names, addresses, numbers and comments, and ids of the CRM, the shop and the tills."""
    workspace = tmp_path_factory.mktemp("demo")
    shutil.copy(EXAMPLES / "demo" / "resegment.yaml", workspace)
    tree = yaml.safe_load((workspace / "resegment.yaml").read_text())
    (workspace / "resegment.yaml").write_text(yaml.safe_dump(tree | {"privacy": _PRIVACY}, sort_keys=False))
    company = Searched(workspace / "out", {}, "C0000007")
    # One bad row of each kind is much for so few customers.
    settings = (f"generate.customers={CUSTOMERS}", "quality.max_quarantined_share=0.05")
    run_company(workspace, company, ("2025-04-30", "2025-06-30"), *settings)
    data = workspace / "data"
    crm = pl.concat([pl.read_csv(file, separator=";", infer_schema=False) for file in data.glob("crm_customers*.csv")])
    feedback = pl.read_ndjson(data / "feedback.jsonl")
    company.secrets = {
        "customer_id": texts(crm["KundenNr"]),
        "full_name": texts(crm["Name"]),
        "email_address": texts(crm["E-Mail"]),
        "phone_number": texts(crm["Telefon"]),
        "comment_text": texts(feedback["comment"]),
    }
    return company


@pytest.fixture(scope="module")
def rfm_pkg(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Searched:
    """Orders of persons whose id is their name; it stands in the order's number, too."""
    file = test_data.resolve() / "rfm_pkg" / "rfm_data_orders.csv"
    if not file.is_file():
        pytest.skip(f"no data of rfm_pkg at {file}")
    people = {"customer_id": "customer_id", "full_name": "first_name || ' ' || last_name", "email_address": "email"}
    orders = {
        "customer_id": "customer_id",
        "order_id": "customer_id || ' of ' || order_date",
        "line_id": "revenue",
        "ordered_at": "order_date",
        "quantity": "1",
        "unit_price_amount": "revenue",
    }
    tree: dict[str, Any] = {
        "name": "rfm_pkg",
        "privacy": _PRIVACY,
        "sources": {
            name: {"entity": entity, "format": "csv", "path": str(file), "columns": columns}
            for name, entity, columns in (("people", "customers", people), ("orders", "order_lines", orders))
        },
        "segmentations": {
            "rfm": {"kind": "rfm", "basis": "value"},
            "lifecycle": {
                "kind": "rules",
                "basis": "lifecycle",
                "segments": [{"id": "active", "name": "Active", "when": "recency_days <= 180"}],
                "otherwise": {"id": "lapsed", "name": "Lapsed"},
            },
        },
    }
    workspace = tmp_path_factory.mktemp("rfm_pkg")
    (workspace / "resegment.yaml").write_text(yaml.safe_dump(tree, sort_keys=False))
    source = pl.read_csv(file, infer_schema=False)
    company = Searched(workspace / "out", {}, source["customer_id"][0])
    run_company(workspace, company, ("2006-06-30", "2006-12-31"))
    company.secrets = {
        "customer_id": texts(source["customer_id"]),
        "full_name": texts(source.select(pl.col("first_name") + " " + pl.col("last_name")).to_series()),
        "email_address": texts(source["email"]),
    }
    return company


def texts(column: pl.Series) -> set[str]:
    """Values of a column of a source, each once; a text of several lines also as JSON writes it."""
    values = {value for value in column.drop_nulls().to_list() if value.strip()}
    return values | {json.dumps(value, ensure_ascii=False)[1:-1] for value in values}


@pytest.fixture(params=["demo", "rfm_pkg"])
def company(request: pytest.FixtureRequest) -> Searched:
    found: Searched = request.getfixturevalue(request.param)
    return found


def flat(columns: dict[tuple[str, str, str], list[str]]) -> list[str]:
    return [text for values in columns.values() for text in values]


def test_there_is_something_to_search_for(demo: Searched, rfm_pkg: Searched) -> None:
    counts = {name: len(values) for name, values in demo.secrets.items()}
    assert counts["customer_id"] == CUSTOMERS
    assert min(counts.values()) > 10
    assert {name: len(values) for name, values in rfm_pkg.secrets.items()} == {
        "customer_id": 995,
        "full_name": 995,
        "email_address": 995,
    }


def test_secrets_are_found_where_they_belong(company: Searched) -> None:
    staged = flat(columns_of(company.output / "warehouse.duckdb", ("raw",)))
    assert len(company.found_in(staged)) > 0.9 * len(company.values)


def test_no_secret_in_the_published_database(company: Searched) -> None:
    published = columns_of(company.output / "published" / "published.duckdb", ("main", "v1"))
    assert len({table for _, table, _ in published}) == 19
    assert company.found_in(flat(published)) == []


def test_no_secret_in_a_published_partition(company: Searched) -> None:
    files = sorted((company.output / "published").rglob("*.parquet"))
    assert len(files) == 2 * 19
    frames = (pl.read_parquet(file) for file in files)
    values = (str(value) for frame in frames for column in frame for value in column.unique().drop_nulls())
    assert company.found_in(values) == []


def test_no_secret_in_the_bytes_of_a_file_beside_the_warehouse(company: Searched) -> None:
    own = company.output / "copy"
    files = [
        path
        for path in company.output.rglob("*")
        if path.is_file() and "warehouse.duckdb" not in path.name and not path.is_relative_to(own)
    ]
    assert len(files) > 2 * 18 + 2
    wanted = {value.encode() for value in company.values}
    for path in files:
        content = path.read_bytes()
        assert [value for value in wanted if value in content] == [], path


def test_no_secret_in_the_report(company: Searched) -> None:
    assert company.found_in([html.unescape((company.output / "report" / "index.html").read_text())]) == []


def test_no_secret_is_printed_or_logged(company: Searched) -> None:
    assert "published" in company.said
    assert len(company.log) > 50
    # The id that `explain` was asked for was said by us.
    assert company.found_in([company.said]) == []
    assert company.found_in(company.log) == []


def test_no_secret_right_of_staging(company: Searched) -> None:
    kept = columns_of(company.output / "warehouse.duckdb", ("features", "segments", "monitoring"))
    assert company.found_in(flat(kept)) == []


def test_no_secret_in_the_ledger(company: Searched) -> None:
    ops = columns_of(company.output / "warehouse.duckdb", ("ops",))
    assert company.found_in(flat(ops)) == []


def test_real_ids_end_with_raw(company: Searched) -> None:
    ids = company.secrets["customer_id"]
    warehouse = company.output / "warehouse.duckdb"
    staged = {
        text
        for (_, _, column), values in columns_of(warehouse, ("staging",)).items()
        if column == "customer_id"
        for text in values
    }
    assert len(staged) > 0.5 * len(ids)
    assert all(re.fullmatch(r"p_[0-9a-f]{32}", text) for text in staged)


def test_the_key_is_nowhere(company: Searched) -> None:
    for path in company.output.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert KEY.encode() not in content
            assert KEY.encode().hex().encode() not in content
    assert KEY not in company.said + "\n".join(company.log)
