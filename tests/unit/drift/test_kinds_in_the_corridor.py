"""Every kind of subject over four months of a small shop: what is compared with which run, kept and told."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import yaml

from tasks.config.clusters import ClustersSegmentation
from tasks.config.loading import load_workspace
from tasks.drift import reading
from tasks.drift.policy import EffectKey
from tasks.drift.references import earlier_runs, references
from tasks.drift.snapshot_reading import snapshot
from tasks.drift.specs import specs_of
from tasks.drift.tasks import measure_drift
from tasks.drift.views import Columns, View
from tasks.insight.events import write_events
from tasks.notify.findings import findings_of
from tasks.overlap.tasks import measure_overlap
from tasks.warehouse.run import Run, open_run
from tests.unit.segments.made_runs import HEADER, compute, shop

pytestmark = pytest.mark.usefixtures("few_features")

MONTHS = [dt.date(2025, month, 28) for month in (3, 4, 5, 6)]
A_YEAR_LATER = dt.date(2026, 5, 28)
CUSTOMERS = 120


def orders() -> str:
    """Everybody buys each month; the first half spends three times as much from June on."""
    rows = []
    for month in range(1, 7):
        for customer in range(CUSTOMERS):
            amount = 20 + customer % 17 + (60 if month == 6 and customer < CUSTOMERS // 2 else 0)
            day = f"2025-{month:02d}-{1 + customer % 20:02d}"
            rows.append(f"{month}-{customer},1,c{customer:03d},{day} 10:00:00,p1,bread,1,{amount}\n")
    return HEADER + "".join(rows)


def tree() -> dict[str, object]:
    name = "CAST(right(customer_id, 3) AS INTEGER)"
    rule = {"id": "first", "name": "First half", "when": f"{name} < {CUSTOMERS // 2}"}
    halves = {"kind": "rules", "basis": "value", "segments": [rule], "otherwise": {"id": "rest", "name": "Rest"}}
    often = {"id": "often", "name": "Often", "when": "order_30d_count >= 1"}
    big = {"id": "big", "name": "Big", "when": "net_30d_amount >= 60"}
    both = {"kind": "rules", "basis": "behavioural", "match": "any", "segments": [often, big]}
    groups = {"kind": "clusters", "basis": "value", "features": ["net_30d_amount", "recency_days"], "k": {"max": 3}}
    return shop(halves=halves, both=both, groups=groups)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four published months."""
    place = tmp_path_factory.mktemp("kinds")
    (place / "orders.csv").write_text(orders())
    (place / "resegment.yaml").write_text(yaml.safe_dump(tree(), sort_keys=False))
    for month in MONTHS:
        with opened(place, month) as run:
            compute(run)
            write_events(run)
            measure_overlap.fn(run)
            measure_drift.fn(run)
    return place


def opened(place: Path, day: dt.date, *overrides: str):  # type: ignore[no-untyped-def]  # noqa: ANN201
    space = load_workspace(place, overrides=list(overrides))
    return open_run(space, as_of=day, known_as_of=None, output=place / "out", is_scratch=True)


def told(run: Run, kind: str) -> dict[tuple[str, str | None], tuple[str, float]]:
    """Level and effect by subject and part, of the newest comparison with the previous run."""
    return {
        (subject, part): (level, effect)
        for subject, part, level, effect in run.warehouse.rows(
            "SELECT subject_name, part_name, level_name, effect_size FROM monitoring.drift"
            " WHERE as_of_date = $day AND subject_kind = $kind AND reference_kind = 'previous'",
            {"day": MONTHS[-1], "kind": kind},
        )
    }


def test_a_segment_that_spends_more_is_told_and_the_other_is_not(folder: Path) -> None:
    with opened(folder, MONTHS[-1]) as run:
        kpis = told(run, "kpi")
        profiles = {key: level for key, (level, _) in told(run, "profile").items()}
        sizes = told(run, "segment_size")
    first, effect = kpis["halves.first", "net_30d_amount"]
    assert (first, effect > 1) == ("alarm", True)
    assert profiles["halves.first", "net_30d_amount"] == "alarm"
    # The others go on as they were: of them a year's window alone grows, which reaches back to their first order.
    assert {part for subject, part in kpis if subject == "halves.rest"} == {"net_365d_amount", "order_365d_count"}
    # It cannot but grow, so that it is told, and is no alarm; windows that were full are.
    assert {level for (subject, _), (level, _) in kpis.items() if subject == "halves.rest"} == {"notice"}
    # Where a customer may be in several segments, each has a size of its own.
    assert sizes["both.big", None][0] == "alarm"
    assert sizes["both.often", None][0] == "none"


def test_how_a_model_fits_is_compared_while_it_is_the_same(folder: Path) -> None:
    with opened(folder, MONTHS[-1]) as run:
        parts = {part for _, part in told(run, "fit")}
        assert parts == {"confidence", "borderline customers", "distance to the centre"}
        run.run_id = earlier_runs(run)[-1].run_id
        specs = specs_of(run)
        frame = snapshot(run, run.run_id, specs)
        run.warehouse.execute("BEGIN")
        run.warehouse.execute("UPDATE segments.model SET model_no = model_no + 1 WHERE as_of_date = DATE '2025-03-28'")
        earliest = earlier_runs(run)[0]
        known = reading.comparable(run, earliest, View(specs, frame, frame)).specs
        run.warehouse.execute("ROLLBACK")
    assert not any(spec.subject_kind == "fit" for spec in known.values())
    assert any(spec.subject_kind == "segment_size" for spec in known.values())


def test_how_a_model_of_what_grows_by_itself_fits_is_not_compared(folder: Path) -> None:
    with opened(folder, MONTHS[-1]) as run:
        watched = {spec.subject_name for spec in specs_of(run).values() if spec.subject_kind == "fit"}
        (clusters,) = watched
        segmentation = run.workspace.segmentations[str(clusters)]
        assert isinstance(segmentation, ClustersSegmentation)
        grows = segmentation.model_copy(update={"features": [*segmentation.features, "order_count"]})
        run.workspace.segmentations[str(clusters)] = grows
        assert {spec.subject_name for spec in specs_of(run).values() if spec.subject_kind == "fit"} == set()


def test_flows_of_two_periods_of_like_length(folder: Path) -> None:
    with opened(folder, dt.date(2025, 7, 28)) as run:
        # The flows of this run are not asked for: those of the period before it are.
        run.run_id = "not written"
        found = reading.flows_of_periods(run)
    assert found is not None
    # Of four runs a month apart three have a period before them, and this one has.
    assert len(found) == 4
    then = found[-2]
    assert then["halves.first"] == {"halves.first": CUSTOMERS // 2}
    with opened(folder, dt.date(2025, 12, 31)) as run:
        run.run_id = "later"
        assert reading.flows_of_periods(run) is None


def test_runs_a_year_apart_are_a_season(folder: Path) -> None:
    with opened(folder, A_YEAR_LATER) as run:
        kinds = {item.kind: item.publication.as_of for item in references(run)}
        assert kinds == {"previous": MONTHS[3], "baseline": MONTHS[0], "season": MONTHS[2]}
        # The run before it is eleven months old: no period of a year ago is so long.
        assert reading.seasons_of(run, earlier_runs(run)[-1], Columns(specs_of(run), specs_of(run))) == []


def test_effects_of_segments_are_all_kept_for_their_history(folder: Path) -> None:
    with opened(folder, dt.date(2025, 7, 28)) as run:
        history = reading.effect_history(run, "previous")
    for kind in ("profile", "kpi"):
        effects = history[EffectKey(kind, "halves.first", "clustered_t", "net_30d_amount")]  # type: ignore[arg-type]
        assert len(effects) == len(MONTHS) - 1
    assert len(history[EffectKey("feature", "net_30d_amount", "wilcoxon_signed_rank", None)]) == len(MONTHS) - 1


@pytest.mark.parametrize(
    ("override", "is_told"),
    [
        ("name=shop", True),
        ("drift.subjects={kpi: {alert: never}}", False),
        ("drift.subjects={kpi: {alert: notice}}", True),
    ],
)
def test_the_policy_of_a_kind_says_whether_somebody_is_told(folder: Path, override: str, is_told: bool) -> None:
    with opened(folder, MONTHS[-1], override) as run:
        run.run_id = run.warehouse.value(f"SELECT run_id FROM ops.publication WHERE as_of_date = DATE '{MONTHS[-1]}'")
        messages = [one.message for one in findings_of(run) if one.kind == "drift"]
    assert any("of halves.first went from" in message for message in messages) == is_told
    # What segments are stands in the report alone, where nobody asked for more.
    assert not any("of halves.first shifted up" in message for message in messages)
