"""Which figures of segments can be held against a year ago, over three months of each of two years."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tasks.config.loading import load_workspace
from tasks.drift import reading
from tasks.drift.families import Family
from tasks.drift.flow_rates import measure_flow_rates
from tasks.drift.policy import DriftPolicy
from tasks.drift.records import DriftScore
from tasks.drift.redrawn import Redrawn
from tasks.drift.references import earlier_runs
from tasks.drift.relations import measure_relations
from tasks.drift.segment_reading import mix_pair, segment_pairs
from tasks.drift.segment_scores import measure_kpis, measure_profiles
from tasks.drift.views import columns_of, views_of
from tasks.drift.year_before import HeldAgainst, left_of_segments
from tasks.warehouse.run import Run, open_run
from tests.unit.segments.made_runs import HEADER, compute, shop

pytestmark = pytest.mark.usefixtures("few_features")

DAYS = [dt.date(year, month, 28) for year in (2024, 2025) for month in (4, 5, 6)]
CUSTOMERS = 400
POLICY = DriftPolicy(resamples=999)


def orders() -> str:
    """Three in four buy each month, in June for twice as much."""
    rows = []
    for month in range(18):
        day = dt.date(2024 + month // 12, 1 + month % 12, 10)
        for customer in range(CUSTOMERS):
            if (customer * 7 + month) % 4:
                amount = (20 + customer % 17) * (2 if day.month == 6 else 1)
                rows.append(f"{month}-{customer},1,c{customer:03d},{day} 10:00:00,p1,bread,1,{amount}\n")
    return HEADER + "".join(rows)


def tree(border: int) -> dict[str, object]:
    number = "CAST(right(customer_id, 3) AS INTEGER)"
    segmentations = {}
    for name, when in (("halves", f"{number} < {CUSTOMERS // 2}"), ("moved", f"{number} < {border}")):
        first = {"id": "first", "name": "First", "when": when}
        segmentations[name] = {
            "kind": "rules",
            "basis": "value",
            "segments": [first],
            "otherwise": {"id": "rest", "name": "Rest"},
        }
    often = {"id": "buys", "name": "Buys", "when": "order_30d_count >= 1"}
    state = {**segmentations["halves"], "segments": [often]}
    return shop(**segmentations, state=state)


def opened(place: Path, day: dt.date):  # type: ignore[no-untyped-def]  # noqa: ANN201
    return open_run(load_workspace(place), as_of=day, known_as_of=None, output=place / "out", is_scratch=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six published months; `moved` has another border from the second year on."""
    place = tmp_path_factory.mktemp("years")
    (place / "orders.csv").write_text(orders())
    for day in DAYS:
        (place / "resegment.yaml").write_text(yaml.safe_dump(tree(50 + day.year - 2024), sort_keys=False))
        with opened(place, day) as run:
            compute(run)
    return place


@pytest.fixture(params=[100_000, 190], ids=["all customers", "a sample"])
def june(folder: Path, request: pytest.FixtureRequest) -> Iterator[Run]:
    """The last run as it was when it had been written, and was not published yet."""
    with opened(folder, DAYS[-1]) as run:
        drift = run.workspace.drift.model_copy(update={"enough_customers": request.param})
        run.workspace = run.workspace.model_copy(update={"drift": drift})
        published = run.warehouse.value("SELECT run_id FROM ops.publication WHERE as_of_date = $day", {"day": DAYS[-1]})
        run.run_id = published
        yield run


def held(run: Run) -> HeldAgainst | None:
    since, columns = earlier_runs(run)[-1], columns_of(run)
    views = views_of(run, since.run_id, run.run_id, columns)
    kpis = ["net_30d_amount", "order_30d_count", "net_365d_amount"]
    pairs = segment_pairs(run, (since.run_id, run.run_id), views, kpis, POLICY, Redrawn(run.run_id))
    mixes, flows = mix_pair(views, POLICY), reading.flows_of_periods(run)
    assert mixes is not None
    assert flows is not None
    asked: dict[Family, list[DriftScore]] = {
        "profiles": measure_profiles(pairs.profiles, columns.filled),
        "kpis": measure_kpis(pairs.kpis, kpis),
        "relations": measure_relations(*mixes, 0),
        "flows": measure_flow_rates(flows[-2], flows[-1], POLICY, 0),
    }
    return left_of_segments(run, since, columns, POLICY, asked)


def test_segments_of_one_definition_are_held_against_the_same_period(june: Run) -> None:
    found = held(june)
    assert found is not None
    assert found.label == "from 2024-05-28 to 2024-06-28"
    assert {name for name, _ in found.left["kpis"]} == {"halves.first", "halves.rest", "state.buys"}
    # Of a sample too few members of one half are drawn.
    assert {name for name, _ in found.left["profiles"]} & {"halves.first", "halves.rest"}
    assert not {name for name, _ in found.left["profiles"]} & {"moved.first", "moved.rest"}
    assert set(found.left["relations"]) == {("halves", "state")}
    assert {name for name, _ in found.left["flows"]} == {"halves.first", "halves.rest", "state.buys", "state.rest"}
    # A year's window reached before the first order then, and grew by that.
    assert {part for _, part in found.left["kpis"]} == {"net_30d_amount", "order_30d_count"}
    # Customers of a half spend twice as much in each June.
    left = found.left["kpis"]["halves.first", "net_30d_amount"]
    assert abs(left.effect_size or 0.0) < 0.2


def test_flows_a_year_ago_are_those_of_the_same_two_periods(june: Run) -> None:
    found = reading.flows_a_year_before(june)
    assert found is not None
    ids = dict(june.warehouse.rows("SELECT as_of_date, run_id FROM ops.publication"))
    assert found.run_ids == [ids[day] for day in DAYS]
    assert sum(found.flows[1]["halves.first"].values()) == CUSTOMERS // 2


def test_before_there_is_a_year_nothing_is_held_against_one(folder: Path) -> None:
    with opened(folder, DAYS[2]) as run:
        assert reading.flows_a_year_before(run) is None
        assert left_of_segments(run, earlier_runs(run)[-1], columns_of(run), POLICY, {}) is None
