"""`resegment refit` and `resegment model`: a refit that waits, is accepted, rejected and rolled back, to the published ids.

What becomes of decisions over many runs is tried with given features in `tests/unit/segments/test_registry.py`; here
are the commands, the runs that follow them, and a real Prefect server with a run that waits.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowFilter, FlowFilterName

from tasks.warehouse.lock import writer_lock
from tests.flows.test_cli import resegment, write

#: Two kinds of customers that lie apart; in July the small ones buy as much as the others did, and those far more.
_SMALL, _LARGE = 30, 30
REPOSITORY = Path(__file__).resolve().parents[2]
_HEADER = "order,line,customer,at,product,category,units,price\n"


def _orders(month: str, amounts: tuple[float, float]) -> str:
    lines = [
        f"{month}{n},1,c{n:02d},2025-{month}-0{1 + n % 9},p1,bread,1,{amounts[n >= _SMALL] * (1 + n % 7 / 50):.2f}\n"
        for n in range(_SMALL + _LARGE)
    ]
    return "".join(lines)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of clusters that was run for June, refitted, and run for July, when it was due: model 3 waits."""
    folder = tmp_path_factory.mktemp("ran") / "workspace"
    groups = {
        "kind": "clusters",
        "basis": "behavioural",
        "features": ["net_amount", "average_order_amount"],
        "k": {"min": 2, "max": 2},
        "refit": {"every_days": 30, "accept": "by_hand"},
    }
    rules = {"kind": "rules", "basis": "value", "segments": [{"id": "all", "name": "All", "when": "order_count > 0"}]}
    orders = _HEADER + _orders("06", (10, 100)) + _orders("07", (150, 2500))
    write(folder, orders, segmentations={"groups": groups, "everybody": rules}, as_of="2025-07-31")
    resegment("run", "--quiet", "--as-of", "2025-06-30", cwd=folder)
    # Nothing that one day could be compared with the other by.
    assert lines(resegment("refit", "--quiet", cwd=folder).stdout)[0].startswith(
        "groups: model 2 was refused by the gates: inertia improves by"
    )
    assert "there is no second model to compare with" in say(folder, "diff", "groups", code=2)
    told = " ".join(lines(resegment("run", "--quiet", cwd=folder).stdout))
    assert "look at groups: model 3 of 2025-07-31 waits for a decision: inertia improves by" in told
    assert "of 60 customers would move (`resegment model diff groups`)" in told
    return folder


@pytest.fixture
def folder(ran: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    return Path(shutil.copytree(ran, tmp_path / "workspace"))


def say(folder: Path, *arguments: str, code: int = 0) -> str:
    done = resegment("model", *arguments, cwd=folder, code=code)
    return done.stderr if code else done.stdout


def lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def members(folder: Path) -> dict[str, str]:
    """Published segment by customer."""
    with duckdb.connect(str(folder / "out" / "published" / "published.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "SELECT customer_id, segment_id FROM customer_segment WHERE segmentation_id = 'groups'"
        ).fetchall()
    return dict(rows)


def query(folder: Path, sql: str) -> list[Any]:
    with duckdb.connect(str(folder / "out" / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_list_show_and_diff_tell_what_waits(ran: Path) -> None:
    listed = json.loads(say(ran, "list", "--json"))
    assert [(one["model_no"], one["status_name"], one["kept"]) for one in listed] == [
        (1, "champion", True),
        (2, "refused", False),
        (3, "waiting", True),
    ]
    assert listed[2]["training_sha256"] != listed[1]["training_sha256"]
    assert listed[2]["asked"]["features"] == ["net_amount", "average_order_amount"]
    assert listed[2]["metrics"]["improvement"] > 0.01
    assert any(line.startswith("groups 3 clusters 2025-07-31 60 2 waiting") for line in lines(say(ran, "list")))
    shown = say(ran, "show", "groups", "3")
    assert "60 customers of 2025-07-31" in shown
    assert "inertia" in shown
    assert json.loads(say(ran, "show", "groups", "3", "--json"))["content"]["clusters"]
    told = say(ran, "diff", "groups")
    assert "model 1 of 2025-06-30 (champion, 2 segments) → model 3 of 2025-07-31 (waiting, 2 segments)" in told
    assert f"{listed[2]['moved_count']} of 60 customers would be in another segment" in told
    found = json.loads(say(ran, "diff", "groups", "1", "3", "--json"))
    assert found["moved"] == listed[2]["moved_count"] > 0
    assert {row["feature"] for row in found["centres"]} == {"net_amount", "average_order_amount"}
    status = resegment("status", cwd=ran).stdout
    assert "groups 1 2025-06-30 champion" in lines(status)
    assert "groups 3 2025-07-31 waiting" in lines(status)


def test_errors_say_what_can_be_decided(ran: Path) -> None:
    assert "groups has no model 9" in say(ran, "accept", "groups", "9", "--because", "x", code=2)
    assert "model 2 does not wait for a decision, it is refused" in say(
        ran, "accept", "groups", "2", "--because", "x", code=2
    )
    assert "model 3 was never in use, it is waiting" in say(ran, "rollback", "groups", "3", "--because", "x", code=2)
    assert "--because is empty" in say(ran, "reject", "groups", "3", "--because", " ", code=2)
    assert "--by is empty" in say(ran, "reject", "groups", "3", "--because", "x", "--by", "", code=2)
    assert "everybody learns nothing from data, so it has no models" in say(ran, "show", "everybody", "1", code=2)
    assert "what is in model 2 was not kept" in say(ran, "diff", "groups", "1", "2", code=2)
    failed = resegment("refit", "--quiet", "--segmentation", "no", cwd=ran, code=2).stderr
    assert "no is no segmentation of this workspace" in failed
    with writer_lock(ran / "out"):
        assert "another run is writing here" in say(ran, "accept", "groups", "3", "--because", "x", code=1)
    assert query(ran, "SELECT count(*) FROM ops.model_decision") == [(0,)]


def test_accepted_and_rolled_back_the_members_follow(folder: Path) -> None:
    before = members(folder)
    told = say(folder, "accept", "groups", "3", "--because", "large ones are larger by now", "--by", "anna")
    assert lines(told) == [
        "groups, model 3: champion, accepted by anna: large ones are larger by now",
        "the next `resegment run` follows this",
    ]
    assert members(folder) == before  # a decision publishes nothing
    assert "accept by anna: large ones are larger by now" in resegment("status", cwd=folder).stdout
    resegment("run", "--quiet", cwd=folder)
    after = members(folder)
    assert after != before
    assert len(set(after.values())) == 2
    assert query(folder, "SELECT event_name FROM monitoring.segment_event WHERE event_name = 'accept'") == [("accept",)]
    assert (
        "model 3 of 2025-07-31"
        in query(folder, "SELECT max(rule_text) FROM segments.definition WHERE segmentation_id = 'groups'")[0][0]
    )
    assert "champion, accepted by anna" in say(folder, "list")

    say(folder, "rollback", "groups", "1", "--because", "the mail house needs the old ones")
    done = resegment("run", "--as-of", "2025-08-01", cwd=folder).stdout
    assert "groups: model 1 of 2025-06-30 is used again instead of model 3, rolled back by" in " ".join(lines(done))
    assert members(folder) == before
    came_back = query(
        folder,
        "SELECT status_name, since_date::VARCHAR FROM segments.definition WHERE segmentation_id = 'groups'"
        " AND as_of_date = DATE '2025-08-01' ORDER BY segment_id",
    )
    assert [status for status, _ in came_back].count("active") == 2
    assert "groups 1 2025-06-30 champion" in lines(resegment("status", cwd=folder).stdout)


def test_rejected_it_waits_no_longer(folder: Path) -> None:
    told = resegment("refit", "--quiet", cwd=folder).stdout
    number = json.loads(say(folder, "list", "--json"))[-1]["model_no"]
    assert f"groups: model {number} waits for a decision: inertia improves by" in told
    assert f"then: resegment model accept groups {number} --because TEXT, or reject" in told
    told = say(folder, "reject", "groups", str(number), "--because", "no", "--by", "ben", "--json")
    assert json.loads(told)["status_name"] == "rejected"
    listed = json.loads(say(folder, "list", "--json"))
    assert [one["status_name"] for one in listed if one["model_no"] in {1, 2, number}] == [
        "champion",
        "refused",
        "rejected",
    ]


def test_a_run_on_a_server_waits_and_is_resumed_with_an_answer(folder: Path, prefect_url: str) -> None:
    command = [sys.executable, "-m", "flows.cli", "refit", "--segmentation", "groups", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PREFECT_API_URL": prefect_url, "HOME": str(folder)}
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        with SyncPrefectClient(prefect_url) as client:
            waiting = _paused(client, process)
            # Nobody is locked out while it waits; the newest challenger is the one that does.
            listed = json.loads(say(folder, "list", "--json"))
            assert [one["status_name"] for one in listed if one["model_no"] > 2][-1] == "waiting"
            answer = {"decision": "accept", "by": "anna", "because": "seen on the server"}
            client.resume_flow_run(waiting, run_input=answer)
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, err
    (told,) = json.loads(out)
    assert (told["segmentation"], told["model_no"], told["outcome"]) == ("groups", listed[-1]["model_no"], "accepted")
    assert query(folder, "SELECT decision_name, decided_by, decision_reason FROM ops.model_decision") == [
        ("accept", "anna", "seen on the server")
    ]
    assert json.loads(say(folder, "list", "--json"))[-1]["status_name"] == "champion"


def _paused(client: SyncPrefectClient, process: subprocess.Popen[str]) -> UUID:
    """The flow run `refit` once it waits; it takes the time of a fit."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        for run in client.read_flow_runs(flow_filter=FlowFilter(name=FlowFilterName(any_=["refit"]))):
            if run.state is not None and run.state.is_paused():
                return run.id
        time.sleep(0.3)
    process.kill()
    pytest.fail(f"no run waits for an answer: {process.communicate()[1]}")
