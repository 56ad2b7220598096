"""`resegment run --data-docs`: pages of a run that was stopped and of one that was published, without contact data."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from flows.cli import run_command
from tests.workspaces import ORDERS, small_workspace

_CUSTOMERS = """id,name,mail
anna,Anna Secretname,anna@secret.example
ben,Ben Secretname,ben@secret.example
"""
_SUITE = """table: staging.customers
description: Addresses are looked at.
expectations:
  - type: expect_column_values_to_be_null
    kwargs: {column: email_address}
    severity: SEVERITY
    meaning: nobody has an address
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace with names and addresses, and a check that fails on them."""
    tree = small_workspace() | {"quality": {"expectations": "checks"}}
    sources = tree["sources"]
    assert isinstance(sources, dict)
    columns = {"customer_id": "id", "full_name": "name", "email_address": "mail"}
    sources["crm"] = {"entity": "customers", "format": "csv", "path": "customers.csv", "columns": columns}
    (tmp_path / "resegment.yaml").write_text(yaml.safe_dump(tree, sort_keys=False))
    (tmp_path / "orders.csv").write_text(ORDERS)
    (tmp_path / "customers.csv").write_text(_CUSTOMERS)
    (tmp_path / "checks" / "staging").mkdir(parents=True)
    return tmp_path


def run(folder: Path, severity: str, *arguments: str) -> int:
    (folder / "checks" / "staging" / "customers.yaml").write_text(_SUITE.replace("SEVERITY", severity))
    return run_command(["run", "--workspace", str(folder), "--quiet", *arguments])


def tables(docs: Path) -> set[str]:
    """Tables that have a page of results; every page is free of contact data."""
    for page in docs.rglob("*.html"):
        assert "secret" not in page.read_text(encoding="utf-8").lower(), page
    pages = (docs / "validations").rglob("*.html")
    return {".".join(page.relative_to(docs / "validations").parts[:2]) for page in pages}


def test_pages_are_written_where_they_are_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    docs = folder / "out" / "data_docs"
    assert run(folder, "critical", "--data-docs") == 3
    stopped = tables(docs)
    assert {"ops.load", "raw.order_lines", "staging.customers"} <= stopped
    assert not any(table.startswith("features.") for table in stopped)
    assert run(folder, "warning", "--data-docs") == 0
    assert stopped | {"features.customer_value", "segments.membership", "published.segment"} <= tables(docs)
    (page,) = (docs / "validations" / "staging" / "customers").rglob("*.html")
    assert "nobody has an address (warning)" in page.read_text(encoding="utf-8")
    assert "secret" not in capsys.readouterr().err.lower()
