"""Somebody puts an older `published/` back, or takes it away, and a run comes before he thinks of `rebuild`."""

from __future__ import annotations

import datetime as dt
import random
import shutil
from pathlib import Path

import pytest

from tests.flows.backfilled import MONTHS, World, differing, order_lines, without_checks
from tests.flows.killed import assert_whole

JULY = dt.date(2025, 7, 31)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two published dates, with what was published after the first in `before`, beside them."""
    world = World(tmp_path_factory.mktemp("company") / "c")
    with without_checks():
        world.deliver("orders_1.csv", order_lines(random.Random(9), 200))  # noqa: S311 - a world, no secret
        world.run(MONTHS[0])
        shutil.copytree(world.output / "published", world.folder / "before")
        world.run(MONTHS[1])
    return world.folder


def copied(company: Path, folder: Path) -> World:
    world = World(folder)
    shutil.copytree(company, folder, dirs_exist_ok=True)
    return world


@pytest.mark.parametrize("how", ["older", "gone"])
def test_the_next_run_publishes_again_what_is_not_there(
    company: Path, tmp_path: Path, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    world, other = copied(company, tmp_path / "mishap"), copied(company, tmp_path / "none")
    shutil.rmtree(world.output / "published")
    if how == "older":
        (world.folder / "before").rename(world.output / "published")
    with without_checks():
        world.run(JULY)
        assert "what was published of 2025-0" in caplog.text
        caplog.clear()
        other.run(JULY)
    assert caplog.text.count("is published again") == 0
    assert list(assert_whole(world.output / "published")) == [str(MONTHS[0]), str(MONTHS[1]), str(JULY)]
    assert differing(world, other) == {}


def test_so_does_a_backfill(company: Path, tmp_path: Path) -> None:
    world, other = copied(company, tmp_path / "mishap"), copied(company, tmp_path / "none")
    shutil.rmtree(world.output / "published")
    with without_checks():
        for one in (world, other):
            one.backfill(first=MONTHS[2], last=MONTHS[2], every="1d")
    assert list(assert_whole(world.output / "published")) == [str(day) for day in MONTHS]
    assert differing(world, other) == {}
