"""A window that is not full yet makes no alarm: which windows these are, and what becomes of verdicts about them."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from tasks.drift.filling import (
    Filling,
    filling_windows,
    first_days,
    is_of_all_history,
    settling_features,
    without_alarm,
)
from tasks.drift.policy import DriftPolicy
from tasks.drift.records import DriftVerdict
from tasks.drift.verdict import effect_key
from tasks.ingest.tasks import identify_run, ingest_source, stage
from tasks.warehouse.catalogue import Catalogue, feature_models
from tests.workspaces import AS_OF, MakeWorkspace, OpenRun, small_workspace

NAMES = ("net_30d_amount", "net_365d_amount", "recency_days", "interaction_90d_count", "age_years", "rating_last")
FIRST = {"order_lines": dt.date(2025, 1, 1), "interactions": dt.date(2025, 5, 1)}
WINDOW = Filling("net_365d_amount", 365, "order_lines", dt.date(2025, 1, 1))


@pytest.mark.parametrize(
    ("as_of", "filling"),
    [
        (dt.date(2025, 1, 29), {"net_30d_amount", "net_365d_amount", "interaction_90d_count"}),
        # The 30 days that end on the 30th begin on the 1st.
        (dt.date(2025, 1, 30), {"net_365d_amount", "interaction_90d_count"}),
        (dt.date(2025, 12, 30), {"net_365d_amount"}),
        (dt.date(2025, 12, 31), set()),
    ],
)
def test_a_window_is_full_from_its_length_on(make_workspace: MakeWorkspace, as_of: dt.date, filling: set[str]) -> None:
    space = make_workspace()
    catalogue = Catalogue(feature_models(space, as_of))
    found = filling_windows(space, catalogue, NAMES, FIRST, as_of)
    assert set(found) == filling
    assert all(
        window.entity == ("interactions" if "inter" in name else "order_lines") for name, window in found.items()
    )


@pytest.mark.parametrize(
    ("as_of", "settling"),
    [
        # What is known of a customer without an event does not depend on how long the company has been there.
        (dt.date(2025, 5, 1), {"recency_days", "rating_last"}),
        (dt.date(2025, 12, 30), {"recency_days", "rating_last"}),
        (dt.date(2025, 12, 31), {"rating_last"}),
        (dt.date(2026, 4, 30), set()),
    ],
)
def test_a_feature_of_all_history_settles_in_the_first_year(
    make_workspace: MakeWorkspace, as_of: dt.date, settling: set[str]
) -> None:
    space = make_workspace()
    catalogue = Catalogue(feature_models(space, as_of))
    first = FIRST | {"feedback": dt.date(2025, 5, 1)}
    assert set(settling_features(space, catalogue, NAMES, first, as_of)) == settling


def test_a_country_that_orders_alone_tell_settles_as_they_do(make_workspace: MakeWorkspace) -> None:
    """It is missing until somebody orders; that he orders from several is known of nobody at first."""
    tree, names = small_workspace(), ("country_name", "is_multi_country", "city_name")
    crm = {"entity": "customers", "format": "csv", "path": "crm.csv", "columns": {"customer_id": "id"}}
    settling = [{"country_name", "is_multi_country"}, {"is_multi_country"}]
    for columns, expected in zip(({}, {"country_name": "land"}), settling, strict=True):
        known = crm | {"columns": {"customer_id": "id", **columns}}
        space = make_workspace(tree=tree | {"sources": {**tree["sources"], "crm": known}})  # type: ignore[dict-item]
        catalogue = Catalogue(feature_models(space, AS_OF))
        assert set(settling_features(space, catalogue, names, FIRST, AS_OF)) == expected


def test_the_newest_word_of_providers_does_not_settle(make_workspace: MakeWorkspace) -> None:
    """Metres instead of kilometres of all customers is an alarm in the first year, too."""
    enrichments = {"distance": {"attribute": "distance", "type": "number"}}
    space = make_workspace(tree=small_workspace() | {"features": {"enrichments": enrichments}})
    catalogue = Catalogue(feature_models(space, AS_OF))
    first = FIRST | {"enrichments": dt.date(2025, 6, 1)}
    found = settling_features(space, catalogue, ("enriched_distance", "recency_days"), first, AS_OF)
    assert set(found) == {"recency_days"}
    # That more is known of it by and by is none.
    assert is_of_all_history(space, catalogue, "enriched_distance")


def test_an_entity_without_rows_holds_nothing_back(make_workspace: MakeWorkspace) -> None:
    space = make_workspace()
    catalogue = Catalogue(feature_models(space, AS_OF))
    assert not filling_windows(space, catalogue, NAMES, {}, AS_OF)
    assert not settling_features(space, catalogue, NAMES, {}, AS_OF)


def test_the_first_days_are_those_of_the_data(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace()) as run:
        ingest_source.fn(run, "orders")
        identify_run.fn(run)
        stage.fn(run)
        assert first_days(run.warehouse) == {"order_lines": dt.date(2025, 6, 1)}


@pytest.mark.parametrize(
    ("kind", "subject", "part", "is_lowered"),
    [
        ("feature", "net_365d_amount", None, True),
        ("feature", "net_30d_amount", None, False),
        ("kpi", "lifecycle.new", "net_365d_amount", True),
        ("kpi", "lifecycle.new", "net_30d_amount", False),
        # Its members come and go with the border.
        ("profile", "spend.big", "recency_days", True),
        ("kpi", "spend.big", "net_30d_amount", True),
        ("profile", "lifecycle.new", "recency_days", False),
        ("segment_mix", "spend", None, True),
        ("segment_size", "spend.big", None, True),
        ("flow", "spend.big", None, True),
        ("relation", "lifecycle", "spend", True),
        ("segment_mix", "lifecycle", None, False),
        ("joint", "features", None, False),
    ],
)
def test_an_alarm_about_it_is_a_notice(
    make_workspace: MakeWorkspace, alarm: DriftVerdict, kind: str, subject: str, part: str | None, *, is_lowered: bool
) -> None:
    tree = small_workspace()
    rule = {"id": "big", "name": "Big", "when": "net_365d_amount > 100"}
    tree["segmentations"]["spend"] = {"kind": "rules", "basis": "value", "segments": [rule]}  # type: ignore[index]
    space = make_workspace(tree=tree)
    verdict = dataclasses.replace(alarm, subject_kind=kind, subject_name=subject, part_name=part)  # type: ignore[arg-type]
    (told,) = without_alarm([verdict], {WINDOW.feature: WINDOW}, space, DriftPolicy(), {})
    if is_lowered:
        assert told.level == "notice"
        assert told.sentence.endswith(
            ": no more than a notice, for the 365 days of net_365d_amount reach before the first order_lines, of"
            " 2025-01-01."
        )
    else:
        assert told == verdict


def test_of_a_feature_without_a_window_the_year_is_told(make_workspace: MakeWorkspace, alarm: DriftVerdict) -> None:
    settling = Filling("recency_days", None, "order_lines", dt.date(2025, 1, 1))
    verdict = dataclasses.replace(alarm, subject_kind="segment_mix", subject_name="lifecycle")
    (told,) = without_alarm([verdict], {"recency_days": settling}, make_workspace(), DriftPolicy(), {})
    assert told.level == "notice"
    assert told.sentence.endswith(
        ": no more than a notice, for recency_days settles in the first year of order_lines, and they begin on 2025-01-01."
    )


@pytest.mark.parametrize(("runs", "level"), [(7, "notice"), (8, "alarm")])
@pytest.mark.parametrize(
    ("kind", "subject", "part"),
    [("feature", "recency_days", None), ("kpi", "lifecycle.new", "net_30d_amount")],
)
def test_an_alarm_far_beyond_what_the_figure_does_by_itself_stays_one(
    make_workspace: MakeWorkspace, alarm: DriftVerdict, kind: str, subject: str, part: str | None, runs: int, level: str
) -> None:
    settling = Filling("recency_days", None, "order_lines", dt.date(2025, 1, 1))
    verdict = dataclasses.replace(alarm, subject_kind=kind, subject_name=subject, part_name=part)  # type: ignore[arg-type]
    history = {effect_key(verdict): [0.1] * runs}
    (told,) = without_alarm([verdict], {"recency_days": settling}, make_workspace(), DriftPolicy(), history)
    assert told.level == level


@pytest.mark.parametrize(
    ("kind", "type_", "subject", "part"),
    [
        # A mix has fixed limits, whatever it did before; and a border that moves takes many members along at once.
        ("segment_mix", "segment_mix", "lifecycle", None),
        ("kpi", "mean", "lifecycle.new", "recency_days"),
    ],
)
def test_about_segments_it_stays_a_notice(
    make_workspace: MakeWorkspace, alarm: DriftVerdict, kind: str, type_: str, subject: str, part: str | None
) -> None:
    settling = Filling("recency_days", None, "order_lines", dt.date(2025, 1, 1))
    named = {"subject_kind": kind, "feature_type": type_, "subject_name": subject, "part_name": part}
    verdict = dataclasses.replace(alarm, **named)  # type: ignore[arg-type]
    history = {effect_key(verdict): [0.1] * 20}
    (told,) = without_alarm([verdict], {"recency_days": settling}, make_workspace(), DriftPolicy(), history)
    assert told.level == "notice"


def test_a_notice_stays_as_it_is(make_workspace: MakeWorkspace, alarm: DriftVerdict) -> None:
    notice = dataclasses.replace(alarm, level="notice", subject_name="net_365d_amount")
    assert without_alarm([notice], {WINDOW.feature: WINDOW}, make_workspace(), DriftPolicy(), {}) == [notice]
