"""Schedules of workspaces: what is served when, and that a missed start is made up for once."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from prefect.server.schemas.schedules import CronSchedule
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows import scheduled
from flows.embedded import embedded_prefect
from flows.serve import deployments_of, serve_all
from tasks.config.errors import ServerError, UsageError
from tests.flows.test_cli import resegment, write

DAILY = {
    "schedules": {"refresh": "0 5 * * *", "check": "0 9-17 * * *", "alerts": "15 * * * *"},
    "calendar": {"timezone": "Europe/Berlin"},
}


def test_each_flow_is_served_in_the_companys_time(tmp_path: Path) -> None:
    write(tmp_path, **DAILY)
    served = {one.flow_name: one for one in deployments_of(tmp_path, ["as_of=yesterday"])}
    assert list(served) == ["scheduled refresh", "check quality", "check alerts"]
    refresh = served["scheduled refresh"]
    assert refresh.parameters == {"workspace": str(tmp_path), "overrides": ["as_of=yesterday"]}
    (schedule,) = refresh.schedules or []
    assert schedule.schedule.model_dump(include={"cron", "timezone"}) == {
        "cron": "0 5 * * *",
        "timezone": "Europe/Berlin",
    }
    assert refresh.concurrency_limit == 1


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "the workspace says of nothing when it starts"),
        ({"schedules": {"refresh": "0 25 * * *"}}, "schedules: refresh: '0 25 * * *' is no cron expression"),
        ({"schedules": {"refresh": "daily"}}, "expected five fields of cron"),
        ({"schedules": {"check": "0 6 31 4,6 *"}}, "schedules: check: '0 6 31 4,6 *' never comes"),
    ],
)
def test_what_cannot_be_served_is_told(tmp_path: Path, changes: dict[str, object], told: str) -> None:
    write(tmp_path, **changes)
    done = resegment("serve", cwd=tmp_path, code=2)
    assert told in " ".join(done.stderr.split())


def test_schedules_need_a_server(tmp_path: Path) -> None:
    write(tmp_path, **DAILY)
    with pytest.raises(UsageError, match="schedules need a Prefect server"):
        serve_all(deployments_of(tmp_path))


def test_two_workspaces_of_one_name_are_not_served(tmp_path: Path) -> None:
    """The server keeps one deployment a name: the first of them would never be run."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write(tmp_path / name, **DAILY)
    with pytest.raises(UsageError, match="one and .*two are both called 'small'"):
        serve_all([*deployments_of(tmp_path / "one"), *deployments_of(tmp_path / "two")])


def test_a_name_that_was_served_from_elsewhere_is_told(
    tmp_path: Path, prefect_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Moved, or of another process: the server keeps one folder a name."""
    monkeypatch.setattr("flows.serve.serve", lambda *_one, **_more: None)
    monkeypatch.setattr(logging.getLogger("resegment"), "propagate", True)
    for name in ("here", "there"):
        write(tmp_path / name, name="moved", schedules={"refresh": "0 5 * * *"})
    here, there = (deployments_of(tmp_path / name) for name in ("here", "there"))
    with temporary_settings({PREFECT_API_URL: prefect_url}):
        serve_all(here)
        assert not caplog.records, "nothing was there"
        here[0].apply()
        serve_all(here)
        assert not caplog.records, "served again"
        serve_all(there)
    told = f"scheduled refresh/moved: was served from {tmp_path / 'here'} until now, which is not run any more"
    assert [told in record.message for record in caplog.records if record.name == "resegment.serve"] == [True]


def test_a_server_that_does_not_answer_is_told_and_is_no_error_of_ours(tmp_path: Path) -> None:
    write(tmp_path, **DAILY)
    with (
        temporary_settings({PREFECT_API_URL: "http://me:geheim@127.0.0.1:1/api"}),
        pytest.raises(ServerError, match=r"the Prefect server at 127\.0\.0\.1:1 cannot be reached") as caught,
    ):
        serve_all(deployments_of(tmp_path))
    assert "geheim" not in str(caught.value)
    with (
        temporary_settings({PREFECT_API_URL: "http://127.0.0.1:1/api"}),
        pytest.raises(ServerError, match="unset the variable"),
        embedded_prefect(),
    ):
        pass


def test_validate_reads_schedules(tmp_path: Path) -> None:
    write(tmp_path, **DAILY)
    assert "3 schedules" in resegment("validate", cwd=tmp_path).stdout
    write(tmp_path, schedules={"refit": "0 6 32 * *"})
    assert "'0 6 32 * *' is no cron expression" in resegment("validate", cwd=tmp_path, code=2).stderr
    write(tmp_path, schedules={"refit": "0 6 L * *", "check": "0 6 29 2 *"})
    assert "2 schedules" in resegment("validate", cwd=tmp_path).stdout


def test_a_missed_start_is_made_up_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    due = dt.datetime.now(dt.UTC) - dt.timedelta(hours=3)
    monkeypatch.setattr(scheduled, "flow_run", type("Runtime", (), {"scheduled_start_time": due}))
    with embedded_prefect():
        first: Any = scheduled.scheduled_refresh(workspace=str(tmp_path))
        assert first["as_of"] == "2025-06-30"
        again = scheduled.scheduled_refresh(workspace=str(tmp_path))
    assert str(again).startswith("2025-06-30 was published at ")
    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    monkeypatch.setattr(scheduled, "flow_run", type("Runtime", (), {"scheduled_start_time": later}))
    with embedded_prefect():
        assert scheduled.scheduled_refresh(workspace=str(tmp_path))["run_id"] == first["run_id"]


def test_nothing_is_done_on_a_day_off(tmp_path: Path) -> None:
    today = dt.datetime.now(dt.UTC).date()
    holidays = [str(today + dt.timedelta(days=days)) for days in (-1, 0, 1)]
    write(tmp_path, calendar={"holidays": holidays}, schedules={"only_business_days": True})
    with embedded_prefect():
        told = scheduled.scheduled_refresh(workspace=str(tmp_path))
    assert "is no business day of small" in str(told)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("first", "starts"),
    [
        # In the night of 30 March the clock of Berlin goes from two to three; Prefect takes the hour before.
        ("2025-03-28T12:00", ["2025-03-29 02:30 +0100", "2025-03-30 01:30 +0100", "2025-03-31 02:30 +0200"]),
        ("2025-10-24T12:00", ["2025-10-25 02:30 +0200", "2025-10-26 02:30 +0200", "2025-10-27 02:30 +0100"]),
    ],
)
def test_each_night_has_one_start_when_the_clocks_change(first: str, starts: list[str]) -> None:
    schedule = CronSchedule(cron="30 2 * * *", timezone="Europe/Berlin")
    began = dt.datetime.fromisoformat(first).replace(tzinfo=dt.UTC)
    found = asyncio.run(schedule.get_dates(n=3, start=began))
    berlin = [one.astimezone(ZoneInfo("Europe/Berlin")) for one in found]
    assert [f"{one:%Y-%m-%d %H:%M %z}" for one in berlin] == starts
