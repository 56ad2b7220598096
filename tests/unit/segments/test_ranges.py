"""Rules and thresholds keep to the numbers that a feature can have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tasks.config.errors import WorkspaceError
from tasks.segments.check import check_rules
from tasks.warehouse.catalogue import Catalogue, feature_models
from tasks.warehouse.models import read_model
from tests.workspaces import AS_OF, MakeWorkspace, small_workspace


def _rule(when: str) -> dict[str, object]:
    return {"kind": "rules", "basis": "value", "segments": [{"id": "some", "name": "Some", "when": when}]}


def _cuts(feature: str, *at: float) -> dict[str, object]:
    segments = [{"id": f"s{number}", "name": f"S{number}"} for number in range(len(at) + 1)]
    return {"kind": "cuts", "basis": "value", "feature": feature, "at": list(at), "segments": segments}


def _check(make_workspace: MakeWorkspace, segmentation: dict[str, object], **sections: object) -> None:
    space = make_workspace(tree=small_workspace() | {"segmentations": {"mine": segmentation}} | sections)
    check_rules(space, Catalogue(feature_models(space, AS_OF)))


@pytest.mark.parametrize(
    ("when", "told", "remedy"),
    [
        ("order_count > 3 AND discount_share >= 30", "compares 'discount_share' with 30", "write 0.3 for 30 %"),
        ("12.5 > discount_share", "compares 'discount_share' with 12.5", "write 0.125 for 12.5 %"),
        ("NOT discount_share < 400", "compares 'discount_share' with 400", "write a number between 0 and 1"),
        ("discount_share BETWEEN 0.2 AND 50", "compares 'discount_share' with 50", "write 0.5 for 50 %"),
        ("top_category_share IN (0, 100)", "compares 'top_category_share' with 100", "write 1 for 100 %"),
        ("rating_90d_mean >= 7", "compares 'rating_90d_mean' with 7", "write a number between 1 and 5"),
    ],
)
def test_a_number_above_all_that_a_feature_can_have_is_refused(
    make_workspace: MakeWorkspace, when: str, told: str, remedy: str
) -> None:
    with pytest.raises(WorkspaceError, match=re.escape(told)) as caught:
        _check(make_workspace, _rule(when))
    assert caught.value.hint == remedy
    assert str(caught.value.where).partition(":")[2].isdigit()


@pytest.mark.parametrize(
    "when",
    [
        "discount_share > 0.3 AND rating_mean >= 0",
        "rating_mean BETWEEN 0 AND 2.5",
        "discount_share = 1 OR discount_share IN (0, 0.5)",
        # Not the share itself is compared, or not with a number, or the feature may have any.
        "100 * discount_share > 30",
        "discount_share > top_category_share",
        "margin_share > 7 AND order_count > 100",
        "top_category_name = '100'",
    ],
)
def test_what_can_be_is_let_through(make_workspace: MakeWorkspace, when: str) -> None:
    _check(make_workspace, _rule(when))


@pytest.mark.parametrize("at", [(0.1, 20), (-0.5, 0.5)])
def test_a_threshold_outside_the_range_is_refused(make_workspace: MakeWorkspace, at: tuple[float, ...]) -> None:
    with pytest.raises(WorkspaceError, match="'discount_share' is cut at (20|-0.5), and it lies between 0 and 1"):
        _check(make_workspace, _cuts("discount_share", *at))
    _check(make_workspace, _cuts("discount_share", 0.1, 0.2))


def test_stars_are_no_answers_from_0_to_10(make_workspace: MakeWorkspace) -> None:
    asked = {"template": "satisfaction", "with": {"score": "rating_last"}}
    with pytest.raises(WorkspaceError, match="'rating_last' is cut at 7, and it lies between 1 and 5"):
        _check(make_workspace, asked)
    _check(make_workspace, asked | {"with": {"score": "rating_last", "limits": [4, 5]}})


def test_a_construct_has_the_range_of_its_scale(make_workspace: MakeWorkspace) -> None:
    constructs = {"constructs": {"thrift": {"items": ["saves", "compares"], "scale": [1, 7]}}}
    _check(make_workspace, _rule("thrift_score >= 6.5"), features=constructs)
    with pytest.raises(WorkspaceError, match="with 8, and it lies between 1 and 7"):
        _check(make_workspace, _rule("thrift_score > 8"), features=constructs)


@pytest.mark.parametrize("text", ["0-1", "1..0", "0..", "a..b", "0..inf"])
def test_a_range_that_is_none_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "customer_mine.sql"
    header = "-- what: a\n-- why: b\n-- grain: customer\n-- column customer_id: id [id]\n"
    path.write_text(f"{header}-- column part_share: a part [unit=share; range={text}]\nSELECT 1")
    with pytest.raises(WorkspaceError, match=re.escape(f"the range of column part_share is '{text}', expected")):
        read_model("features", path, {})
