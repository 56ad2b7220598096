"""Every command: its exit code, its output, nothing else.

What a library could print at start or exit is tried in processes of their own (`in_process=False`); the rest runs here,
where imports are paid once.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import yaml

from flows.cli import run_command
from tests.workspaces import ORDERS, small_workspace

#: What libraries print when something leaks; none of it may reach a user.
NOISE = ("Traceback", "Warning", "refect", "great_expectations", "CancelledError", "sqlite", "Calculating", "leaked")


def resegment(
    *arguments: str | Path, cwd: Path, code: int = 0, in_process: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user would, and see that no library speaks."""
    done = _here(arguments, cwd) if in_process else _apart(arguments, cwd)
    assert done.returncode == code, done.stdout + done.stderr
    for word in NOISE:
        assert word not in done.stdout + done.stderr
    return done


def _here(arguments: tuple[str | Path, ...], cwd: Path) -> subprocess.CompletedProcess[str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = run_command([str(argument) for argument in arguments])
        except SystemExit as stop:
            code = int(stop.code or 0)
    return subprocess.CompletedProcess([], code, out.getvalue(), err.getvalue())


def _apart(arguments: tuple[str | Path, ...], cwd: Path) -> subprocess.CompletedProcess[str]:
    """PREFECT_* of the developer's shell are left out."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("PREFECT", "RESEGMENT_DEBUG"))
    }
    return subprocess.run(
        [sys.executable, "-m", "flows.cli", *map(str, arguments)],
        cwd=cwd,
        env={**environment, "PYTHONPATH": str(Path(__file__).resolve().parents[2]), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that has been run once."""
    folder = tmp_path_factory.mktemp("workspace")
    write(folder)
    resegment("run", "--as-of", "2025-06-10", cwd=folder)
    return folder


def write(folder: Path, orders: str = ORDERS, **changes: object) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "orders.csv").write_text(orders)
    (folder / "resegment.yaml").write_text(yaml.safe_dump(small_workspace() | changes, sort_keys=False))


def test_run_publishes_and_says_where(folder: Path) -> None:
    done = resegment("run", cwd=folder, in_process=False)
    assert "published/published.duckdb" in done.stdout
    assert "report/index.html" in done.stdout
    assert "orders" in done.stderr
    out = folder / "out"
    with duckdb.connect(str(out / "published" / "published.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "SELECT customer_id, segment_id FROM published.customer_segment ORDER BY ALL"
        ).fetchall()
    assert ("anna", "lifecycle.new") in rows
    assert {customer for customer, _ in rows} == {"anna", "ben"}
    assert (out / "report" / "index.html").read_text().startswith("<!DOCTYPE html>")
    assert list((out / "published" / "segment").glob("as_of_date=2025-06-30/*.parquet"))
    assert (out / "report" / "checks.html").is_file()
    assert not (out / "data_docs").exists(), "nobody asked for them"


def test_run_as_json_is_one_document(folder: Path) -> None:
    summary = json.loads(resegment("run", "--json", "--quiet", cwd=folder).stdout)
    assert summary["as_of"] == "2025-06-30"
    assert summary["sources"] == [{"source": "orders", "read": 5, "loaded": 5, "quarantined": 0}]


def test_status_says_what_is_published(folder: Path) -> None:
    assert "published as of 2025-0" in resegment("status", cwd=folder).stdout
    assert json.loads(resegment("status", "--json", cwd=folder).stdout)["published_run_id"]


def test_status_before_the_first_run(tmp_path: Path) -> None:
    write(tmp_path)
    assert "nothing is published yet" in resegment("status", cwd=tmp_path).stdout


def test_explain_tells_why(folder: Path) -> None:
    resegment("run", cwd=folder)
    text = resegment("explain", "anna", cwd=folder).stdout
    assert "lifecycle: New" in text
    assert "tenure_days <= 30" in text
    assert "recency_days" in text
    found = json.loads(resegment("explain", "ben", "--json", cwd=folder).stdout)
    assert {member["segmentation"] for member in found["memberships"]} == {"rfm", "lifecycle"}


def test_explain_of_a_stranger_is_an_error(folder: Path) -> None:
    assert "no customer 'zoe'" in resegment("explain", "zoe", cwd=folder, code=2).stderr


def test_audit_tells_cards_findings_and_what_to_do(folder: Path) -> None:
    text = resegment("audit", cwd=folder).stdout
    assert "warnings" in text
    assert "lifecycle" in text
    found = json.loads(resegment("audit", "--segmentation", "lifecycle", "--json", cwd=folder).stdout)
    assert {card["segment_id"] for card in found["cards"]} == {"lifecycle.new", "lifecycle.active", "lifecycle.lapsed"}
    small = next(row for row in found["findings"] if row["finding_name"] == "small_segment")
    assert small["segment_id"] == "lifecycle.new"
    assert small["evidence"] in text
    told = resegment("audit", "--segmentation", "lifecicle", cwd=folder, code=2).stderr
    assert "there is no segmentation 'lifecicle'" in told
    assert "did you mean 'lifecycle'?" in told


def test_audit_before_the_first_run(tmp_path: Path) -> None:
    write(tmp_path)
    assert "nothing has been run here yet" in resegment("audit", cwd=tmp_path, code=2).stderr


def test_report_says_where_it_is(folder: Path) -> None:
    page = Path(resegment("report", cwd=folder).stdout.strip())
    assert page.is_file()


def test_validate_accepts_and_counts(folder: Path) -> None:
    assert "is valid: 1 source, 1 file, 8 column expressions, " in resegment("validate", cwd=folder).stdout


def test_features_are_listed_with_the_workspaces_own(tmp_path: Path) -> None:
    write(tmp_path)
    models = tmp_path / "sql" / "features"
    models.mkdir(parents=True)
    (models / "customer_own.sql").write_text(
        "-- what: w\n-- why: w\n-- owner: wine desk\n-- grain: customer\n-- column customer_id: c [id]\n"
        "-- column wine_30d_count: lines of wine; as many as there are [unit=lines]\n"
        "SELECT customer_id, count(*) FILTER (WHERE category_name = 'wine') AS wine_30d_count"
        " FROM staging.customers LEFT JOIN staging.order_lines USING (customer_id) GROUP BY customer_id"
    )
    told = resegment("features", "WINE", cwd=tmp_path).stdout
    head, row, *others = told.splitlines()
    assert head.split() == [
        "theme",
        "feature",
        "type",
        "unit",
        "days",
        "moves",
        "by",
        "itself",
        "privacy",
        "owner",
        "meaning",
    ]
    assert row.split(maxsplit=5)[:5] == ["own", "wine_30d_count", "BIGINT", "lines", "30"]
    assert row.rstrip().endswith("wine desk  lines of wine")
    assert not others
    found = {one["name"]: one for one in json.loads(resegment("features", "--json", cwd=tmp_path).stdout)}
    assert found["wine_30d_count"]["source_columns"] == ["order_lines.category_name"]
    assert found["age_years"]["privacy_class"] == "sensitive"
    assert len(found) > 130
    assert not (tmp_path / "out").exists()


def test_features_of_a_model_that_is_wrong_name_its_file(tmp_path: Path) -> None:
    write(tmp_path)
    models = tmp_path / "sql" / "features"
    models.mkdir(parents=True)
    (models / "customer_own.sql").write_text(
        "-- what: w\n-- why: w\n-- grain: customer\n-- column customer_id: c [id]\n-- column own: o\n"
        "SELECT customer_id, nothing AS own FROM staging.customers"
    )
    told = resegment("features", cwd=tmp_path, code=2).stderr
    assert str(models / "customer_own.sql") in told
    assert '"nothing" not found' in told


def test_validate_names_an_unknown_feature_with_line_and_near_miss(tmp_path: Path) -> None:
    write(tmp_path)
    text = (tmp_path / "resegment.yaml").read_text().replace("when: tenure_days <= 30", "when: tenur_days <= 30")
    (tmp_path / "resegment.yaml").write_text(text)
    line = next(number for number, row in enumerate(text.splitlines(), 1) if "tenur_days" in row)
    told = resegment("validate", cwd=tmp_path, code=2).stderr
    assert f"resegment.yaml:{line}" in told
    assert "did you mean 'tenure_days'" in told


def test_schema_is_a_json_schema(tmp_path: Path) -> None:
    document = json.loads(resegment("schema", cwd=tmp_path).stdout)
    assert document["$schema"].startswith("https://json-schema.org/")
    assert "segmentations" in document["properties"]


def test_usage_errors_have_exit_code_2(tmp_path: Path) -> None:
    assert "invalid choice" in resegment("nonsense", cwd=tmp_path, code=2).stderr
    write(tmp_path)
    assert "expected YYYY-MM-DD" in resegment("run", "--as-of", "30.06.2025", cwd=tmp_path, code=2).stderr


def test_a_missing_source_file_fails_with_exit_code_1(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "orders.csv").unlink()
    told = resegment("run", cwd=tmp_path, code=1, in_process=False).stderr
    assert "there is no file" in told
    assert "resegment.yaml:" in told


def test_a_failed_gate_keeps_the_last_good_publication(tmp_path: Path) -> None:
    write(tmp_path)
    resegment("run", "--as-of", "2025-06-10", cwd=tmp_path)
    before = (tmp_path / "out" / "published" / "manifest.json").read_text()
    bad = "".join(f"o{n},1,eve,not a day,p1,bread,1,1.0\n" for n in range(10, 40))
    write(tmp_path, ORDERS + bad)
    told = resegment("run", cwd=tmp_path, code=3, in_process=False).stderr
    assert "quarantine" in told.lower()
    assert (tmp_path / "out" / "published" / "manifest.json").read_text() == before
    assert "last good" in resegment("status", cwd=tmp_path).stdout
    assert "2025-06-10" in (tmp_path / "out" / "report" / "index.html").read_text()
    write(tmp_path)
    resegment("run", cwd=tmp_path)


def test_an_output_folder_that_cannot_be_written(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "file").write_text("")
    assert "cannot write the output folder" in resegment("run", "--output", "file/out", cwd=tmp_path, code=1).stderr


def test_errors_as_json_go_to_standard_output(tmp_path: Path) -> None:
    told = json.loads(resegment("validate", "--workspace", tmp_path / "none", "--json", cwd=tmp_path, code=2).stdout)
    assert told["error"] == "WorkspaceError"
    assert told["hint"]


def test_templates_are_listed_and_shown(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    own = "title: Mine\nbasis: needs\ndescription: Of mine.\nsegmentation: 'kind: rules'\n"
    (tmp_path / "templates" / "mine.yaml").write_text(own)
    listed = {row["name"]: row for row in json.loads(resegment("template", "list", "--json", cwd=tmp_path).stdout)}
    assert listed["mine"] == {"name": "mine", "basis": "needs", "description": "Of mine."}
    assert "value_tiers" in listed
    elsewhere = resegment("template", "list", cwd=tmp_path.parent).stdout
    assert "value_tiers" in elsewhere
    assert "Of mine." not in elsewhere
    shown = resegment("template", "show", "value_tiers", cwd=tmp_path).stdout
    assert "cumulative" not in shown
    for words in ("needs entity order_lines; features net_365d_amount", "[0.8, 0.95]", "A customers"):
        assert words in shown
    example = yaml.safe_load(shown[shown.index("segmentations:") :])
    assert example["segmentations"]["value_tiers"]["with"]["shares"] == [0.8, 0.95]
    whole = json.loads(resegment("template", "show", "lifecycle", "--json", cwd=tmp_path).stdout)
    assert whole["segmentation"]["kind"] == "rules"
    assert whole["parameters"]["new_days"]["default"] == 30


def test_a_template_that_is_not_there_is_told(tmp_path: Path) -> None:
    told = resegment("template", "show", "value_tires", cwd=tmp_path, code=2).stderr
    assert "there is no template 'value_tires'" in told
    assert "did you mean 'value_tiers'?" in told


def test_the_schema_takes_templates_and_trees(tmp_path: Path) -> None:
    schema = json.loads(resegment("schema", cwd=tmp_path).stdout)
    uses = schema["$defs"]["TemplateUse"]["properties"]
    assert {"template", "with", "except"} <= set(uses)
    (of_name,) = schema["properties"]["segmentations"]["patternProperties"].values()
    assert {"$ref": "#/$defs/TemplateUse"} in of_name["anyOf"]
    assert set(schema["$defs"]["NotOf"]["properties"]) == {"not"}
    references = set(re.findall(r"#/\$defs/(\w+)", json.dumps(schema)))
    assert references <= set(schema["$defs"])
