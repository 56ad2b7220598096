"""The shipped workspace of the demo reads the files that the generator writes."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from tasks.config.entities import ENTITIES
from tasks.config.loading import load_workspace
from tasks.demo.generator import generate_demo
from tests.unit.demo.conftest import Demo

WORKSPACE = Path(__file__).resolve().parents[3] / "examples" / "demo"


def test_sources_match_the_files_of_the_manifest(demo: Demo) -> None:
    workspace = load_workspace(WORKSPACE, environment={})
    assert workspace.generate is not None
    by_source: dict[str, set[str]] = {}
    for file in demo.manifest.files:
        if file.source is not None:
            by_source.setdefault(file.source, set()).add(file.path)
    assert set(workspace.sources) == set(by_source)
    for name, source in workspace.sources.items():
        patterns = [pattern.removeprefix(f"{workspace.generate.into}/") for pattern in source.patterns]
        matched = {str(path.relative_to(demo.folder)) for one in patterns for path in demo.folder.glob(one)}
        assert matched == by_source[name]


def test_defects_name_sources_and_columns_of_the_workspace(demo: Demo) -> None:
    workspace = load_workspace(WORKSPACE, environment={})
    for defect in demo.manifest.defects:
        source = workspace.sources[defect.source]
        assert defect.column is None or defect.column in source.columns
        assert defect.column is None or ENTITIES[source.entity].column(defect.column)


def test_readme_tells_the_rows_of_the_default_demo(tmp_path: Path) -> None:
    workspace = load_workspace(WORKSPACE, environment={})
    assert workspace.generate is not None
    settings = workspace.generate
    manifest = generate_demo(tmp_path / "data", customers=settings.customers, seed=settings.seed)
    assert settings.customers == 2000
    rows = {name: f"{manifest.rows_of(name):,}" for name in workspace.sources}
    table = [line.split("|") for line in (WORKSPACE / "README.md").read_text(encoding="utf-8").splitlines()]
    told = {cells[1].split("`")[1]: cells[2].strip() for cells in table if len(cells) > 4 and "`" in cells[1]}
    assert told["crm_customers.csv"] == rows["crm"]
    assert told["orders/orders_YYYY-MM.csv.gz"] == rows["web_orders"]
    assert told["pos/pos_YYYY-MM.parquet"] == rows["store_tickets"]
    assert told["feedback.jsonl"] == rows["feedback"]
    assert told["campaigns.csv"] == f"{rows['campaigns']}, {rows['campaign_contacts']}"
    assert told["areas.csv"] == rows["areas"]
    assert told["consents.csv"] == rows["consents"]
    assert told["daily_takings.csv"] == rows["takings"]


def test_files_are_utf8_and_carry_no_clock(demo: Demo) -> None:
    for file in demo.manifest.files:
        content = (demo.folder / file.path).read_bytes()
        if file.path.endswith(".gz"):
            # RFC 1952: bytes 4-7 are the time, flag bit 3 says that a name follows.
            assert content[4:8] == b"\0\0\0\0"
            assert content[3] & 0b1000 == 0
        elif not file.path.endswith(".parquet"):
            content.decode("utf-8")
    assert pl.read_parquet_schema(demo.folder / "pos" / "pos_2025-06.parquet")["card_no"] == pl.Int64
