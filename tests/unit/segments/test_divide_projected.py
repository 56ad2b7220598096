"""Who answered keeps his segment; the others get one where their features speak for it, and else are in the rest."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from tasks.config.errors import WorkspaceError
from tasks.config.loading import load_workspace
from tasks.config.workspace import Workspace
from tasks.features.tasks import build_features
from tasks.segments.check import check_rules
from tasks.segments.projection import Projection, project
from tasks.segments.tasks import ask_earlier_definitions, write_segments
from tasks.warehouse.catalogue import catalogue_of
from tasks.warehouse.run import Run
from tests.staged import divide_all, ingest_and_stage
from tests.unit.segments.made_runs import compute
from tests.workspaces import OpenRun

#: Of every country as many customers as say what they earn, and as many who do not.
SAYING = {"Norway": (60, 10), "Chad": (8, 62), "Peru": (30, 30)}


def people() -> str:
    """Customers who say that they earn much or little, by country, and as many of each country who say nothing."""
    rows = ["id,income,country,children"]
    for country, (rich, poor) in SAYING.items():
        for number in range(2 * (rich + poor)):
            income = ("90000" if number < rich else "9000") if number < rich + poor else ""
            rows.append(f"{country}-{number:03},{income},{country},{number % 3}")
    return "\n".join(rows) + "\n"


def workspace(folder: Path, **projected: Any) -> Workspace:  # noqa: ANN401 - as YAML has it
    tree = {
        "name": "people",
        "as_of": "2025-06-30",
        "sources": {
            "people": {
                "entity": "customers",
                "format": "csv",
                "path": "people.csv",
                "columns": {
                    "customer_id": "id",
                    "income_amount": "income",
                    "country_name": "country",
                    "child_count": "children",
                },
            }
        },
        "segmentations": {
            "means": {
                "kind": "rules",
                "basis": "psychographic",
                "population": "income_amount IS NOT NULL",
                "segments": [{"id": "rich", "name": "Rich", "when": "income_amount > 50000", "description": "Rich."}],
                "otherwise": {"id": "poor", "name": "Poor"},
            },
            "lists": {
                "kind": "rules",
                "basis": "needs",
                "match": "any",
                "segments": [{"id": "x", "name": "X", "when": "child_count > 1"}],
            },
            "everyone": {
                "kind": "projected",
                "basis": "psychographic",
                "of": "means",
                "features": ["country_name", "child_count"],
                "min_confidence": 0.7,
                "otherwise": {"id": "unknown", "name": "Unknown"},
            }
            | projected,
        },
    }
    folder.mkdir(exist_ok=True)
    (folder / "people.csv").write_text(people())
    (folder / "resegment.yaml").write_text(yaml.safe_dump(tree, sort_keys=False))
    return load_workspace(folder)


def divided(run: Run) -> list[dict[str, Any]]:
    ingest_and_stage(run)
    build_features.fn(run)
    write_segments.fn(run, divide_all(run))
    ask_earlier_definitions.fn(run)
    return run.warehouse.records(
        "SELECT customer_id, segment_id, strength_share, reason FROM segments.membership"
        " WHERE segmentation_id = 'everyone' ORDER BY customer_id"
    )


def test_others_get_the_segment_of_their_like_and_the_undecided_none(tmp_path: Path, opened: OpenRun) -> None:
    with opened(workspace(tmp_path / "w")) as run:
        rows = divided(run)
        definitions = run.warehouse.rows(
            "SELECT segment_id, segment_name, description FROM segments.definition"
            " WHERE segmentation_id = 'everyone' ORDER BY segment_id"
        )
    answered = [row for row in rows if int(row["customer_id"][-3:]) < sum(SAYING[row["customer_id"][:-4]])]
    others = Counter((row["customer_id"][:-4], row["segment_id"]) for row in rows if row not in answered)
    assert others == {
        ("Norway", "everyone.rich"): 70,
        ("Chad", "everyone.poor"): 70,
        ("Peru", "everyone.unknown"): 60,
    }
    assert Counter(row["segment_id"] for row in answered) == {"everyone.rich": 98, "everyone.poor": 102}
    assert {row["strength_share"] for row in answered} == {1.0}
    sure = [row for row in rows if row not in answered and row["segment_id"] != "everyone.unknown"]
    assert all(0.7 <= row["strength_share"] < 1 for row in sure)
    assert all(f"a chance of {row['strength_share']:.2f}" in row["reason"] for row in sure)
    assert definitions == [
        ("everyone.poor", "Poor", ""),
        ("everyone.rich", "Rich", "Rich."),
        ("everyone.unknown", "Unknown", ""),
    ]


def test_without_otherwise_nobody_is_in_the_rest(tmp_path: Path, opened: OpenRun) -> None:
    with opened(workspace(tmp_path / "w", otherwise=None)) as run:
        assert {row["segment_id"] for row in divided(run)} == {"everyone.rich", "everyone.poor"}


def test_where_features_say_nothing_only_respondents_have_a_segment_and_the_reason_is_said(
    tmp_path: Path, opened: OpenRun
) -> None:
    with opened(workspace(tmp_path / "w", features=["child_count"])) as run:
        rows = divided(run)
        ((decision,),) = run.warehouse.rows("SELECT decision FROM segments.model WHERE segmentation_id = 'everyone'")
    assert Counter(row["segment_id"] for row in rows) == {
        "everyone.rich": 98,
        "everyone.poor": 102,
        "everyone.unknown": 200,
    }
    assert decision.startswith("only respondents: the features do not tell the segments apart")


@pytest.mark.parametrize(
    ("chances", "least", "is_kept"),
    [
        ((0.72, 0.68), (0.7, 0.7), True),
        ((0.72, 0.62), (0.7, 0.7), False),
        # Who was in none is given none below the border.
        ((0.68, 0.69), (0.7, 0.7), False),
        # Whoever asks for more gets it at once.
        ((0.72, 0.72), (0.7, 0.75), False),
    ],
)
def test_a_chance_that_trembles_at_the_border_moves_nobody(
    tmp_path: Path,
    opened: OpenRun,
    monkeypatch: pytest.MonkeyPatch,
    chances: tuple[float, float],
    least: tuple[float, float],
    *,
    is_kept: bool,
) -> None:
    found = []
    for day, chance, border in zip((dt.date(2025, 6, 30), dt.date(2025, 7, 7)), chances, least, strict=True):

        def certain(*frames: Any, seed: int, of: float = chance) -> Projection:  # noqa: ANN401 - handed on
            learnt = project(*frames, seed=seed)
            return replace(learnt, chances=np.full(len(learnt.chances), of))

        monkeypatch.setattr("tasks.segments.divide_projected.project", certain)
        with opened(workspace(tmp_path / "w", min_confidence=border), day) as run:
            compute(run)
            found = run.warehouse.records(
                "SELECT segment_id, reason FROM segments.membership WHERE segmentation_id = 'everyone'"
                " AND run_id = $run AND customer_id = 'Norway-099'",
                {"run": run.run_id},
            )
    (row,) = found
    assert row["segment_id"] == ("everyone.rich" if is_kept else "everyone.unknown")
    if is_kept:
        assert row["reason"] == "features speak for rich with a chance of 0.68: less than 0.7, and he was there"


@pytest.mark.parametrize(
    ("projected", "told"),
    [
        ({"of": "nothing"}, "there is no segmentation 'nothing' before this one"),
        ({"of": "everyone"}, "there is no segmentation 'everyone' before this one"),
        ({"of": "lists"}, "puts a customer into several segments"),
        ({"features": ["income"]}, "there is no feature 'income'"),
        ({"features": ["first_order_date"]}, "is a date"),
    ],
)
def test_what_it_cannot_learn_from_is_told_before_anything_runs(
    tmp_path: Path, opened: OpenRun, projected: dict[str, Any], told: str
) -> None:
    with opened(workspace(tmp_path / "w", **projected)) as run, pytest.raises(WorkspaceError) as error:
        check_rules(run.workspace, catalogue_of(run))
    assert told in str(error.value)
    assert "resegment.yaml:" in str(error.value)


def test_a_feature_named_twice_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="a feature is named twice"):
        workspace(tmp_path / "w", features=["child_count", "child_count"])


ANSWERS = {"a": "90000", "b": "9000"}


def moving(folder: Path, *, late_answers: bool, moves: bool) -> Workspace:
    """Two countries of whom a third answered: all rich in one, all poor in the other.

    Args:
        folder: of the workspace.
        late_answers: whether as many more have answered by now, all otherwise than their country did.
        moves: whether one who did not answer has moved from the one to the other.
    """
    space = workspace(folder, min_confidence=0.5)
    rows = ["id,income,country,children"]
    for country, income in ANSWERS.items():
        other = ANSWERS["b" if country == "a" else "a"]
        for number in range(150):
            said = income if number < 50 else other if late_answers and number < 120 else ""
            lives = "b" if moves and country == "a" and number == 149 else country
            rows.append(f"{country}-{number:03},{said},{lives},{number % 3}")
    (folder / "people.csv").write_text("\n".join(rows) + "\n")
    return space


def steps(run: Run) -> dict[str, list[tuple[int, str]]]:
    """What moved each customer of the projection, step by step."""
    found: dict[str, list[tuple[int, str]]] = {}
    for customer, step, why in run.warehouse.rows(
        "SELECT customer_id, step_no, why_name FROM monitoring.change_step"
        " WHERE segmentation_id = 'everyone' AND run_id = $run ORDER BY ALL",
        {"run": run.run_id},
    ):
        found.setdefault(customer, []).append((step, why))
    return found


def test_whom_a_model_learnt_anew_moves_is_told_from_who_moved(tmp_path: Path, opened: OpenRun) -> None:
    with opened(moving(tmp_path / "w", late_answers=False, moves=False)) as run:
        compute(run)
    with opened(moving(tmp_path / "w", late_answers=True, moves=True), dt.date(2025, 7, 31)) as run:
        compute(run)
        found = steps(run)
        (what,) = run.warehouse.rows(
            "SELECT what_name, is_asked FROM segments.redrawn WHERE run_id = $run AND segmentation_id = 'everyone'",
            {"run": run.run_id},
        )
    assert what == ("refit", True)
    still = {f"{country}-{number:03}" for country in ANSWERS for number in range(120, 150)} - {"a-149"}
    assert {customer: found.get(customer) for customer in still} == {customer: [(2, "refit")] for customer in still}
    # To the country of the poor, and there to the rich, as the new model has it.
    assert found["a-149"] == [(1, "profile"), (2, "refit")]
    assert found["a-060"] == [(1, "profile")]
    assert "a-000" not in found
