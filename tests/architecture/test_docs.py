"""The documentation is what the code says, its links lead somewhere, and its examples hold."""

from __future__ import annotations

import argparse
import importlib
import os
import re
import shutil
import subprocess
import sys
import textwrap
from functools import cache
from pathlib import Path

import pytest
import sqlglot
import yaml
from pydantic import TypeAdapter
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify

from flows.arguments import build_parser
from tasks.config.audit import FINDING_NAMES, AuditPolicy
from tasks.config.errors import WorkspaceError
from tasks.config.expansion import example_values, expand_templates, render
from tasks.config.loading import load_workspace
from tasks.config.predictions import Predictions
from tasks.config.privacy import PrivacyPolicy
from tasks.config.resolving import resolve
from tasks.config.segmentations import Segmentation
from tasks.config.sources import Source
from tasks.config.template import Template
from tasks.ingest.mapping import parse_mapping
from tasks.warehouse import migrations
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.models import read_model
from tests.workspaces import small_workspace

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
PAGES = sorted([*REPOSITORY.glob("*.md"), *DOCS.rglob("*.md"), *REPOSITORY.glob("examples/*/*.md")])
PUBLISHED = sorted((REPOSITORY / "sql" / "published").glob("*.sql"))
_BLOCK = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^ *```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\((?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")
#: Names that templates of `published` and of features use; their values do not matter here.
_NAMES = {
    **dict.fromkeys(("current_run", "listed_runs"), "'x'"),
    **dict.fromkeys(("as_of", "as_of_end", "current_as_of"), "DATE '2025-06-30'"),
    "runs_until": "SELECT DATE '2025-06-30' AS as_of_date, 'x' AS run_id",
    "windows": [30, 90, 365],
}


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of a page in that language."""
    found = _BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [textwrap.dedent(match["text"]) for match in found if match["language"] == language]


def anchors(page: Path) -> set[str]:
    """What GitHub makes of the page's headings."""
    prose = _BLOCK.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def generate(docs: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, docs / "generate.py", *arguments],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_reference_is_what_the_code_says() -> None:
    done = generate(DOCS, "--check")
    assert done.returncode == 0, done.stderr


def test_pages_that_differ_are_named_and_mended(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    shutil.copytree(DOCS, docs)
    # Whether the pages here are what the code says is the test above.
    assert generate(docs).returncode == 0
    anew = {path.name: path.read_bytes() for path in (docs / "reference").iterdir()}
    (docs / "reference" / "checks.md").unlink()
    with (docs / "reference" / "features.md").open("a", encoding="utf-8") as page:
        page.write("and one word more\n")
    done = generate(docs, "--check")
    assert done.returncode == 1
    assert re.findall(r"reference/(\w+\.md)", done.stderr) == ["checks.md", "features.md"]
    assert generate(docs).returncode == 0
    assert {path.name: path.read_bytes() for path in (docs / "reference").iterdir()} == anew


def test_what_the_pages_cannot_be_written_for_is_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused() -> dict[str, str]:
        raise WorkspaceError("the key 'owner' is missing", where="expectations/features/customer_gifts.yaml:1")

    monkeypatch.syspath_prepend(DOCS)
    program = importlib.import_module("generate")
    monkeypatch.setattr(program, "pages", refused)
    monkeypatch.setattr(sys, "argv", ["generate.py"])
    assert program.main() == 2
    told = capsys.readouterr().err
    assert "the key 'owner' is missing" in told
    assert "customer_gifts.yaml:1" in told


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_relative_links_lead_to_files_and_headings(page: Path) -> None:
    prose = _BLOCK.sub("", page.read_text(encoding="utf-8"))
    for link in _LINK.finditer(prose):
        if re.match(r"[a-z]+:", link["path"]):
            continue
        target = (page.parent / link["path"]).resolve() if link["path"] else page
        assert target.exists(), f"{page.name}: {link['path']} is not there"
        if link["anchor"] and target.suffix == ".md":
            assert link["anchor"] in anchors(target), f"{page.name}: {target.name} has no heading #{link['anchor']}"


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_files_that_newcomers_are_sent_to_are_there(page: str) -> None:
    named = set(re.findall(r"`([\w/.]+\.(?:py|sql|yaml|j2|md))`", (REPOSITORY / page).read_text(encoding="utf-8")))
    folders = ("deploy", "docs", "expectations", "flows", "sql", "tasks", "tests")
    by_name = {path.name for folder in folders for path in (REPOSITORY / folder).rglob("*")} | {"resegment.yaml"}
    gone = sorted(name for name in named if not (REPOSITORY / name).exists() and name not in by_name)
    assert not gone, f"{page} names what is not there: {', '.join(gone)}"


def test_every_published_table_has_its_section() -> None:
    missing = {path.stem for path in PUBLISHED} - anchors(DOCS / "reference" / "published.md")
    assert not missing, f"run `make docs`: docs/reference/published.md lacks {', '.join(sorted(missing))}"


def test_the_readme_lists_every_command() -> None:
    (commands,) = (one for one in build_parser()._actions if isinstance(one, argparse._SubParsersAction))
    rows = [row for row in (REPOSITORY / "README.md").read_text(encoding="utf-8").splitlines() if row.startswith("|")]
    missing = [name for name in commands.choices if not any(row.startswith(f"| `resegment {name}") for row in rows)]
    assert not missing, f"add to the table of commands of README.md: {', '.join(missing)}"


@cache
def schema() -> dict[str, object]:
    """Every column of the published tables, in their file and as attached to another, and of the ledger."""
    models = [read_model("published", path, _NAMES) for path in PUBLISHED]
    tables = {model.table: dict.fromkeys((column.name for column in model.columns), "unknown") for model in models}
    operations: dict[str, dict[str, str]] = {}
    with Warehouse.open(None) as warehouse:
        migrations.migrate(warehouse)
        for table, column in warehouse.rows(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'ops'"
        ):
            operations.setdefault(table, {})[column] = "unknown"
    return {"main": tables, "published": tables, "ops": operations}


def bind(query: str) -> None:
    """Find every column of a query in a table; raises where one is in none."""
    qualify(sqlglot.parse_one(query, dialect="duckdb"), schema=schema(), db="main", dialect="duckdb")


@pytest.mark.parametrize(
    "page",
    [
        "reference/published.md",
        "how-to/read-the-audit.md",
        "how-to/read-the-published-tables.md",
        "how-to/when-a-gate-fails.md",
        "how-to/pseudonyms-and-consents.md",
        "how-to/work-off-the-quarantine.md",
        "how-to/refit-and-roll-back.md",
        "how-to/backfill.md",
    ],
)
def test_queries_name_tables_and_columns_that_there_are(page: str) -> None:
    queries = [query for query in blocks(DOCS / page, "sql") if "read_parquet" not in query]
    assert queries
    for query in queries:
        bind(query)
        with pytest.raises(sqlglot.errors.OptimizeError):
            bind(query.replace("SELECT ", "SELECT no_such_column, ", 1))


def test_examples_of_sources_and_segmentations_are_valid() -> None:
    sources = blocks(DOCS / "how-to" / "add-a-source.md", "yaml")
    entities = [
        source.entity
        for example in sources
        for source in TypeAdapter(dict[str, Source]).validate_python(yaml.safe_load(example)).values()
    ]
    assert entities == ["order_lines", "order_lines", "order_lines", "control_totals"]
    examples = blocks(DOCS / "how-to" / "write-a-segmentation.md", "yaml")
    segmentations: TypeAdapter[dict[str, Segmentation]] = TypeAdapter(dict[str, Segmentation])
    found: dict[str, Segmentation] = {}
    for example in examples:
        tree = {"segmentations": yaml.safe_load(example)}
        if "parameters" in tree["segmentations"]:
            template = Template.model_validate(tree["segmentations"])
            tree = {"segmentations": {"own": render(template, DOCS, example_values(template))}}
        expand_templates(tree, {}, DOCS)
        found |= segmentations.validate_python(tree["segmentations"])
    assert {segmentation.kind for segmentation in found.values()} == {
        "rules",
        "rfm",
        "clusters",
        "cuts",
        "values",
        "projected",
    }
    assert resolve(found, lambda *keys: str(keys))


def test_the_example_of_a_database_is_valid(tmp_path: Path) -> None:
    (example,) = (yaml.safe_load(block) for block in blocks(DOCS / "how-to" / "read-a-database.md", "yaml"))
    tree = small_workspace() | example
    (tmp_path / "resegment.yaml").write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    assert parse_mapping(load_workspace(tmp_path), "orders").source.since == "updated_at"


def test_examples_of_predictions_are_valid() -> None:
    page = DOCS / "how-to" / "predict.md"
    declared, divided = (yaml.safe_load(block) for block in blocks(page, "yaml"))
    predictions = TypeAdapter(Predictions).validate_python(declared["predictions"])
    (segmentation,) = TypeAdapter(dict[str, Segmentation]).validate_python(divided["segmentations"]).values()
    assert segmentation.basis == "predictive"
    features = {one.feature_name(key) for key, one in predictions.items()}
    text = page.read_text(encoding="utf-8")
    assert features == {"churn_90d_share", "spend_90d_amount", "value_year_amount"}
    assert all(f"`{name}`" in text for name in features)
    named = {
        word for rule in segmentation.segments for word in re.findall(r"[a-z0-9_]+_(?:share|amount)", str(rule.when))
    }
    assert named <= features
    # What a population may name is listed, and is in the snapshot.
    snapshot = (REPOSITORY / "sql" / "predict" / "snapshot.sql").read_text(encoding="utf-8")
    listed = text.partition("A population may name")[2].partition("\n\n")[0]
    columns = set(re.findall(r"`(\w+)`", listed))
    assert len(columns) > 12
    assert {name for name in columns if f"-- column {name}:" not in snapshot} == set()


def test_examples_of_privacy_are_valid() -> None:
    pseudonyms, groups, consents = (
        yaml.safe_load(block) for block in blocks(DOCS / "how-to" / "pseudonyms-and-consents.md", "yaml")
    )
    assert PrivacyPolicy.model_validate(pseudonyms["privacy"]).pseudonymise
    assert PrivacyPolicy.model_validate(groups["privacy"]) == PrivacyPolicy()
    assert TypeAdapter(dict[str, Source]).validate_python(consents["sources"])


def test_the_example_of_the_audit_is_valid_and_its_page_tells_of_every_finding() -> None:
    page = DOCS / "how-to" / "read-the-audit.md"
    (example,) = (yaml.safe_load(block) for block in blocks(page, "yaml"))
    assert AuditPolicy.model_validate(example["audit"]).accepted[0].because
    text = page.read_text(encoding="utf-8")
    assert [name for name in FINDING_NAMES if f"| `{name}` |" not in text] == []


def test_the_example_of_a_feature_is_a_model(tmp_path: Path) -> None:
    (text,) = (block for block in blocks(DOCS / "how-to" / "add-a-feature.md", "text") if block.startswith("-- what"))
    path = tmp_path / "customer_wine.sql"
    path.write_text(text, encoding="utf-8")
    model = read_model("features", path, _NAMES)
    select = sqlglot.parse_one(model.sql, dialect="duckdb")
    assert isinstance(select, exp.Select)
    assert [column.name for column in model.columns] == select.named_selects
    assert model.reads == {"staging.customers", "staging.order_lines"}
