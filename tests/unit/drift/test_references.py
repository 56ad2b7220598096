"""Which earlier runs a run is compared with, by how far apart they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.config.seasons import Season
from tasks.drift.references import a_year_before, references
from tasks.warehouse.ledger import Publication

TODAY = dt.date(2026, 6, 30)


def run_after(*days_ago: int, window: int = 30, seasons: tuple[Season, ...] = (), empty: tuple[int, ...] = ()) -> Any:  # noqa: ANN401 - what of a run is asked for
    """A run of today, and runs so many days before it; in the `empty` ones nobody was."""
    earlier = [Publication(TODAY - dt.timedelta(days=days), f"run-{days}") for days in sorted(days_ago, reverse=True)]
    workspace = SimpleNamespace(
        features=SimpleNamespace(windows=[window, 365]), calendar=SimpleNamespace(seasons=seasons)
    )
    warehouse = SimpleNamespace(
        table_exists="monitoring.run_summary".__eq__, rows=lambda _: [(f"run-{days}",) for days in empty]
    )
    return SimpleNamespace(as_of=TODAY, earlier=lambda: earlier, workspace=workspace, warehouse=warehouse)


def compared(run: Any) -> dict[str, int]:  # noqa: ANN401 - as above
    """Days to each run that a run is compared with."""
    return {one.kind: (TODAY - one.publication.as_of).days for one in references(run)}


@pytest.mark.parametrize(
    ("days_ago", "window", "expected"),
    [
        ((), 30, {}),
        ((7,), 30, {"previous": 7}),
        # Each run once: as what is told first.
        ((7, 14, 21, 28), 30, {"previous": 7, "window": 28}),
        ((7, 14, 21, 28, 35), 30, {"previous": 7, "window": 28, "baseline": 35}),
        # Three weeks of thirty days are no window: a third of the days is in both.
        ((7, 14, 21), 30, {"previous": 7, "baseline": 21}),
        (tuple(range(1, 60)), 30, {"previous": 1, "window": 30, "baseline": 59}),
        ((14, 28, 42), 30, {"previous": 14, "window": 28, "baseline": 42}),
        # Of the runs of every second week one is as near as the other: the windows of the earlier have no common day.
        ((10, 20, 40), 30, {"previous": 10, "baseline": 40}),
        ((15, 27, 33), 30, {"previous": 15, "window": 33}),
        # Runs of each month are a window apart by themselves.
        ((30, 61, 91), 30, {"previous": 30, "baseline": 91}),
        ((20, 40), 30, {"previous": 20, "baseline": 40}),
        (tuple(range(1, 30)), 7, {"previous": 1, "window": 7, "baseline": 29}),
        ((28, 370, 500), 30, {"previous": 28, "baseline": 500, "season": 370}),
        ((28, 390, 500), 30, {"previous": 28, "baseline": 500}),
    ],
)
def test_the_runs_that_one_is_compared_with(days_ago: tuple[int, ...], window: int, expected: dict[str, int]) -> None:
    assert compared(run_after(*days_ago, window=window)) == expected


@pytest.mark.parametrize(
    ("empty", "expected"),
    [
        ((), {"previous": 28, "baseline": 395, "season": 364}),
        ((395,), {"previous": 28, "baseline": 364}),
        ((364,), {"previous": 28, "baseline": 395}),
        # Flows are told beside the run before: no other one takes its place because nobody was in it.
        ((28,), {"baseline": 395, "season": 364}),
        ((395, 364, 28), {}),
    ],
)
def test_a_run_in_which_nobody_was_is_no_reference(empty: tuple[int, ...], expected: dict[str, int]) -> None:
    run = run_after(395, 364, 28, empty=empty)
    assert compared(run) == expected
    year_ago = a_year_before(run, Publication(TODAY - dt.timedelta(days=28), "run-28"))
    assert (year_ago is None) is bool(empty)


def season(first: int, last: int) -> Season:
    """From and to so many days ago."""
    days = {"from": TODAY - dt.timedelta(days=first), "to": TODAY - dt.timedelta(days=last)}
    return Season(name="Sale", **{name: day.isoformat() for name, day in days.items()})


@pytest.mark.parametrize(
    ("days_ago", "between", "expected"),
    [
        # The run of 28 days ago sees 30 days of its own; that of 63 days ago sees none of the season, that of 56 does.
        (range(7, 90, 7), (60, 35), {"previous": 7, "window": 28, "before_season": 63, "baseline": 84}),
        # The present run sees its last day, the next one will not.
        (range(7, 90, 7), (60, 29), {"previous": 7, "window": 28, "baseline": 84}),
        (range(7, 90, 7), (60, 30), {"previous": 7, "window": 28, "before_season": 63, "baseline": 84}),
        # No run is as old as the season, or it is over for everything that is compared.
        (range(7, 50, 7), (60, 35), {"previous": 7, "window": 28, "baseline": 49}),
        (range(7, 90, 7), (80, 60), {"previous": 7, "window": 28, "baseline": 84}),
        # Monthly runs are held against the one before.
        ((30, 61, 91, 122), (50, 40), {"previous": 30, "before_season": 61, "baseline": 122}),
        # As all that is before it lies too far back.
        ((30, 200), (190, 40), {"previous": 30, "baseline": 200}),
    ],
)
def test_once_a_season_is_over(days_ago: Sequence[int], between: tuple[int, int], expected: dict[str, int]) -> None:
    assert compared(run_after(*days_ago, seasons=(season(*between),))) == expected


def test_the_same_period_a_year_ago_is_as_long() -> None:
    run = run_after(7, 28, 365, 372, 393)
    by_day = {(TODAY - one.as_of).days: one for one in run.earlier()}
    assert a_year_before(run, by_day[7]) == (by_day[372], by_day[365])
    assert a_year_before(run, by_day[28]) == (by_day[393], by_day[365])
    # A year ago only a period of four weeks was measured: it says nothing of one week.
    assert a_year_before(run_after(7, 28, 365, 393), by_day[7]) is None
    assert a_year_before(run_after(7, 28, 365), by_day[28]) is None
