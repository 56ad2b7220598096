from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tasks.config.errors import UsageError, WorkspaceError
from tasks.config.expected import expected
from tasks.config.loading import load_workspace
from tasks.config.workspace import Workspace
from tests.workspaces import MakeWorkspace, small_workspace


def write(folder: Path, text: str) -> Path:
    (folder / "resegment.yaml").write_text(text, encoding="utf-8")
    return folder


def small_text() -> str:
    return yaml.safe_dump(small_workspace(), sort_keys=False)


def test_a_missing_file_says_where_to_look(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="--workspace DIR") as caught:
        load_workspace(tmp_path)
    assert str(tmp_path / "resegment.yaml") in str(caught.value)


def test_broken_yaml_names_the_line(tmp_path: Path) -> None:
    write(tmp_path, "name: x\nsources: [a\nsegmentations: {}\n")
    with pytest.raises(WorkspaceError, match=r"resegment\.yaml:3: not YAML"):
        load_workspace(tmp_path)


def test_a_misspelt_key_is_named_with_line_and_near_miss(tmp_path: Path) -> None:
    text = small_text().replace("    format: csv", "    fromat: csv")
    line = text.splitlines().index("    fromat: csv") + 1
    write(tmp_path, text)
    with pytest.raises(WorkspaceError) as caught:
        load_workspace(tmp_path)
    assert f"resegment.yaml:{line}: sources.orders.fromat: unknown key; did you mean 'format'?" in str(caught.value)


def test_a_misspelt_key_inside_a_segment_knows_the_keys_of_its_kind(tmp_path: Path) -> None:
    write(tmp_path, small_text().replace("when: tenure_days", "whne: tenure_days"))
    with pytest.raises(WorkspaceError, match="did you mean 'when'"):
        load_workspace(tmp_path)


def test_a_segmentation_may_be_called_as_a_kind(make_workspace: MakeWorkspace) -> None:
    with pytest.raises(WorkspaceError, match=r"segmentations\.rfm\.recensy: unknown key"):
        make_workspace("segmentations.rfm.recensy=recency_days")


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    write(tmp_path, small_text() + "name: again\n")
    with pytest.raises(WorkspaceError, match="'name' stands twice"):
        load_workspace(tmp_path)


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, small_text().replace("format: csv", "format: xls").replace("basis: value", "basis: worth"))
    with pytest.raises(WorkspaceError) as caught:
        load_workspace(tmp_path)
    message = str(caught.value)
    assert message.startswith("2 problems")
    assert "'xls'" in message
    assert "'worth'" in message


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("name", [1], "name: expected a text, and it is a list"),
        ("output", 5, "output: expected a text (got 5)"),
        ("sources", 5, "sources: expected a mapping of keys to values (got 5)"),
        ("features", None, "features: expected a mapping of keys to values, and it is empty"),
        ("features", {"windows": 30}, "features.windows: expected a list (got 30)"),
        ("features", {"windows": ["many"]}, "features.windows.0: expected a whole number (got 'many')"),
        ("engine", {"incremental": {"a": 1}}, "engine.incremental: expected true or false, and it is a mapping"),
        ("quality", {"max_quarantined_share": "few"}, "quality.max_quarantined_share: expected a number (got 'few')"),
    ],
)
def test_a_value_of_another_kind_is_told_in_words_of_yaml(tmp_path: Path, key: str, value: object, told: str) -> None:
    write(tmp_path, yaml.safe_dump({**small_workspace(), key: value}, sort_keys=False))
    with pytest.raises(WorkspaceError) as caught:
        load_workspace(tmp_path)
    assert told in str(caught.value)


RFM = "segmentations.rfm."


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("engine.threads=0", "engine.threads: expected 1 or more (got 0)"),
        ("engine.threads=1000", "engine.threads: expected at most 256 (got 1000)"),
        ("generate.customers=20000000", "generate.customers: expected at most 10,000,000 (got 20000000)"),
        ("drift.notice_effect=0", "drift.notice_effect: expected more than 0 (got 0)"),
        ("drift.family_wise_error=0.9", "drift.family_wise_error: expected less than 0.5 (got 0.9)"),
        ("engine.memory_limit=lots", "engine.memory_limit: expected a size such as 4GB or 512MiB (got 'lots')"),
        ("name=''", "name: expected a text of at least 1 character (got '')"),
        ("sources.orders.options.delimiter=;;", "delimiter: expected a text of at most 1 character (got ';;')"),
        ("sources.orders.format=xlsx", "sources.orders.format: expected csv, parquet or jsonl (got 'xlsx')"),
        ("sources.orders.entity=orders", "or control_totals (got 'orders'); did you mean 'order_lines'?"),
        ("features.windows=[]", "features.windows: expected at least 1 entry, and it is empty"),
        ("features.windows=[true]", "features.windows.0: expected a whole number (got True)"),
        ("output=''", "output: expected a text of at least 1 character (got '')"),
        ("sources.orders.path=''", "sources.orders.path: expected a text of at least 1 character, or a list (got '')"),
        ("sources.orders.path=[]", "sources.orders.path: expected a text, or at least 1 entry, and it is empty"),
        ("calendar.holidays=[someday]", "calendar.holidays.0: expected a date such as 2025-06-30 (got 'someday')"),
        (RFM + "segments=[{id: a, name: A, r: [1]}]", "segments.0.r: expected at least 2 entries, and there is 1"),
        (
            RFM + "kind=rmf",
            "segmentations.rfm.kind: expected rules, rfm, clusters, cuts, values or projected (got 'rmf');",
        ),
        ("segmentations.new={basis: value}", "segmentations.new: expected a key `kind` or `template`, and it is a map"),
        (
            "segmentations.Új={kind: rfm, basis: value}",
            "segmentations.Új: expected a name: lower-case letters, digits and _ that begin with a",
        ),
        # A value that may be of several kinds is one problem.
        (
            "as_of=2025-06-31",
            "as_of: expected a date such as 2025-06-30, or today, yesterday or last_business_day (got '",
        ),
        ("as_of=2025-06-30 10:00:00", "or today, yesterday or last_business_day (got 2025-06-30 10:00:00)"),
        ("sources.orders.path=5", "sources.orders.path: expected a text, or a list (got 5)"),
        (
            "alerts.quiet=[{from: 25:00, until: 06:00}]",
            "quiet.0.from: expected a time of day such as 06:00 (got '25:00')",
        ),
    ],
)
def test_a_value_out_of_range_is_told_in_plain_words(make_workspace: MakeWorkspace, override: str, told: str) -> None:
    with pytest.raises(WorkspaceError) as caught:
        make_workspace(override)
    assert told in str(caught.value)
    assert "problems" not in str(caught.value)


def test_a_value_out_of_range_is_told_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, small_text() + "engine:\n  threads: 0\n")
    line = len((tmp_path / "resegment.yaml").read_text().splitlines())
    with pytest.raises(WorkspaceError, match=rf"resegment\.yaml:{line}: engine\.threads: expected 1 or more"):
        load_workspace(tmp_path)


def test_every_pattern_of_a_workspace_is_told_in_words() -> None:
    def patterns(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            yield from (value for key, value in node.items() if key == "pattern" and isinstance(value, str))
        for item in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            yield from patterns(item)

    found = set(patterns(Workspace.model_json_schema()))
    assert found
    for pattern in found:
        told = expected(
            {"type": "string_pattern_mismatch", "loc": (), "msg": "", "input": "", "ctx": {"pattern": pattern}}
        )
        assert told is not None
        assert pattern not in told


def test_environment_values_are_filled_in(tmp_path: Path) -> None:
    write(tmp_path, small_text().replace("path: orders.csv", "path: ${DATA}/${PART:-orders}.csv"))
    space = load_workspace(tmp_path, environment={"DATA": "/data"})
    assert space.sources["orders"].path == "/data/orders.csv"


def test_a_whole_value_from_the_environment_keeps_its_type(tmp_path: Path) -> None:
    write(tmp_path, small_text() + "engine: {threads: '${THREADS}'}\n")
    assert load_workspace(tmp_path, environment={"THREADS": "3"}).engine.threads == 3


@pytest.mark.parametrize("value", ["exports/*.csv", "*.csv", "[a", "a: [b"])
def test_a_whole_value_from_the_environment_need_not_be_yaml(tmp_path: Path, value: str) -> None:
    write(tmp_path, small_text().replace("path: orders.csv", "path: ${FILES}"))
    assert load_workspace(tmp_path, environment={"FILES": value}).sources["orders"].path == value


def test_an_unset_variable_is_named_with_its_line(tmp_path: Path) -> None:
    text = small_text().replace("path: orders.csv", "path: ${NOWHERE}/orders.csv")
    line = next(number for number, row in enumerate(text.splitlines(), 1) if "NOWHERE" in row)
    write(tmp_path, text)
    with pytest.raises(WorkspaceError, match=rf"resegment\.yaml:{line}: the environment variable NOWHERE is not set"):
        load_workspace(tmp_path, environment={})


def test_overrides_replace_values(make_workspace: MakeWorkspace) -> None:
    space = make_workspace("sources.orders.path=/elsewhere/x.csv.gz", "features.windows=[7, 14]", "engine.threads=1")
    assert space.sources["orders"].path == "/elsewhere/x.csv.gz"
    assert space.features.windows == [7, 14]


def test_an_override_reaches_into_a_list(make_workspace: MakeWorkspace) -> None:
    space = make_workspace("segmentations.lifecycle.segments.0.name=Fresh")
    assert space.segmentations["lifecycle"].model_dump()["segments"][0]["name"] == "Fresh"


@pytest.mark.parametrize("override", ["nothing", "=x", "a..b=1"])
def test_an_override_without_key_or_value_is_refused(make_workspace: MakeWorkspace, override: str) -> None:
    with pytest.raises(UsageError, match="KEY=VALUE"):
        make_workspace(override)


def test_an_override_that_is_wrong_is_told_by_its_name(make_workspace: MakeWorkspace) -> None:
    with pytest.raises(WorkspaceError, match=r"--set engine\.threads"):
        make_workspace("engine.threads=many")


def test_an_override_below_a_value_is_refused(make_workspace: MakeWorkspace) -> None:
    with pytest.raises(UsageError, match="holds a value, not keys"):
        make_workspace("name.first=x")


def test_paths_are_relative_to_the_workspace(make_workspace: MakeWorkspace, tmp_path: Path) -> None:
    assert make_workspace().resolve("data/a.csv") == tmp_path / "workspace" / "data" / "a.csv"


def test_the_digest_ignores_where_things_are(make_workspace: MakeWorkspace) -> None:
    plain = make_workspace().digest()
    assert make_workspace("sources.orders.path=/else/where.csv", "output=/tmp/x", "engine.threads=7").digest() == plain
    assert make_workspace("segmentations.lifecycle.segments.0.when=tenure_days <= 31").digest() != plain
