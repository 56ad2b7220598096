"""Alerts from the run to a real webhook, and the commands about them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest

from flows import quality, refresh
from flows.cli import run_command
from tests.flows.test_cli import resegment, write
from tests.unit.notify.sinks import Webhook
from tests.workspaces import ORDERS


@pytest.fixture(scope="module")
def webhook() -> Iterator[Webhook]:
    with Webhook().serving() as sink:
        yield sink


def alerts_of(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    told = resegment("alerts", "list", *arguments, "--json", cwd=folder)
    found: list[dict[str, Any]] = json.loads(told.stdout)["alerts"]
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, webhook: Webhook) -> Path:
    """A workspace whose first run was stopped by a check, and told."""
    folder = tmp_path_factory.mktemp("workspace")
    targets = {"chat": {"url": webhook.url}, "nobody": {"url_env": "RESEGMENT_NO_SUCH_TARGET"}}
    routes = [{"targets": ["chat"]}, {"targets": ["nobody"], "kinds": ["stale"]}]
    write(folder, ORDERS + "o9,1,anna,gestern,p1,bread,1,1.00\n", alerts={"targets": targets, "routes": routes})
    resegment("run", "--as-of", "2025-06-29", cwd=folder, code=3)
    (folder / "told.json").write_text(json.dumps(webhook.got[-1]))
    return folder


def test_a_life_of_an_alert(folder: Path, webhook: Webhook) -> None:
    told = json.loads((folder / "told.json").read_text())
    before = len(webhook.got)
    assert told["title"] == "small: 1 critical"
    assert told["type"] == "failure"
    body = told["message"]
    assert "CRITICAL quality: a check of the data failed" in body
    assert "no source has more unreadable rows than quality.max_quarantined_share allows" in body
    assert "since 2025-06-29; number 1, for source owner" in body
    assert "runbook: docs/runbooks/quality-alert.md" in body
    assert body.endswith("Nothing is published yet.")

    # The same again is not told again.
    resegment("run", "--as-of", "2025-06-29", cwd=folder, code=3)
    assert len(webhook.got) == before
    (alert,) = alerts_of(folder)
    assert (alert["kind_name"], alert["run_count"]) == ("quality", 2)

    said = resegment("alerts", "ack", "1", "--because", "the till team knows", cwd=folder)
    assert said.stdout == "alert 1 is told again only if it gets worse\n"
    assert "the till team knows" in resegment("alerts", "list", cwd=folder).stdout
    assert "alert stands: 2" not in resegment("alerts", "ack", "2", "--because", "x", cwd=folder, code=2).stderr

    (folder / "orders.csv").write_text(ORDERS)
    resegment("run", "--as-of", "2025-06-29", cwd=folder)
    resolved = webhook.got[before]
    assert resolved["title"].startswith("small: ")
    assert "RESOLVED quality" in resolved["message"]
    assert "Published: as of 2025-06-29" in resolved["message"]
    assert 1 not in {alert["alert_no"] for alert in alerts_of(folder)}
    assert 1 in {alert["alert_no"] for alert in alerts_of(folder, "--all")}
    _what_no_run_tells(folder, webhook)


def _what_no_run_tells(folder: Path, webhook: Webhook) -> None:
    # Nothing ran since 2025, and one target has no address: the other gets it all the same, and it is said.
    done = resegment("alerts", "check", "--set", "alerts.stale_after_days=2", cwd=folder, code=1)
    assert "nobody: the environment variable RESEGMENT_NO_SUCH_TARGET is not set" in done.stderr
    assert "CRITICAL stale" in webhook.got[-1]["message"]
    assert "not delivered to nobody after 3 tries" in resegment("alerts", "list", cwd=folder).stdout
    stale = [alert for alert in alerts_of(folder) if alert["kind_name"] == "stale"]
    assert len(stale) == 1

    # A run whose process died is told by the next look.
    with duckdb.connect(str(folder / "out" / "warehouse.duckdb")) as connection:
        connection.execute(
            "INSERT INTO ops.run (attempt_id, as_of_date, status_name, started_at)"
            " VALUES ('dead', '2025-06-30', 'running', now()::TIMESTAMP + INTERVAL 1 SECOND)"
        )
    resegment("alerts", "check", "--set", "alerts.stale_after_days=2", cwd=folder, code=1)
    assert "the run for 2025-06-30 was killed: its process ended without a word" in webhook.got[-1]["message"]
    count = len(webhook.got)
    resegment("alerts", "check", "--set", "alerts.routes=[]", "--set", "alerts.targets={}", cwd=folder, code=1)
    assert len(webhook.got) == count


def test_a_silence(folder: Path) -> None:
    done = resegment("alerts", "silence", "drift", "--for", "2d", "--because", "the sale", cwd=folder)
    assert done.stdout.startswith("alerts drift are not told until ")
    assert done.stdout.endswith(" UTC; 0 of them stand now\n")
    done = resegment(
        "alerts", "silence", "drift", "rfm.top", "--until", "2020-01-01T00:00", "--because", "x", cwd=folder, code=2
    )
    assert "the silence would end at 2020-01-01 00:00 UTC, which has passed" in done.stderr
    done = resegment("alerts", "silence", "drift", "--because", "x", cwd=folder, code=2)
    assert "give one of --for 2d and --until TIME" in done.stderr
    done = resegment("alerts", "silence", "drift", "--for", "a while", "--because", "x", cwd=folder, code=2)
    assert "'a while' is not a time span, expected hours or days such as 8h or 2d" in done.stderr
    done = resegment("alerts", "silence", "drift", "--until", "soon", "--because", "x", cwd=folder, code=2)
    assert "'soon' is not a time" in done.stderr


def test_targets_are_tried(folder: Path, webhook: Webhook) -> None:
    before = len(webhook.got)
    done = resegment("alerts", "test", "--target", "chat", cwd=folder)
    assert done.stdout.split() == ["target", "result", "chat", "taken"]
    assert webhook.got[before]["title"] == "small: a test"
    done = resegment("alerts", "test", cwd=folder, code=1)
    assert "nobody  the environment variable RESEGMENT_NO_SUCH_TARGET is not set" in done.stdout
    assert "nobody: the message was not taken" in done.stderr
    done = resegment("alerts", "test", "--target", "pager", cwd=folder, code=2)
    assert "there is no target 'pager'" in done.stderr
    assert "there are chat, nobody" in done.stderr


def test_a_workspace_without_targets(tmp_path: Path) -> None:
    write(tmp_path)
    done = resegment("alerts", "test", cwd=tmp_path, code=2)
    assert "the workspace has no targets" in done.stderr
    done = resegment("alerts", "list", cwd=tmp_path, code=2)
    assert "nothing has been run here yet" in done.stderr


def test_an_error_is_told_and_mended(tmp_path: Path, webhook: Webhook) -> None:
    write(tmp_path, alerts={"targets": {"chat": {"url": webhook.url}}})
    (tmp_path / "orders.csv").unlink()
    resegment("run", cwd=tmp_path, code=1)
    assert "CRITICAL run_failed" in webhook.got[-1]["message"]
    assert "the run for 2025-06-30 failed: there is no file" in webhook.got[-1]["message"]
    # Whoever is on call sees where.
    assert "resegment.yaml:" in webhook.got[-1]["message"]


@pytest.mark.parametrize(("command", "flow"), [("run", refresh), ("check", quality)])
def test_a_run_that_is_ended_by_its_timeout_is_told(
    tmp_path: Path, webhook: Webhook, monkeypatch: pytest.MonkeyPatch, command: str, flow: ModuleType
) -> None:
    """Prefect's timeout raises no Exception in the flow."""

    def hang(*_: object) -> None:
        raise asyncio.CancelledError

    write(tmp_path, alerts={"targets": {"chat": {"url": webhook.url}}})
    monkeypatch.setattr(flow, "gather", hang)
    with pytest.raises(asyncio.CancelledError):
        run_command([command, "--quiet", "--workspace", str(tmp_path)])
    assert "the run for 2025-06-30 failed: it took longer than it may, and was ended" in webhook.got[-1]["message"]
