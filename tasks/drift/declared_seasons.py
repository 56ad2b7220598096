"""What a company knows will change in a season is no alarm, as long as no year before says by how much.

Owns: which days two dates are compared by, and what an alarm in a declared season is worth. Does not own the seasons
(`tasks/config/seasons.py`), or those that were measured (`season.py`).

Customers buy more before Christmas, and less after it: both gates see that rightly, and it is no news. From the second
year on the same period a year before says how much of it the season has (`season.py`). Before that nobody knows how
large it is, so that a change which a declared season can explain is told, and is nobody's alarm.

It can explain what customers do, and what follows from it: features that are made of events, mixes and sizes of
segments that rest on these, flows between them, what their members are like and worth, how models fit. It cannot
explain what stands in a customer's record (where he lives, how old he is), and checks of sources are about files; those
alarm in a season as at any time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from tasks.config.drift import SubjectKind
from tasks.config.seasons import Season
from tasks.config.workspace import Workspace
from tasks.drift.records import DriftVerdict
from tasks.warehouse.catalogue import Catalogue
from tasks.warehouse.reading import PROFILE, entities_of, features_of

Subject = tuple[str, str | None]
"""Name and part of what a verdict is about."""


_HELD_AGAINST_THE_YEAR_BEFORE = frozenset[SubjectKind](
    ("feature", "segment_mix", "segment_size", "fit", "profile", "kpi", "flow", "relation")
)


@dataclass(frozen=True, slots=True)
class Compared:
    """What two dates are compared in.

    Attributes:
        workspace: says the seasons, and what segmentations are made of.
        catalogue: of the features.
        features: names of those that are compared.
        since: the earlier date.
        until: the later date.
    """

    workspace: Workspace
    catalogue: Catalogue
    features: Collection[str]
    since: dt.date
    until: dt.date


def days_that_differ(since: dt.date, until: dt.date, window: int | None) -> list[tuple[dt.date, dt.date]]:
    """The days that a feature saw at one of two dates alone; each after the first day of a pair, up to the second.

    What a window of 30 days says changes by the days that it took up, and by those that it left behind: a Christmas
    that has just left it lowers it as much as it raised it.

    Args:
        since: the earlier date.
        until: the later date.
        window: of the feature, in days; None: it looks at all history, and leaves nothing behind.
    """
    if window is None:
        return [(since, until)]
    length = dt.timedelta(days=window)
    return [(max(since, until - length), until), (since - length, min(since, until - length))]


def without_seasonal_alarm(
    verdicts: Sequence[DriftVerdict], compared: Compared, known: Collection[Subject] = ()
) -> list[DriftVerdict]:
    """The verdicts, where an alarm that a declared season can explain is a notice.

    Args:
        verdicts: of one comparison.
        compared: in what.
        known: what is judged by the same period of the year before (`season.judged_subjects`, of segments
            `year_before.left_of_segments`), which stays as it is in a season that comes back each year.
    """
    seasons = compared.workspace.calendar.seasons
    if not seasons:
        return list(verdicts)
    return [verdict if verdict.level != "alarm" else _judged(verdict, compared, seasons, known) for verdict in verdicts]


def _judged(
    verdict: DriftVerdict, compared: Compared, seasons: Sequence[Season], known: Collection[Subject]
) -> DriftVerdict:
    is_known = (verdict.subject_name, verdict.part_name) in known
    periods = {
        period
        for window in _windows(verdict, compared)
        for period in days_that_differ(compared.since, compared.until, window)
    }
    for season in seasons:
        if not (is_known and season.is_yearly) and any(season.touches(*period) for period in periods):
            return verdict.as_notice(_reason(season, verdict))
    return verdict


def _reason(season: Season, verdict: DriftVerdict) -> str:
    said = f"{season.label} is in what was compared"
    if not season.is_yearly:
        return said
    if verdict.subject_kind in _HELD_AGAINST_THE_YEAR_BEFORE:
        return f"{said}, and how much it changes by itself is known from its second year on"
    return f"{said}, and this is not held against the year before"


def _windows(verdict: DriftVerdict, compared: Compared) -> set[int | None]:
    """The windows of the features that a verdict is about, or that the segments are made of which it is about."""
    names = set(_features(verdict, compared)) & compared.catalogue.features.keys()
    return {
        compared.catalogue.features[name].window_days
        for name in names
        if not {PROFILE}.issuperset(entities_of(compared.catalogue, [name]))
    }


def _features(verdict: DriftVerdict, compared: Compared) -> Iterator[str]:
    if verdict.subject_kind == "joint":
        yield from compared.features
    for name in (verdict.subject_name, verdict.part_name):
        if name is None:
            continue
        # Of a category a profile names the level, too.
        yield name.partition(" = ")[0]
        segmentation = name.partition(".")[0]
        if segmentation in compared.workspace.segmentations:
            yield from features_of(compared.workspace, segmentation)
