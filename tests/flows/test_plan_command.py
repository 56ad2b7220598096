"""`resegment plan` and `resegment explain` as a user runs them: output, exit codes, errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.flows.test_cli import resegment, write
from tests.workspaces import small_workspace

CONSUMERS = {"shop": {"name": "Home page", "owner": "web team", "uses": ["lifecycle.active", "rfm"]}}


def edited(folder: Path, **lifecycle: object) -> None:
    space = small_workspace()["segmentations"]
    assert isinstance(space, dict)
    write(folder, segmentations=space | {"lifecycle": space["lifecycle"] | lifecycle}, consumers=CONSUMERS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that has been run once, with a consumer."""
    folder = tmp_path_factory.mktemp("workspace")
    write(folder, consumers=CONSUMERS)
    resegment("run", cwd=folder)
    return folder


def test_a_plan_of_no_edit_changes_nothing(folder: Path) -> None:
    write(folder, consumers=CONSUMERS)
    assert "plan: nothing changes" in resegment("plan", "--detailed-exitcode", cwd=folder).stdout


def test_a_plan_tells_changes_and_ends_as_it_is_asked_to(folder: Path) -> None:
    edited(folder, segments=[{"id": "active", "name": "Active", "when": "recency_days <= 7"}])
    told = resegment("plan", "--examples", "2", cwd=folder).stdout
    assert "2 of 2 customers change segment" in told
    assert "come in: anna" in told
    assert "changes: Home page (owner web team) uses lifecycle.active: its meaning would change (rule)" in told
    assert resegment("plan", "--detailed-exitcode", cwd=folder, code=5).stdout
    found = json.loads(resegment("plan", "--json", cwd=folder).stdout)
    assert (found["changes"], found["breaks"]) == (True, False)
    page = resegment("plan", "--markdown", cwd=folder).stdout
    assert page.startswith("## ⚠️ resegment plan: 2 of 2 customers change segment")
    # Two customers are too few to tell of their money.
    assert "withheld" not in page or "| withheld |" in page


def test_a_plan_that_breaks_a_consumer_says_so(folder: Path) -> None:
    edited(folder, segments=[{"id": "awake", "name": "Awake", "when": "recency_days <= 30"}])
    done = resegment("plan", "--detailed-exitcode", cwd=folder, code=6)
    assert "BREAKS Home page" in done.stdout
    told = resegment("validate", cwd=folder, code=2).stderr
    assert "the consumer 'shop' uses 'lifecycle.active', which is no segmentation, segment" in told
    assert "resegment.yaml:" in told
    assert "did you mean" in told


def test_a_plan_waits_for_no_run_that_writes(folder: Path) -> None:
    write(folder, consumers=CONSUMERS)
    program = (
        f"import duckdb, sys; held = duckdb.connect({str(folder / 'out' / 'warehouse.duckdb')!r});"
        " print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        told = resegment("plan", cwd=folder, code=1).stderr
        holder.communicate("")
    assert f"is held by process {holder.pid}, which writes or reads it" in told
    assert "is a run writing?" in told


def test_a_plan_before_the_first_run_is_an_error(tmp_path: Path) -> None:
    write(tmp_path)
    assert "nothing is published yet" in resegment("plan", cwd=tmp_path, code=2).stderr


def test_explain_tells_why_not_and_what_would_move(folder: Path) -> None:
    write(folder, consumers=CONSUMERS)
    told = resegment("explain", "anna", "--not-in", "lifecycle.lapsed", cwd=folder).stdout
    assert "not in lifecycle.lapsed" in told
    assert "would be there with recency_days 31 instead of 5 days and tenure_days 31 instead of 29 days" in told
    assert "rfm" not in told
    found = json.loads(resegment("explain", "anna", "--segmentation", "lifecycle", "--json", cwd=folder).stdout)
    (member,) = found["memberships"]
    assert member["alternative"] == "lifecycle.active"
    assert member["what_would_move"] == "tenure_days 31 instead of 29 days"
    assert found["history"][0]["why_name"] == "first_run"
    assert (
        "no published segmentation 'x'"
        in resegment("explain", "anna", "--segmentation", "x", cwd=folder, code=2).stderr
    )
    wrong = resegment("explain", "anna", "--not-in", "lapsed", cwd=folder, code=2).stderr
    assert "--not-in 'lapsed' is no segment" in wrong
