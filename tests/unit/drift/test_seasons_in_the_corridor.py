"""A shop that sells more each May: its first May by what it declared, its second one by the first."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
import yaml

from tasks.config.loading import load_workspace
from tasks.drift.tasks import measure_drift
from tasks.insight.events import write_events
from tasks.overlap.tasks import measure_overlap
from tasks.warehouse.run import open_run
from tests.unit.segments.made_runs import HEADER, compute
from tests.workspaces import small_workspace

FIRST, LAST = dt.date(2024, 5, 4), dt.date(2025, 6, 3)
RUNS = (FIRST, dt.date(2024, 6, 3), dt.date(2025, 5, 4), LAST)
MAY = {"name": "May", "from": "05-05", "to": "06-03"}
CUSTOMERS = 60


def orders(second: float) -> str:
    """Each year is like the other, but that its May is for twice as much in the first, `second` times in the next."""
    rows = []
    for ahead in range(-70, (LAST - FIRST).days + 1):
        date = FIRST + dt.timedelta(days=ahead)
        of_year = 31 * date.month + date.day
        random = np.random.default_rng(of_year)
        is_may = "05-05" <= f"{date:%m-%d}" <= "06-03"
        factor = {2024: 2.0, 2025: second}[date.year] if is_may else 1.0
        for customer in range(of_year % 10, CUSTOMERS, 10):
            amount = random.lognormal(3, 0.6) * factor
            rows.append(f"{ahead}-{customer},1,c{customer:03d},{date} 10:00:00,p1,bread,1,{amount:.2f}\n")
    return HEADER + "".join(rows)


def halves(border: int = CUSTOMERS // 2) -> dict[str, object]:
    first = {"id": "first", "name": "First", "when": f"CAST(right(customer_id, 3) AS INTEGER) < {border}"}
    return {"kind": "rules", "basis": "value", "segments": [first], "otherwise": {"id": "rest", "name": "Rest"}}


Subject = tuple[str, str, str | None]
Told = dict[Subject, dict[dt.date, list[tuple[str, bool, str]]]]
OF_ALL: Subject = ("feature", "net_30d_amount", None)
OF_FIRST: Subject = ("kpi", "halves.first", "net_30d_amount")


def told(
    place: Path,
    *,
    seasons: list[dict[str, str]],
    second: float = 2.0,
    borders: tuple[int, int] = (CUSTOMERS // 2, CUSTOMERS // 2),
) -> Told:
    """What is said of the amount of 30 days since the run before, gravest first: level, whether seasonal, sentence.

    Args:
        place: a folder.
        seasons: that are declared.
        second: how much more is sold in the second May.
        borders: between the halves of the customers, in either year.
    """
    (place / "orders.csv").write_text(orders(second))
    found: Told = {OF_ALL: {}, OF_FIRST: {}}
    for day in RUNS:
        tree = small_workspace() | {"calendar": {"seasons": seasons}}
        tree["segmentations"]["halves"] = halves(borders[day.year - FIRST.year])  # type: ignore[index]
        (place / "resegment.yaml").write_text(yaml.safe_dump(tree, sort_keys=False))
        with open_run(load_workspace(place), as_of=day, known_as_of=None, output=place / "out", is_scratch=True) as run:
            compute(run)
            write_events(run)
            measure_overlap.fn(run)
            measure_drift.fn(run)
            for (kind, name, part), by_day in found.items():
                by_day[day] = run.warehouse.rows(
                    "SELECT level_name, is_seasonal, sentence FROM monitoring.drift WHERE run_id = $run_id"
                    " AND reference_kind = 'previous' AND subject_kind = $kind AND subject_name = $name"
                    " AND part_name IS NOT DISTINCT FROM $part ORDER BY level_name",
                    {"run_id": run.run_id, "kind": kind, "name": name, "part": part},
                )
    return found


def levels(found: list[tuple[str, bool, str]]) -> set[str]:
    return {level for level, _, _ in found}


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return told(tmp_path_factory.mktemp("declared"), seasons=[MAY])


@pytest.fixture(scope="module")
def beyond(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return told(tmp_path_factory.mktemp("beyond"), seasons=[MAY], second=6.0)


def test_the_first_is_a_notice_that_names_it(declared: Told) -> None:
    first = declared[OF_ALL][RUNS[1]]
    assert "notice" in levels(first)
    assert "alarm" not in levels(first)
    assert any("for May (05-05 to 06-03) is in what was compared" in sentence for *_, sentence in first)


def test_the_second_is_judged_by_the_first(declared: Told) -> None:
    assert levels(declared[OF_ALL][LAST]) == {"none"}
    assert any(is_seasonal for _, is_seasonal, _ in declared[OF_ALL][LAST])


def test_what_goes_beyond_the_first_alarms_in_the_second(beyond: Told) -> None:
    assert "alarm" in levels(beyond[OF_ALL][LAST])


def test_not_declared_it_alarms(tmp_path: Path) -> None:
    winter = {"name": "Winter", "from": "12-01", "to": "01-31"}
    found = told(tmp_path, seasons=[winter])
    assert "alarm" in levels(found[OF_ALL][RUNS[1]])
    assert_the_second_is_judged_by_the_first(found, first="alarm")


def test_what_a_segment_is_worth_is_judged_by_the_first_too(declared: Told) -> None:
    assert_the_second_is_judged_by_the_first(declared, first="notice")


def assert_the_second_is_judged_by_the_first(found: Told, *, first: str) -> None:
    assert [level for level, _, _ in found[OF_FIRST][RUNS[1]]] == [first]
    (verdict,) = found[OF_FIRST][LAST]
    assert verdict[:2] == ("none", True)
    assert verdict[2] == (
        "net_30d_amount of halves.first changed as the season has it: about as much as from 2024-05-04 to 2024-06-03."
    )


def test_what_a_segment_is_worth_beyond_the_first_alarms(beyond: Told) -> None:
    assert levels(beyond[OF_FIRST][LAST]) == {"alarm"}


def test_another_segment_of_that_name_is_held_against_no_year(tmp_path: Path) -> None:
    found = told(tmp_path, seasons=[], borders=(28, 30))
    assert [(level, is_seasonal) for level, is_seasonal, _ in found[OF_FIRST][LAST]] == [("alarm", False)]
