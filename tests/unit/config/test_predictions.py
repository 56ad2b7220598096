"""The predictions section: names of features, defaults, and errors by line."""

from __future__ import annotations

import pytest

from tasks.config.errors import WorkspaceError
from tasks.config.predictions import Prediction
from tests.workspaces import MakeWorkspace, small_workspace


@pytest.mark.parametrize(
    ("kind", "feature", "days", "said"),
    [
        ("churn", "soon_share", 90, "chance of no purchase in the 90 days after the as-of day; NULL: "),
        ("spend", "soon_amount", 90, "expected amount of orders minus returns in the 90 days after the as-of day; "),
        ("clv", "soon_amount", 365, "expected amount of orders minus returns in the 365 days after"),
    ],
)
def test_kinds(kind: str, feature: str, days: int, said: str) -> None:
    prediction = Prediction(kind=kind)
    assert (prediction.feature_name("soon"), prediction.days) == (feature, days)
    assert prediction.feature_meaning().startswith(said)
    assert prediction.is_amount == (kind != "churn")


def test_a_workspace_needs_none(make_workspace: MakeWorkspace) -> None:
    assert make_workspace().predictions == {}


def test_what_a_prediction_says_changes_the_digest(make_workspace: MakeWorkspace) -> None:
    digests = {
        make_workspace(
            tree=small_workspace() | {"predictions": {"churn": {"kind": "churn", "horizon_days": days}}}
        ).digest()
        for days in (60, 90)
    }
    assert len(digests) == 2


@pytest.mark.parametrize(
    ("prediction", "line", "told"),
    [
        (
            {"kind": "churns"},
            36,
            "predictions.leave.kind: expected churn, spend or clv (got 'churns'); did you mean 'churn'?",
        ),
        ({"kind": "churn", "horizon": 90}, 37, "unknown key; did you mean 'horizon_days'?"),
        ({"kind": "spend", "horizon_days": 3}, 37, "expected 7 or more"),
        ({"horizon_days": 30}, 35, "is missing"),
        ({"kind": "clv", "model": "forest"}, 37, "expected best, boosting, bg_nbd or as_before"),
    ],
)
def test_errors_tell_their_line(make_workspace: MakeWorkspace, prediction: object, line: int, told: str) -> None:
    with pytest.raises(WorkspaceError) as caught:
        make_workspace(tree=small_workspace() | {"predictions": {"leave": prediction}})
    assert told in caught.value.message
    assert str(caught.value.where).endswith(f"resegment.yaml:{line}")
