"""A date that should not have been published, such as of a clock that ran ahead, is taken back."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from unittest import mock

import pytest

from flows import withdraw as flow
from flows.cli import run_command
from tasks.config.errors import UsageError
from tasks.warehouse.ledger import Publication
from tests.flows.backfilled import World, differing, order_lines, without_checks
from tests.flows.killed import assert_whole

APRIL, MAY, AHEAD = dt.date(2025, 4, 30), dt.date(2025, 5, 31), dt.date(2026, 5, 30)


def company(folder: Path, *days: dt.date) -> World:
    """A company whose orders end in June, run for some days."""
    world = World(folder)
    world.deliver("orders_1.csv", order_lines(random.Random(3), 300))  # noqa: S311 - no secret
    for day in days:
        world.run(day)
    return world


def command(world: World, *words: str) -> int:
    with without_checks(), mock.patch.object(flow, "check_published"):
        return run_command([*words, "--workspace", str(world.folder)])


def test_a_date_that_is_taken_back_was_never_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with without_checks():
        other, world = company(tmp_path / "right", APRIL, MAY), company(tmp_path / "ahead", APRIL, AHEAD, MAY)
    day = str(AHEAD)
    assert command(world, "withdraw", str(MAY), "--yes") == 2
    assert "is not the newest published date, which is 2026-05-30" in capsys.readouterr().err
    assert command(world, "withdraw", "2025-01-01", "--yes") == 2
    assert command(world, "withdraw", day) == 2
    assert "the newest date would be 2025-05-31" in capsys.readouterr().err
    assert day in {str(as_of) for as_of in world.published()}
    assert command(world, "withdraw", day, "--yes", "--quiet") == 0
    assert list(assert_whole(world.output / "published")) == [str(APRIL), str(MAY)]
    assert differing(world, other) == {}
    # Neither is anything left of it in the copy, or does anything follow it.
    (world.output / "warehouse.duckdb").unlink()
    assert command(world, "rebuild", "--yes", "--quiet") == 0
    assert "what is published was whole, and stayed" in capsys.readouterr().out
    with without_checks():
        for one in (world, other):
            one.run(dt.date(2025, 6, 30))
    assert differing(world, other) == {}


def test_the_only_date_stays() -> None:
    with pytest.raises(UsageError, match="nothing but 2025-04-30 is published"):
        flow.refuse([Publication(APRIL, "a")], APRIL, "out")


def test_after_a_kill_the_next_run_takes_it_out(tmp_path: Path) -> None:
    with without_checks():
        world = company(tmp_path / "ahead", APRIL, AHEAD)
    with mock.patch.object(flow, "publish_dates", side_effect=KeyboardInterrupt):
        assert command(world, "withdraw", str(AHEAD), "--yes", "--quiet") == 130
    assert str(AHEAD) in assert_whole(world.output / "published")
    with without_checks():
        world.run(MAY)
    assert list(assert_whole(world.output / "published")) == [str(APRIL), str(MAY)]


def test_after_a_kill_the_same_command_takes_it_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with without_checks():
        world = company(tmp_path / "ahead", APRIL, AHEAD)
    with mock.patch.object(flow, "publish_dates", side_effect=KeyboardInterrupt):
        assert command(world, "withdraw", str(AHEAD), "--yes", "--quiet") == 130
    capsys.readouterr()
    assert command(world, "withdraw", str(AHEAD)) == 2
    assert "the newest date would be 2025-04-30" in capsys.readouterr().err
    assert command(world, "withdraw", str(AHEAD), "--yes", "--quiet") == 0
    assert "is taken back; the newest published date is 2025-04-30" in capsys.readouterr().out
    assert list(assert_whole(world.output / "published")) == [str(APRIL)]
    assert command(world, "withdraw", str(AHEAD), "--yes", "--quiet") == 2
    assert "2026-05-30 is not published" in capsys.readouterr().err
