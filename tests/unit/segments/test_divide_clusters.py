"""Cluster segmentations of a workspace: inside another segment, as declared, refused with line and reason."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest

from tasks.config.errors import WorkspaceError
from tasks.segments import divide_clusters
from tasks.segments.challenge import learner_of
from tasks.segments.check import check_rules
from tasks.segments.cluster_model import RefitOutcome, refit_challenger
from tasks.warehouse.catalogue import catalogue_of
from tasks.warehouse.run import Run
from tests.unit.segments.made_runs import compute, dictionary, members, model, orders, shop
from tests.workspaces import MakeWorkspace, OpenRun

pytestmark = pytest.mark.usefixtures("few_features")

JUNE, JULY = dt.date(2025, 6, 30), dt.date(2025, 7, 15)
WORTH = {
    "kind": "cuts",
    "basis": "value",
    "feature": "net_amount",
    "at": [50, 5_000],
    "segments": [{"id": "low", "name": "Low"}, {"id": "high", "name": "High"}, {"id": "top", "name": "Top"}],
    "otherwise": {"id": "none", "name": "None"},
}
FEATURES = ["net_amount", "recency_days"]
CLUSTERS = {"kind": "clusters", "basis": "behavioural", "features": FEATURES, "k": {"max": 3}}
#: Low: 60 customers; high: 70 who spent about 100 in January, 50 who spent about 1,000 in June; top: 5.
BOUGHT = (
    {f"l{n:02d}": ("2025-03-01", "bread", 10.0 + n / 2) for n in range(60)}
    | {f"m{n:02d}": (f"2025-01-{1 + n % 9:02d}", "bread", 95.0 + n % 11) for n in range(70)}
    | {f"h{n:02d}": (f"2025-06-{10 + n % 9}", "bread", 950.0 + 7 * (n % 13)) for n in range(50)}
    | {f"t{n:02d}": ("2025-06-01", "bread", 9_000.0) for n in range(5)}
)


def inside(segment: str, **more: object) -> dict[str, Any]:
    return CLUSTERS | {"inside": segment} | more


def high(**more: object) -> dict[str, Any]:
    """Micro-segments of those who spent much, with features as declared."""
    return inside("worth.high", transform={"net_amount": "log"}, weights={"net_amount": 2}, caps=0.01, **more)


def test_micro_segments_divide_the_members_of_a_segment_as_declared_and_keep_their_ids(
    make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    one_cloud = inside("worth.low", features=["net_amount"], accept="natural")
    others = {"worth": WORTH, "among_top": inside("worth.top"), "among_low": one_cloud}
    with opened(make_workspace(tree=shop(**others, among_high=high()), orders=orders(BOUGHT)), JUNE) as run:
        notes = compute(run)
        found = members(run, "among_high")
        assert set(found) == {name for name in BOUGHT if name[0] in "mh"}
        assert {found[f"m{n:02d}"] for n in range(70)} == {"among_high.c01"}
        assert {found[f"h{n:02d}"] for n in range(50)} == {"among_high.c02"}
        assert notes["among_high"] == "2 clusters, with gaps between them; first model"
        # Between runs no members wait: a refit learns from those who were published.
        learner = learner_of(run, "among_high")
        assert learner.training_rows()["customer_id"].to_list() == sorted(found)
        assert notes["among_top"].startswith("refused: 5 customers are too few for clusters; at least 50 are needed")
        assert members(run, "among_top") == {}
        _assert_one_cloud_is_told(run, notes["among_low"])
        _assert_the_choice_can_be_read(run)
    changed = high(algorithm="hdbscan", min_share=0.1)
    with opened(make_workspace(tree=shop(**others, among_high=changed), orders=orders(BOUGHT)), JULY) as run:
        notes = compute(run)
        assert notes["among_low"].endswith("model of 2025-06-30 goes on")
        assert "the segmentation's algorithm changed, so the champion cannot be compared" in notes["among_high"]
        assert model(run, "among_high")[:2] == (2, JULY)
        after = members(run, "among_high")
        assert {name: key for name, key in after.items() if key != "among_high.noise"}.items() <= found.items()
        assert {key: status for key, (_, status, _) in dictionary(run, "among_high").items()} == {
            "among_high.c01": "active",
            "among_high.c02": "active",
            "among_high.noise": "active",
        }


def _assert_one_cloud_is_told(run: Run, note: str) -> None:
    assert note.startswith("1 cluster: no structure found: ")
    described = run.warehouse.value("SELECT description FROM segments.definition WHERE segment_id = 'among_low.c01'")
    assert described.startswith("No structure was found: customers differ by degree, not in kind")


def _assert_the_choice_can_be_read(run: Run) -> None:
    choice = run.warehouse.records(
        "SELECT * FROM monitoring.k_choice WHERE run_id = $run AND segmentation_id = 'among_high' ORDER BY k_count",
        {"run": run.run_id},
    )
    text = run.warehouse.value("SELECT model_json FROM segments.model WHERE segmentation_id = 'among_high'")
    stored = json.loads(text)
    curves = {feature["name"]: (feature["curve"], feature["weight"]) for feature in stored["transform"]["features"]}
    assert curves == {"net_amount": ("log", 2.0), "recency_days": ("power", 1.0)}
    assert stored["asked"]["caps"] == 0.01
    assert [row["k_count"] for row in choice] == [1, 2, 3]
    assert [row["is_chosen"] for row in choice] == [False, True, False]
    assert choice[1]["verdict"] == "chosen: 2 segments with gaps between them"
    assert choice[2]["verdict"].startswith("not chosen: ")
    assert {row["structure_name"] for row in choice} == {"natural"}
    assert choice[1]["separation_share"] == stored["choice"]["criteria"][1]["separation"] >= 0.4
    assert choice[1]["least_share"] == pytest.approx(50 / 120, abs=1e-5)
    assert {row["customer_count"] for row in choice} == {120}


def test_a_champion_remembers_a_refit_that_waits_for_somebody(
    make_workspace: MakeWorkspace, opened: OpenRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def better(*args: Any, **more: Any) -> RefitOutcome:  # noqa: ANN401 - those of refit_challenger
        found = refit_challenger(*args, **more)
        return replace(found, adopted=True, champion=replace(found.champion, pending_k=7, pending_wins=1))

    monkeypatch.setattr(divide_clusters, "refit_challenger", better)
    tree = shop(groups=CLUSTERS | {"refit": {"every_days": 10, "accept": "by_hand"}})
    for day, said in ((JUNE, "clusters"), (JULY, "waits to be accepted")):
        with opened(make_workspace(tree=tree, orders=orders(BOUGHT)), day) as run:
            assert said in compute(run)["groups"]
            content = run.warehouse.value("SELECT model_json FROM segments.model WHERE run_id = $r", {"r": run.run_id})
    assert (json.loads(content)["pending_k"], json.loads(content)["pending_wins"]) == (7, 1)


@pytest.mark.parametrize(
    ("segmentation", "told", "hint"),
    [
        (
            inside("nothing.high"),
            "there is no segmentation 'nothing' before this one",
            "`inside` names one that stands",
        ),
        (
            inside("worth.huge"),
            "the segmentation 'worth' has no segment 'huge'",
            "its segments are high, low, none, top",
        ),
        (inside("lists.all"), "puts a customer into several segments", "name one of `match: first` under `inside`"),
        (
            CLUSTERS | {"features": ["net_amount", "age_years"]},
            "the feature 'age_years' is computed from birth_date, which is sensitive",
            "allow_sensitive: [age_years]",
        ),
    ],
)
def test_what_cannot_be_is_told_with_its_line(
    make_workspace: MakeWorkspace, opened: OpenRun, segmentation: dict[str, Any], told: str, hint: str
) -> None:
    lists = {
        "kind": "rules",
        "basis": "needs",
        "match": "any",
        "segments": [{"id": "all", "name": "All", "when": "net_amount > 0"}],
    }
    space = make_workspace(tree=shop(worth=WORTH, lists=lists, found=segmentation), orders=orders({}))
    with opened(space, JUNE) as run, pytest.raises(WorkspaceError) as error:
        check_rules(run.workspace, catalogue_of(run))
    assert told in error.value.message
    assert hint in (error.value.hint or "")
    assert "resegment.yaml:" in (error.value.where or "")


@pytest.mark.parametrize(
    "said", [{"allow_sensitive": ["age_years"]}, {"privacy": {"columns": {"customers.birth_date": "plain"}}}]
)
def test_sensitive_features_that_are_allowed_by_name_or_declared_plain_pass(
    make_workspace: MakeWorkspace, opened: OpenRun, said: dict[str, Any]
) -> None:
    habits = CLUSTERS | {"features": ["net_amount", "age_years"]} | {k: v for k, v in said.items() if k != "privacy"}
    tree = shop(habits=habits) | {k: v for k, v in said.items() if k == "privacy"}
    with opened(make_workspace(tree=tree, orders=orders({})), JUNE) as run:
        check_rules(run.workspace, catalogue_of(run))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"weights": {"order_count": 2}}, "weights names 'order_count', which is not among the features net_amount"),
        ({"transform": {"order_count": "log"}}, "transform names 'order_count'"),
        ({"allow_sensitive": ["age_years"]}, "allow_sensitive names 'age_years'"),
        ({"features": ["net_amount", "net_amount"]}, "a feature is named twice"),
        ({"k": {"min": 4, "max": 3}}, "k.min 4 is above k.max 3"),
        ({"inside": "worth"}, "inside"),
    ],
)
def test_what_contradicts_itself_is_told_when_it_is_read(
    make_workspace: MakeWorkspace, said: dict[str, Any], told: str
) -> None:
    with pytest.raises(WorkspaceError) as error:
        make_workspace(tree=shop(found=CLUSTERS | said), orders=orders({}))
    assert told in str(error.value)
