"""A season that the company declared lowers what it can explain, until the year before says how much that is."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from tasks.config.workspace import Workspace
from tasks.drift.declared_seasons import Compared, days_that_differ, without_seasonal_alarm
from tasks.drift.records import DriftVerdict
from tasks.warehouse.catalogue import Catalogue, feature_models
from tests.workspaces import MakeWorkspace, small_workspace

CHRISTMAS = {"name": "Christmas", "from": "11-24", "to": "12-31"}
OPENING = {"name": "Opening", "from": "2025-03-03", "to": "2025-03-09"}
WEEK = dt.timedelta(days=7)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.fixture
def space(make_workspace: MakeWorkspace) -> Workspace:
    tree = small_workspace()
    rules = {
        "spend": "net_30d_amount > 100",
        "homes": "age_years > 60",
    }
    for name, rule in rules.items():
        tree["segmentations"][name] = {  # type: ignore[index]
            "kind": "rules",
            "basis": "value",
            "segments": [{"id": "big", "name": "Big", "when": rule}],
        }
    return make_workspace(tree=tree | {"calendar": {"seasons": [CHRISTMAS, OPENING]}})


def told(
    space: Workspace, verdict: DriftVerdict, since: dt.date, until: dt.date, *, known: bool = False
) -> DriftVerdict:
    catalogue = Catalogue(feature_models(space, until))
    compared = Compared(space, catalogue, ("net_30d_amount", "age_years"), since, until)
    subjects = {(verdict.subject_name, verdict.part_name)} if known else set[tuple[str, str | None]]()
    (judged,) = without_seasonal_alarm([verdict], compared, subjects)
    return judged


def test_the_days_that_two_windows_do_not_share() -> None:
    first, later = day("2025-01-05"), day("2025-01-12")
    assert days_that_differ(first, later, None) == [(first, later)]
    # Of 30 days a week came, and a week went.
    assert days_that_differ(first, later, 30) == [(first, later), (day("2024-12-06"), day("2024-12-13"))]
    # Windows further apart than they are long have no day in common, and the days between them are in neither.
    assert days_that_differ(first, day("2025-06-30"), 30) == [
        (day("2025-05-31"), day("2025-06-30")),
        (day("2024-12-06"), first),
    ]


@pytest.mark.parametrize(
    ("until", "level"),
    [
        ("2024-11-23", "alarm"),
        ("2024-11-24", "notice"),
        ("2024-12-31", "notice"),
        # The last of its days leaves the 30 days of the 30th of January.
        ("2025-01-30", "notice"),
        ("2025-02-06", "alarm"),
        ("2025-06-30", "alarm"),
    ],
)
def test_while_its_days_come_and_go(space: Workspace, alarm: DriftVerdict, until: str, level: str) -> None:
    verdict = dataclasses.replace(alarm, subject_name="net_30d_amount")
    found = told(space, verdict, day(until) - WEEK, day(until))
    assert found.level == level
    if level == "notice":
        assert found.sentence.endswith(
            ": no more than a notice, for Christmas (11-24 to 12-31) is in what was compared, and how much it changes by"
            " itself is known from its second year on."
        )
    else:
        assert found == verdict


def test_days_in_both_windows_change_nothing(space: Workspace, alarm: DriftVerdict) -> None:
    """Of 365 days those of the first week of February are new, and those of a year before are gone: no Christmas."""
    verdict = dataclasses.replace(alarm, subject_name="net_365d_amount")
    assert told(space, verdict, day("2025-02-01"), day("2025-02-08")) == verdict


@pytest.mark.parametrize(
    ("kind", "subject", "part", "is_lowered"),
    [
        ("feature", "net_30d_amount", None, True),
        ("feature", "recency_days", None, True),
        # What stands in a customer's record does not change because it is Christmas.
        ("feature", "age_years", None, False),
        ("segment_mix", "spend", None, True),
        ("segment_mix", "homes", None, False),
        ("segment_size", "spend.big", None, True),
        ("flow", "spend.big", None, True),
        ("flow", "homes.big", None, False),
        ("fit", "spend", "confidence", True),
        ("kpi", "homes.big", "net_30d_amount", True),
        ("profile", "homes.big", "age_years", False),
        ("profile", "homes.big", "gender_code = female", False),
        ("relation", "homes", "spend", True),
        ("joint", "features", None, True),
    ],
)
def test_what_it_can_explain(
    space: Workspace, alarm: DriftVerdict, kind: str, subject: str, part: str | None, *, is_lowered: bool
) -> None:
    verdict = dataclasses.replace(alarm, subject_kind=kind, subject_name=subject, part_name=part)  # type: ignore[arg-type]
    found = told(space, verdict, day("2024-12-01"), day("2024-12-08"))
    assert found.level == ("notice" if is_lowered else "alarm")
    if is_lowered:
        reason = (
            "this is not held against the year before"
            if kind == "joint"
            else "how much it changes by itself is known from its second year on"
        )
        assert found.sentence.endswith(f"is in what was compared, and {reason}.")


def test_what_the_year_before_says_is_its_to_say(space: Workspace, alarm: DriftVerdict) -> None:
    verdict = dataclasses.replace(alarm, subject_name="net_30d_amount")
    assert told(space, verdict, day("2025-12-01"), day("2025-12-08"), known=True) == verdict


def test_what_happens_once_no_year_before_knows(space: Workspace, alarm: DriftVerdict) -> None:
    verdict = dataclasses.replace(alarm, subject_name="net_30d_amount")
    found = told(space, verdict, day("2025-03-02"), day("2025-03-09"), known=True)
    assert found.sentence.endswith(
        ": no more than a notice, for Opening (2025-03-03 to 2025-03-09) is in what was compared."
    )
    assert told(space, verdict, day("2026-03-02"), day("2026-03-09")) == verdict


def test_notices_stay_as_they_are(space: Workspace, alarm: DriftVerdict) -> None:
    notice = dataclasses.replace(alarm, subject_name="net_30d_amount", level="notice")
    assert told(space, notice, day("2024-12-01"), day("2024-12-08")) == notice


def test_without_a_declared_season_christmas_alarms(make_workspace: MakeWorkspace, alarm: DriftVerdict) -> None:
    verdict = dataclasses.replace(alarm, subject_name="net_30d_amount")
    assert told(make_workspace(), verdict, day("2024-12-01"), day("2024-12-08")) == verdict
