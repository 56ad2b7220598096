"""Refunds that a shop learns of weeks later are not missed in each run; where they stop to come they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasks.quality.load_counts import keep
from tasks.quality.row_queries import missing_value_query
from tasks.quality.series import SeriesMaker
from tasks.warehouse import migrations
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.run import OutputPaths, Run
from tests.unit.quality import corridor

FIRST, END = dt.date(2025, 1, 6), dt.date(2025, 7, 7)
SOURCE = "my_order_lines"
LINES = f"raw.{SOURCE}__order_lines"
ASKED = {"columns": ["quantity"], "by": "sign"}
#: Deliveries, by the week that they end with.
WEEKS = range(13, 27)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with Warehouse.open(None, threads=1) as warehouse:
        space = corridor.workspace(tmp_path / "w", entities=("order_lines",))
        source = space.sources[SOURCE].model_copy(update={"columns": {"order_id": "x", "quantity": "x"}})
        migrations.migrate(warehouse)
        warehouse.execute(
            f"CREATE TABLE {LINES} (order_id VARCHAR, ordered_at TIMESTAMP, quantity DECIMAL(18, 3), load_no INTEGER)"
        )
        space = space.model_copy(update={"sources": {SOURCE: source}})
        yield Run(space, warehouse, OutputPaths(tmp_path / "out"), END - dt.timedelta(days=1), None)


def delivered(run: Run, number: int, sales: tuple[int, int], refunds: tuple[int, int]) -> None:
    """A file in an attempt of its own: twenty sales a day, and five refunds, of two ranges of days."""
    for kind, each, quantity, (since, until) in (("s", 20, 1, sales), ("r", 5, -1, refunds)):
        run.warehouse.execute(
            f"INSERT INTO {LINES} SELECT $kind || day || '-' || n, $first + INTERVAL (day) DAY + INTERVAL 9 HOUR,"
            " $quantity, $number FROM range($since, $until) AS days (day), range($each) AS counted (n)",
            {
                "kind": kind,
                "first": dt.datetime.combine(FIRST, dt.time()),
                "quantity": quantity,
                "number": number,
                "since": since,
                "until": max(since, until),
                "each": each,
            },
        )
    count = run.warehouse.value(f"SELECT count(*) FROM {LINES} WHERE load_no = $number", {"number": number})
    run.warehouse.execute(
        "INSERT INTO ops.load (load_id, load_no, source_name, attempt_id, rows_loaded_count)"
        " VALUES ($id, $number, $source, $id, $count)",
        {"id": f"l{number}", "number": number, "source": SOURCE, "count": count},
    )


def missed(run: Run, seen: list[int]) -> list[tuple[str, int]]:
    series = SeriesMaker(run.workspace, {SOURCE: seen}, {}, END)
    # Each load is counted when it comes, also where a later version of its file takes its place.
    everything = [(counts, range(1, max(seen) + 1)) for counts, _ in series.counts_of_days("order_lines", _mix())]
    maker = SeriesMaker(run.workspace, {SOURCE: seen}, {}, END, keep(run.warehouse, everything))
    query = missing_value_query(maker.occasions("order_lines", ASKED), maker.silences("order_lines", ASKED))
    return [(value, days) for _, value, days, _ in run.warehouse.rows(query)]


def _mix() -> dict[str, object]:
    return {**ASKED, "aspect": "mix"}


@pytest.mark.parametrize(
    ("newest_refund", "missing"),
    [
        # At each week's end the refunds of the last ten days are not known yet, or of the last month.
        (lambda week: 7 * week - 10, []),
        (lambda week: 7 * week - 31, []),
        # Always known at once, and not in the last delivery.
        (lambda week: 7 * min(week, WEEKS[-2]), [("negative", 7)]),
        # Usually ten days late, and now not for a month.
        (lambda week: 7 * min(week, WEEKS[-4]) - 10, [("negative", 28)]),
        # Late three times before, which is not the rule.
        (lambda week: 7 * week - (10 if week in {20, 21, 22, 26} else 0), [("negative", 7)]),
    ],
)
@pytest.mark.parametrize("is_whole", [False, True])
def test_what_usually_comes_later_is_not_missed(
    run: Run, newest_refund: Callable[[int], int], missing: list[tuple[str, int]], is_whole: bool
) -> None:
    """Of weekly files that add up, and of one file that is exported whole each week."""
    before, refunded = 0, 0
    for number, week in enumerate(WEEKS, 1):
        until = newest_refund(week)
        delivered(run, number, (0 if is_whole else before, 7 * week), (0 if is_whole else refunded, until))
        before, refunded = 7 * week, max(until, refunded)
    assert missed(run, [len(WEEKS)] if is_whole else list(range(1, len(WEEKS) + 1))) == missing


def test_without_a_past_of_deliveries_nothing_is_usual(run: Run) -> None:
    """All history came at once: whether refunds come late, or came no more, cannot be told."""
    delivered(run, 1, (0, 7 * 26), (0, 7 * 26 - 10))
    assert missed(run, [1]) == [("negative", 7)]
