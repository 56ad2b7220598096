"""What is learnt once and kept: thresholds and values over several runs, with their versions, ids and reasons."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from tasks.config.workspace import Workspace
from tests.unit.conftest import StageOnce
from tests.unit.segments.made_runs import BOUGHT, LIKES, TIERS, compute, dictionary, members, model, orders, shop, why
from tests.workspaces import MakeWorkspace, OpenRun

pytestmark = pytest.mark.usefixtures("few_features")

JUNE, JULY, AUGUST = dt.date(2025, 6, 30), dt.date(2025, 7, 15), dt.date(2025, 8, 15)
#: Ten more with 200 each come in July.
LATER = {f"d{n:02d}": ("2025-07-10", "bread", 200.0) for n in range(1, 11)}


def workspace(make: MakeWorkspace, *overrides: str) -> Workspace:
    return make(*overrides, tree=shop(tiers=TIERS), orders=orders(BOUGHT | LATER))


@pytest.fixture(scope="module")
def published_in_june(few_features: None, staged_once: StageOnce) -> Path:
    """The output folder in which the tiers were learnt in June."""
    del few_features
    return staged_once(compute, tree=shop(tiers=TIERS), orders=orders(BOUGHT | LATER), as_of=JUNE)


@pytest.fixture
def after_june(published_in_june: Path, tmp_path: Path) -> None:
    """What is opened goes on in a copy of that folder."""
    shutil.copytree(published_in_june, tmp_path / "out")


def test_thresholds_are_kept_until_they_are_due(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = workspace(make_workspace)
    with opened(space, JUNE) as run:
        assert compute(run)["tiers"] == "2 cuts at 60; learnt for the first time"
        assert model(run, "tiers") == (1, JUNE, "learnt for the first time")
        assert sorted(set(members(run, "tiers").values())) == ["tiers.high", "tiers.low"]
    with opened(space, JULY) as run:
        # Half of all customers are above 100 by now; the threshold of June goes on all the same.
        assert compute(run)["tiers"] == "2 cuts at 60; thresholds of 2025-06-30 go on"
        assert model(run, "tiers") == (1, JUNE, "thresholds of 2025-06-30 go on")
        assert list(members(run, "tiers").values()).count("tiers.high") == 5 + 10
    with opened(space, AUGUST) as run:
        note = (
            "learnt anew, 46 days after 2025-06-30; 5 of 20 customers are in another segment than by the old thresholds"
        )
        assert compute(run)["tiers"] == f"2 cuts at 200; {note}"
        assert model(run, "tiers") == (2, AUGUST, note)
        reasons_of_moves = run.warehouse.rows(
            "SELECT DISTINCT why_name, from_segment_id, to_segment_id FROM monitoring.change WHERE run_id = $run",
            {"run": run.run_id},
        )
        assert reasons_of_moves == [("refit", "tiers.high", "tiers.low")]
        reasons = run.warehouse.rows(
            "SELECT DISTINCT reason FROM segments.membership WHERE run_id = $r ORDER BY 1", {"r": run.run_id}
        )
        assert reasons == [
            ("net_amount < 200 (thresholds 2 of 2025-08-15)",),
            ("net_amount >= 200 (thresholds 2 of 2025-08-15)",),
        ]


def test_a_day_that_is_run_again_gives_the_same_model(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = workspace(make_workspace)
    texts = []
    for _ in range(2):
        with opened(space, JUNE) as run:
            compute(run)
            texts.append(
                run.warehouse.value("SELECT model_json FROM segments.model WHERE run_id = $r", {"r": run.run_id})
            )
    assert texts[0] == texts[1]
    assert '"limits": ["60"]' in texts[0]


@pytest.mark.usefixtures("after_june")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("segmentations.tiers.quantiles=[0.8]", "3 of 10 customers"),
        ("segmentations.tiers.population=net_amount > 30", "2 of 7 customers"),
        ("segmentations.tiers.feature=order_count", "has no two different values"),
    ],
)
def test_a_changed_definition_is_learnt_anew(
    make_workspace: MakeWorkspace, opened: OpenRun, change: str, said: str
) -> None:
    with opened(workspace(make_workspace, change), JUNE + dt.timedelta(days=1)) as run:
        note = compute(run)["tiers"]
        assert said in note
        if "refused" in note:
            assert set(members(run, "tiers").values()) == {"tiers.none"}
            assert model(run, "tiers") == ()
        else:
            assert "the definition changed" in note
            assert model(run, "tiers")[:2] == (2, JUNE + dt.timedelta(days=1))


@pytest.mark.usefixtures("after_june")
def test_other_names_and_ids_change_no_threshold(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(workspace(make_workspace, "segmentations.tiers.segments.0.name=Lower"), JULY) as run:
        compute(run)
        assert model(run, "tiers")[:2] == (1, JUNE)
        assert dictionary(run, "tiers")["tiers.low"] == ("Lower", "active", JUNE)


def test_who_has_no_value_is_in_otherwise(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    tree = shop(
        gaps=TIERS | {"feature": "last_gap_days", "quantiles": None, "at": [10], "refit": {"every_days": None}},
    )
    del tree["segmentations"]["gaps"]["quantiles"]
    with opened(make_workspace(tree=tree, orders=orders(BOUGHT)), JUNE) as run:
        compute(run)
        assert set(members(run, "gaps").values()) == {"gaps.none"}
        assert model(run, "gaps") == ()
        reason = run.warehouse.rows(
            "SELECT DISTINCT reason FROM segments.membership WHERE run_id = $r", {"r": run.run_id}
        )
        assert reason == [("last_gap_days is not known",)]


def test_explain_names_the_nearest_threshold(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    three = TIERS | {
        "quantiles": [0.3, 0.6],
        "segments": [{"id": key, "name": key.title()} for key in ("low", "middle", "high")],
    }
    with opened(make_workspace(tree=shop(tiers=three), orders=orders(BOUGHT)), JUNE) as run:
        compute(run)
        found = {customer: why(run, customer, "tiers") for customer in ("c04", "c06", "c10")}
    assert found["c04"].reason == "net_amount >= 40 AND net_amount < 70 (thresholds 1 of 2025-06-30)"
    assert {key: (item.change.to_segment_ids, item.change.told) for key, item in found.items() if item.change} == {
        "c04": (("tiers.low",), "net_amount 39.99 instead of 40 currency"),
        "c06": (("tiers.high",), "net_amount 70 instead of 60 currency"),
        "c10": (("tiers.middle",), "net_amount 69.99 instead of 100 currency"),
    }


def basket(month: str, prefix: str, **counts: int) -> dict[str, tuple[str, str, float]]:
    return {
        f"{prefix}{category}{n}": (f"2025-{month}-01", category, 5.0)
        for category, count in counts.items()
        for n in range(count)
    }


def test_values_come_and_go_at_refits_only_and_keep_their_ids(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    first = basket("06", "a", bread=6, wine=6, tea=2)
    second = basket("07", "b", tea=10)
    third = basket("08", "c", bread=30)
    fourth = basket("09", "d", wine=40)
    space = make_workspace(
        "privacy.min_group_size=2", tree=shop(likes=LIKES), orders=orders(first | second | third | fourth)
    )
    with opened(space, JUNE) as run:
        assert compute(run)["likes"] == "2 values; learnt for the first time"
        assert {key: row[:2] for key, row in dictionary(run, "likes").items()} == {
            "likes.bread": ("bread", "active"),
            "likes.wine": ("Wine lovers", "active"),
            "likes.others": ("Others", "active"),
            "likes.unknown": ("Unknown", "active"),
        }
        assert members(run, "likes")["atea0"] == "likes.others"
        assert members(run, "likes")["awine0"] == "likes.wine"
    with opened(space, JULY) as run:
        # Tea is the most frequent by now, and waits for the refit.
        assert compute(run)["likes"] == "2 values; values of 2025-06-30 go on"
        assert members(run, "likes")["btea0"] == "likes.others"
    with opened(space, AUGUST) as run:
        # 36 of 54 buy bread; tea with 12 and wine with 6 are below a quarter.
        note = compute(run)["likes"]
        assert note.startswith("1 values; learnt anew, 46 days after 2025-06-30; retired: wine; 6 of 54 customers")
        assert dictionary(run, "likes")["likes.wine"] == ("Wine lovers", "retired", AUGUST)
        assert model(run, "likes")[:2] == (2, AUGUST)
    with opened(space, dt.date(2025, 9, 30)) as run:
        assert "; new: wine; " in compute(run)["likes"]
        assert dictionary(run, "likes")["likes.wine"] == ("Wine lovers", "active", dt.date(2025, 9, 30))
        assert dictionary(run, "likes")["likes.bread"] == ("bread", "active", JUNE)
        found = why(run, "awine0", "likes")
    assert found.reason == "top_category_name = 'wine' (values 3 of 2025-09-30)"
    assert found.change is not None
    assert found.change.told == "top_category_name bread instead of wine"


def test_only_so_many_values_and_none_of_few_customers(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    top = {key: value for key, value in LIKES.items() if key not in {"min_share", "others"}} | {"top": 2}
    sold = basket("06", "a", bread=6, wine=6, tea=6, beer=3)
    with opened(make_workspace(tree=shop(likes=top), orders=orders(sold)), JUNE) as run:
        compute(run)
        # Three are equally frequent: the order of their names decides. Whoever has another value is in no other segment.
        assert sorted(dictionary(run, "likes")) == ["likes.bread", "likes.tea", "likes.unknown"]
        assert members(run, "likes")["awine0"] == "likes.unknown"
    space = make_workspace(tree=shop(likes=top | {"top": 10}), orders=orders(sold))
    with opened(space, JULY) as run:
        compute(run)
        assert "likes.beer" not in dictionary(run, "likes")


def test_values_that_look_alike_get_ids_and_names_of_their_own(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    sold = basket("06", "a", **{"Tea": 7, "tea": 6, "Others": 5, "北京": 5, "o'clock": 5})
    tree = shop(likes=LIKES | {"min_share": 0.0})
    with opened(make_workspace(tree=tree, orders=orders(sold)), JUNE) as run:
        compute(run)
        names = {key: row[0] for key, row in dictionary(run, "likes").items()}
        assert members(run, "likes")["ao'clock0"] == "likes.o_clock"
    assert names.pop("likes.others") == "Others"
    assert {key: name for key, name in names.items() if "北" not in name} == {
        "likes.tea": "Tea",
        "likes.tea_2": "tea (2)",
        "likes.others_2": "Others (2)",
        "likes.o_clock": "o'clock",
        "likes.unknown": "Unknown",
    }
    assert len(names) == 6


def test_a_changed_population_is_told_as_the_reason(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    tree = shop(
        size={"kind": "rules", "basis": "value", "segments": [{"id": "all", "name": "All", "when": "order_count > 0"}]}
    )
    sold = orders(BOUGHT)
    with opened(make_workspace(tree=tree, orders=sold), JUNE) as run:
        compute(run)
    smaller = make_workspace("segmentations.size.except=[net_amount > 90]", tree=tree, orders=sold)
    with opened(smaller, JULY) as run:
        compute(run)
        changes = run.warehouse.rows(
            "SELECT customer_id, change_name, why_name FROM monitoring.change WHERE run_id = $run", {"run": run.run_id}
        )
        text = run.warehouse.value("SELECT population_text FROM segments.definition WHERE run_id = ?", [run.run_id])
    assert changes == [("c10", "left", "definition")]
    assert text == "(net_amount > 90) IS NOT TRUE"
