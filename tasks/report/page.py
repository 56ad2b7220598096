"""The page: charts and figures put into the template, and the file put in place.

Owns: rendering with everything escaped, and replacing `index.html` whole. Does not own: the figures (`data.py`) or the
charts.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from tasks.config.errors import OutputError
from tasks.report import bars, drift_plot, formats, heatmap, overlap_charts, sankey
from tasks.report.data import ReportData
from tasks.report.findings import check_words, findings
from tasks.report.segment_records import DriftRow, Flow, SegmentationFacts
from tasks.report.svg import anchor

FILE_NAME = "index.html"
_MOVES_SHOWN = 12
#: A longer table scrolls within the page.
_TALL_TABLE = 24


@dataclass(frozen=True, slots=True)
class SegmentationView:
    """A segmentation with its charts drawn."""

    facts: SegmentationFacts
    bars: dict[str, Markup]
    profile: Markup
    migration: Markup
    moves: tuple[Flow, ...]
    anchor: str


@dataclass(frozen=True, slots=True)
class DriftView:
    """The tests against one reference with their plot; `calm` ones found nothing."""

    reference_kind: str
    title: str
    plot: Markup
    telling: tuple[DriftRow, ...]
    calm: tuple[DriftRow, ...]


def render(data: ReportData) -> str:
    """The whole page as HTML that needs nothing beside it."""
    template = _environment().get_template("template.html.j2")
    return template.render(
        data=data,
        run=data.run,
        findings=findings(data),
        views=[_segmentation_view(data, facts) for facts in data.segmentations],
        matrix=Markup(overlap_charts.draw_matrix(data)),  # noqa: S704 - our own SVG, escaped where it is drawn
        upset=Markup(overlap_charts.draw_upset(data)),  # noqa: S704 - likewise
        drift_views=_drift_views(data),
        tall_table=_TALL_TABLE,
    )


def write_page(html: str, folder: Path) -> Path:
    """Put the page in place whole: readers see the old one or the new one.

    Raises:
        OutputError: the folder or the file cannot be written.
    """
    target = folder / FILE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".index-", suffix=".html")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(html)
                file.flush()
                os.fsync(file.fileno())
            # mkstemp makes files that only their owner can read; a report is for others.
            temporary.chmod(0o644)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot write the report: {error.strerror or error}",
            where=str(target),
            hint="free space, or give this user the right to write there; the page before it is untouched",
        ) from error
    return target


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    for name in ("count", "signed_count", "money", "decimal", "share", "signed_share", "signed", "p_value", "date"):
        environment.filters[name] = getattr(formats, name)
    environment.filters |= {
        "moment": formats.moment,
        "feature_title": formats.feature_title,
        "check_words": check_words,
        "plural": formats.plural,
    }
    return environment


def _finalize(value: object) -> object:
    """Clean every text that is printed; our own markup is clean already."""
    return formats.clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _segmentation_view(data: ReportData, facts: SegmentationFacts) -> SegmentationView:
    key, name = facts.segmentation_id, facts.name
    moves: Sequence[Flow] = [flow for flow in facts.migration.flows if not flow.is_stay] if facts.migration else []
    profile = (
        heatmap.draw_profile(key, name, facts.segments, facts.profile, data.feature_meanings) if facts.profile else ""
    )
    migration = (
        sankey.draw_migration(key, name, facts.segments, facts.migration, data.segment_names) if facts.migration else ""
    )
    largest = bars.largest_size(facts.segments)
    return SegmentationView(
        facts=facts,
        bars={
            segment.segment_id: Markup(bars.draw_size(segment, largest))  # noqa: S704 - our own SVG, escaped where drawn
            for segment in facts.segments
        },
        profile=Markup(profile),  # noqa: S704 - likewise
        migration=Markup(migration),  # noqa: S704 - likewise
        moves=tuple(moves[:_MOVES_SHOWN]),
        anchor=anchor("segmentation", key),
    )


def _drift_views(data: ReportData) -> list[DriftView]:
    """One view a reference: the previous publication first, then the frozen baseline."""
    kinds = sorted({row.reference_kind for row in data.drift}, key=lambda kind: (kind != "previous", kind))
    views = []
    for kind in kinds:
        rows = [row for row in data.drift if row.reference_kind == kind]
        dates = sorted({row.reference_as_of for row in rows if row.reference_as_of})
        against = {"previous": "the previous publication", "baseline": "the frozen baseline"}.get(kind, kind)
        on = f" ({formats.date(dates[-1])})" if dates else ""
        views.append(
            DriftView(
                reference_kind=kind,
                title=f"Against {against}{on}",
                plot=Markup(drift_plot.draw_drift(kind, rows)),  # noqa: S704 - our own SVG, escaped where it is drawn
                telling=tuple(row for row in rows if row.standing != "none"),
                calm=tuple(row for row in rows if row.standing == "none"),
            )
        )
    return views
