"""Customers of a young company grow older together: what of that is an alarm."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from tasks.drift.policy import DriftPolicy
from tasks.drift.records import DriftVerdict
from tasks.drift.settling import PeriodBefore, Settling, settling_windows, without_expected
from tasks.drift.verdict import effect_key
from tasks.warehouse.catalogue import Catalogue, feature_models
from tests.workspaces import MakeWorkspace, small_workspace

FIRST = {"order_lines": dt.date(2025, 1, 1)}
WINDOW = "net_30d_amount"
SETTLING = {WINDOW: ("order_lines", dt.date(2025, 1, 1))}


@pytest.fixture
def share(alarm: DriftVerdict) -> DriftVerdict:
    """An alarm about the share of customers who bought nothing in 30 days."""
    return dataclasses.replace(
        alarm,
        subject_kind="feature",
        subject_name=WINDOW,
        test_name="mcnemar_zero_share",
        aspect="zero_share",
        effect_name="cohen_h",
        effect_size=0.3,
        effect_scale=0.03,
    )


def judged(make_workspace: MakeWorkspace, verdict: DriftVerdict, before: float | None) -> DriftVerdict:
    effects = {} if before is None else {effect_key(verdict): before}
    settling = Settling(SETTLING, PeriodBefore("2025-03-01 to 2025-03-29", effects))
    (told,) = without_expected([verdict], settling, make_workspace(), DriftPolicy(), {})
    return told


def test_full_windows_settle_until_there_are_three_of_them(make_workspace: MakeWorkspace) -> None:
    space = make_workspace()
    names = ("net_30d_amount", "net_365d_amount", "recency_days", "age_years")
    for day, expected in (
        (dt.date(2025, 3, 30), {"net_30d_amount", "net_365d_amount"}),
        (dt.date(2025, 3, 31), {"net_365d_amount"}),
        (dt.date(2025, 12, 30), {"net_365d_amount"}),
        (dt.date(2025, 12, 31), set()),
    ):
        catalogue = Catalogue(feature_models(space, day))
        assert set(settling_windows(space, catalogue, names, FIRST, day)) == expected


@pytest.mark.parametrize(
    ("before", "level"),
    [
        # Nothing tells how fast customers grow older: it may be that, and it may be true.
        (None, "alarm"),
        (0.35, "notice"),
        (0.25, "notice"),
        # Beyond it by 0.15 and 0.3, and by what chance does to two such figures in one of a hundred, 0.11.
        (0.15, "alarm"),
        (0.0, "alarm"),
        (-0.2, "alarm"),
    ],
)
def test_a_change_is_held_against_that_of_the_period_before(
    make_workspace: MakeWorkspace, share: DriftVerdict, before: float | None, level: str
) -> None:
    told = judged(make_workspace, share, before)
    assert told.level == level
    reason = "customers grow older together where order_lines go back no further than to 2025-01-01"
    if level == "notice":
        beside = ", and from 2025-03-01 to 2025-03-29 it changed likewise"
        assert told.sentence.endswith(f": no more than a notice, for {reason}{beside}.")
    elif before is None:
        assert told.sentence == f"{share.sentence} It may be that {reason}."
    else:
        assert told == share


def test_since_the_first_run_of_all_it_is_no_more_than_a_notice(
    make_workspace: MakeWorkspace, share: DriftVerdict
) -> None:
    settling = Settling(SETTLING, PeriodBefore(), is_recent=False)
    (told,) = without_expected([share], settling, make_workspace(), DriftPolicy(), {})
    assert told.level == "notice"
    assert told.sentence.endswith("where order_lines go back no further than to 2025-01-01.")


def test_what_chance_does_to_two_figures_is_no_more_of_it(make_workspace: MakeWorkspace, share: DriftVerdict) -> None:
    vague = dataclasses.replace(share, effect_scale=0.05)
    assert judged(make_workspace, vague, 0.15).level == "notice"


def test_the_error_is_shared_by_all_that_is_asked(make_workspace: MakeWorkspace, share: DriftVerdict) -> None:
    verdicts = [share] + [dataclasses.replace(share, test_name=f"other {number}") for number in range(30)]
    effects = {effect_key(verdict): 0.15 for verdict in verdicts}
    settling = Settling(SETTLING, PeriodBefore("2025-03-01 to 2025-03-29", effects))
    found = without_expected(verdicts, settling, make_workspace(), DriftPolicy(), {})
    assert {verdict.level for verdict in found} == {"notice"}


def test_segments_of_such_windows_settle_as_they_do(make_workspace: MakeWorkspace, share: DriftVerdict) -> None:
    tree = small_workspace()
    rule = {"id": "big", "name": "Big", "when": f"{WINDOW} > 100"}
    tree["segmentations"]["spend"] = {"kind": "rules", "basis": "value", "segments": [rule]}  # type: ignore[index]
    space = make_workspace(tree=tree)
    for kind, subject, of_less, of_more in (
        ("segment_mix", "spend", "notice", "alarm"),
        ("segment_size", "spend.big", "notice", "alarm"),
        ("segment_mix", "lifecycle", "alarm", "alarm"),
        ("kpi", "spend.big", "alarm", "alarm"),
    ):
        verdict = dataclasses.replace(share, aspect="mix", subject_kind=kind, subject_name=subject)  # type: ignore[arg-type]
        # Only where customers do less of what they are made of, they do it by themselves.
        for size, level in ((0.01, of_less), (-0.01, of_more)):
            beside = dataclasses.replace(share, level="none", effect_size=size, p_value=0.01)
            settling = Settling(SETTLING, PeriodBefore("2025-03-01 to 2025-03-29", {effect_key(verdict): 0.3}))
            told, _ = without_expected([verdict, beside], settling, space, DriftPolicy(), {})
            assert told.level == level


@pytest.mark.parametrize("aspect", ["zero_share", "value"])
@pytest.mark.parametrize("size", [0.3, -0.3])
def test_what_went_the_other_way_before_was_not_expected(
    make_workspace: MakeWorkspace, share: DriftVerdict, aspect: str, size: float
) -> None:
    verdict = dataclasses.replace(share, aspect=aspect, effect_size=size)  # type: ignore[arg-type]
    assert judged(make_workspace, verdict, size).level == "notice"
    assert judged(make_workspace, verdict, -size).level == "alarm"
