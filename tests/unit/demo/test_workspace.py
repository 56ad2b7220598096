"""The shipped workspace of the demo reads the files that the generator writes."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from tasks.config.entities import ENTITIES
from tasks.config.loading import load_workspace
from tasks.demo import story
from tasks.demo.generator import generate_demo
from tests.unit.demo.conftest import Demo
from tests.unit.demo.read_exports import web_text

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
    assert told["visits/visits_YYYY-MM.csv.gz"] == rows["visits"]
    assert told["service.csv"] == f"{rows['service']}, {rows['service_costs']}"
    assert told["survey/survey_CSYYYY.csv"] == rows["survey"]
    assert told["costs.csv"] == rows["cost_list"]
    assert told["markets.csv"] == rows["markets"]
    assert told["address_data.csv"] == rows["address_data"]


def test_constructs_are_the_attitudes_of_the_story() -> None:
    """Each item is mapped from its column, and counts for its attitude the right way round."""
    workspace = load_workspace(WORKSPACE, environment={})
    mapped = re.findall(r"'(\w+)', (Q\d+)", workspace.sources["survey"].columns["answers"])
    names = {column: item for item, column in mapped}
    assert list(names) == [column for column, *_ in story.SURVEY_ITEMS]
    assert tuple(workspace.features.constructs) == story.ATTITUDES
    for place, construct in enumerate(workspace.features.constructs.values()):
        items = [(names[column], turned) for column, of, turned, _ in story.SURVEY_ITEMS if of == place]
        assert construct.items == [name for name, turned in items if not turned]
        assert construct.reversed_items == [name for name, turned in items if turned]
        assert construct.scale == [1, 5]
    readme = (WORKSPACE / "README.md").read_text(encoding="utf-8")
    assert all(wording in readme for *_, wording in story.SURVEY_ITEMS)
    for segment in story.SEGMENTS:
        means = " | ".join(f"{mean:.1f}" for mean in segment.attitudes)
        assert f"| `{segment.id}` | {means} | {segment.visits_per_year:g} |" in readme


def test_indicators_and_enrichments_are_in_the_files(demo: Demo) -> None:
    features = load_workspace(WORKSPACE, environment={}).features
    reported = pl.read_csv(demo.folder / "markets.csv")["indicator"].unique()
    assert {indicator.name for indicator in features.indicators.values()} == set(reported)
    said = pl.read_csv(demo.folder / "address_data.csv")["attribute"].unique()
    assert {enrichment.attribute for enrichment in features.enrichments.values()} == set(said)


def test_costs_of_every_product_and_channel_are_mapped(demo: Demo) -> None:
    listed = pl.read_csv(demo.folder / "costs.csv")
    tickets = pl.read_parquet(demo.folder / "pos" / "pos_*.parquet")
    text, _ = web_text(demo.folder)
    sold = {*tickets["article_no"], *text["sku"]} - {"POST"}
    assert sold <= set(listed["sku"].drop_nulls())
    assert set(listed["channel"].drop_nulls()) == {"store", "web", "app"}


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
