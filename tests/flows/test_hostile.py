"""Names, files and data that are written to break something: everything is a value, nothing is run or read as code."""

from __future__ import annotations

import json
import os
import stat
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest
import yaml

from tests.flows.test_cli import resegment
from tests.workspaces import small_workspace

DROP = "x'; DROP TABLE ops.run; --"
SCRIPT = '</title><script>alert("x")</script><img src=x onerror=alert(1)>'
FORMULA = '=HYPERLINK("http://example.org","x")'
FILE = "orders'; DROP SCHEMA raw CASCADE; --.csv"
IDS = (DROP, SCRIPT, FORMULA, 'quo"te', "back\\slash", "$run_id", "{{ 7 * 7 }}", "%s", "ümläut 日本", "' OR '1'='1")


class Tags(HTMLParser):
    """Counts what a browser would run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [tag, *(name for name, _ in attrs if name.startswith("on"))]


def quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def write_hostile(folder: Path) -> None:
    rows = ["order,line,customer,at,product,category,units,price"]
    for number, customer in enumerate(IDS):
        said = ",".join(
            [quoted(f"o{number}"), "1", quoted(customer), "2025-06-20 10:00:00", quoted(DROP), quoted(SCRIPT)]
        )
        rows.append(f"{said},2,1.50")
    (folder / FILE).write_text("\n".join(rows) + "\n", encoding="utf-8")
    tree = small_workspace()
    tree["name"], tree["description"] = f"{DROP} {SCRIPT}", SCRIPT
    tree["sources"]["orders"]["path"] = FILE  # type: ignore[index]
    segments = tree["segmentations"]["lifecycle"]["segments"]  # type: ignore[index]
    segments[0] |= {"name": SCRIPT, "description": FORMULA + " {{ 7 * 7 }}"}
    tree["segmentations"]["lifecycle"] |= {"owner": DROP}  # type: ignore[index]
    tree["publish"] = {"owner_only": True}
    (folder / "resegment.yaml").write_text(yaml.safe_dump(tree, sort_keys=False, allow_unicode=True), encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of hostile names and data, run once."""
    folder = tmp_path_factory.mktemp("hostile")
    write_hostile(folder)
    resegment("run", cwd=folder)
    return folder


def test_every_value_is_published_as_it_came(folder: Path) -> None:
    with duckdb.connect(str(folder / "out" / "published" / "published.duckdb"), read_only=True) as published:
        found = published.execute("SELECT DISTINCT customer_id FROM customer_segment ORDER BY 1").fetchall()
        told = published.execute(
            "SELECT segment_name, description, owner_name FROM segment WHERE segment_name = ?", [SCRIPT]
        ).fetchall()
    assert told == [(SCRIPT, FORMULA + " {{ 7 * 7 }}", DROP)]
    assert [customer for (customer,) in found] == sorted(IDS)
    with duckdb.connect(str(folder / "out" / "warehouse.duckdb"), read_only=True) as warehouse:
        assert warehouse.execute("SELECT file_name, rows_loaded_count FROM ops.load").fetchall() == [(FILE, len(IDS))]
        assert warehouse.execute("SELECT count(*) FROM ops.run").fetchone() == (1,)
        assert warehouse.execute("SELECT DISTINCT category_name FROM staging.order_lines").fetchall() == [(SCRIPT,)]


def test_no_page_runs_a_name(folder: Path) -> None:
    pages = sorted((folder / "out" / "report").glob("*.html"))
    assert pages
    for page in pages:
        tags = Tags()
        tags.feed(page.read_text("utf-8"))
        assert "script" not in tags.found, page.name
        assert not [tag for tag in tags.found if tag.startswith("on")], page.name
        assert "img" not in tags.found, page.name
    assert any("{{ 7 * 7 }}" in page.read_text("utf-8") for page in pages)


@pytest.mark.parametrize("customer", IDS)
def test_a_customer_is_asked_for_by_his_very_id(folder: Path, customer: str) -> None:
    said = json.loads(resegment("explain", "--json", "--", customer, cwd=folder).stdout)
    assert said["customer_id"] == customer


def test_what_looks_like_sql_is_an_unknown_id(folder: Path) -> None:
    done = resegment("explain", "x' OR '1'='1' --", cwd=folder, code=2)
    assert "no customer" in done.stderr


@pytest.mark.parametrize(
    "expression",
    [
        "customer); DROP TABLE ops.run; --",
        "customer FROM raw.x; DELETE FROM ops.load; SELECT 1",
        "customer; DELETE FROM ops.load",
        "customer FROM raw.x",
        "(SELECT content FROM read_text('/etc/passwd'))",
        "max(customer)",
        'customer, "order"',
        "customer AS order_id",
        "*",
    ],
)
def test_an_expression_is_one_expression_over_one_row(tmp_path: Path, expression: str) -> None:
    write_hostile(tmp_path)
    tree = yaml.safe_load((tmp_path / "resegment.yaml").read_text("utf-8"))
    tree["sources"]["orders"]["columns"]["customer_id"] = expression
    (tmp_path / "resegment.yaml").write_text(yaml.safe_dump(tree), encoding="utf-8")
    done = resegment("validate", cwd=tmp_path, code=2)
    assert "resegment.yaml:" in done.stderr
    assert "not a SQL expression: " in done.stderr or "than an expression over one row: " in done.stderr
    assert expression in done.stderr.replace("\\'", "'")
    assert not (tmp_path / "out").exists()


def test_only_the_owner_reads_where_that_is_asked(folder: Path) -> None:
    root = folder / "out"
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    for path in root.rglob("*"):
        # The lock is made before the workspace's wish is known; it holds a process id.
        if path.name != ".lock":
            assert not stat.S_IMODE(path.lstat().st_mode) & 0o077, path
    mask = os.umask(0o022)
    os.umask(mask)
    assert mask != 0o077


def test_secrets_are_told_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "0123456789abcdef-not-for-you"  # noqa: S105 - made up
    monkeypatch.setenv("RESEGMENT_PSEUDONYM_KEY", secret)
    write_hostile(tmp_path)
    tree = yaml.safe_load((tmp_path / "resegment.yaml").read_text("utf-8"))
    tree["privacy"] = {"pseudonymise": True, "key": "${RESEGMENT_PSEUDONYM_KEY}"}
    (tmp_path / "resegment.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    said = [
        resegment("check", cwd=tmp_path),
        resegment("status", "--json", cwd=tmp_path),
        resegment("validate", cwd=tmp_path),
        resegment("check", "--set", f"privacy.key={secret}", cwd=tmp_path, code=2),
    ]
    assert not any(secret in one.stdout + one.stderr for one in said)
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or secret.encode() not in path.read_bytes(), path
