"""The section on drift: what is told of each kind of subject, against each run that this one is compared with.

Owns: its parts and their order. Does not own: the verdicts, or the drawing (`drift_plot.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from tasks.config.drift import REFERENCES, SOURCE_CHECKS, ReferenceKind
from tasks.report import drift_plot, formats
from tasks.report.data import ReportData
from tasks.report.drift_records import DriftRow
from tasks.report.run_records import CheckRow


@dataclass(frozen=True, slots=True)
class DriftView:
    """The tests against one reference with their plot; `calm` ones found nothing."""

    reference_kind: str
    title: str
    plot: Markup
    telling: tuple[DriftRow, ...]
    calm: tuple[DriftRow, ...]


#: Parts of the section on drift, with the kinds of subjects in each.
_DRIFT_PARTS = {
    "Features and mixes": ("feature", "segment_mix", "segment_size"),
    "How well models fit": ("fit",),
    "What segments are": ("profile",),
    "What segments are worth": ("kpi",),
    "Where customers go": ("flow",),
    "How segmentations hang together": ("relation",),
    "How features go together": ("joint",),
}
_AGAINST: dict[ReferenceKind, str] = {
    "previous": "the previous publication",
    "window": "the publication of a window ago",
    "before_season": "the last publication before a season",
    "baseline": "the frozen baseline",
    "season": "the same season a year ago",
}


def drift_views(data: ReportData) -> list[DriftView]:
    """One view a reference and part: the previous publication first, the one of a year ago last."""
    views = []
    for kind in REFERENCES:
        rows = [row for row in data.drift if row.reference_kind == kind]
        dates = sorted({row.reference_as_of for row in rows if row.reference_as_of})
        on = f" ({formats.date(dates[-1])})" if dates else ""
        for part, subjects in _DRIFT_PARTS.items():
            own = [row for row in rows if row.subject_kind in subjects]
            if own:
                views.append(_drift_view(kind, f"{part}, against {_AGAINST[kind]}{on}", own))
    return views


def _drift_view(kind: str, title: str, rows: Sequence[DriftRow]) -> DriftView:
    return DriftView(
        reference_kind=kind,
        title=title,
        plot=Markup(drift_plot.draw_drift(title, rows)),  # noqa: S704 - our own SVG, escaped where it is drawn
        telling=tuple(row for row in rows if row.standing != "none" or row.is_seasonal),
        calm=tuple(row for row in rows if row.standing == "none" and not row.is_seasonal),
    )


def history_checks(data: ReportData) -> list[CheckRow]:
    """What was found of source data, held against their own history."""
    return [
        check
        for check in data.checks
        if check.expectation_name in SOURCE_CHECKS and check.door in {"raw", "staging"} and check.is_success is not None
    ]
