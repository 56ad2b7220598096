"""What should I look at? The answer in sentences, the gravest first.

Owns: which of a run's facts deserve a sentence at the top of the page. Does not own: the verdicts behind them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from tasks.config.counting import counted
from tasks.report import formats
from tasks.report.data import ReportData
from tasks.report.drift_records import DriftRow
from tasks.report.overlap_records import OverlapPair
from tasks.report.run_records import CheckRow, Finding, Importance
from tasks.report.segment_records import SegmentRow

#: A segment's change is told where it is this large a part of its size before, and of all customers segmented.
SIZE_CHANGE_RELATIVE = 0.10
SIZE_CHANGE_OF_ALL = 0.01

_RANK: dict[Importance, int] = {"alarm": 0, "warning": 1, "note": 2}
_ALARMING = frozenset({"alarm", "critical", "error"})
_ANCHOR_BY_KIND = {
    "comments": "comments",
    "conflict": "overlap",
    "drift": "drift",
    "emerging": "emerging",
    "model": "segments",
    "overlap": "overlap",
    "quality": "quality",
    "transition": "migration",
    "prediction": "predictions",
}
_MOST_OF_A_KIND = 5


def findings(data: ReportData) -> list[Finding]:
    """Sentences on what to look at; empty where nothing asks for attention."""
    told = [
        *_stopped(data),
        *_failed_checks(data),
        *_drift(data),
        *_alerts(data),
        *_events(data),
        *_sizes(data),
        *_projections(data),
        *_overlap(data),
        *_audit(data),
        *_quarantine(data),
    ]
    return sorted(told, key=lambda finding: _RANK[finding.importance])


def check_words(check: CheckRow) -> str:
    """A check's outcome in words: what its rows say, ``7 of 1,000 values``, or what was observed."""
    if check.is_in_words:
        return f"found {check.observed}"
    if check.unexpected_count and check.element_count:
        part = check.unexpected_count / check.element_count
        return (
            f"{formats.count(check.unexpected_count)} of {counted(check.element_count, 'value')}"
            f" ({formats.share(part)})"
        )
    return f"observed {check.observed}" if check.observed else ""


def _stopped(data: ReportData) -> Iterator[Finding]:
    if data.run.state not in {"gate_failed", "failed"}:
        return
    if data.run.message:
        yield Finding("alarm", f"The run stopped: {data.run.message}", "quality")
    elif data.run.state == "failed":
        yield Finding("alarm", "The run stopped, and the ledger does not say why.", "summary")


def _failed_checks(data: ReportData) -> Iterator[Finding]:
    for check in islice(data.failed_checks, _MOST_OF_A_KIND):
        is_critical = check.severity == "critical"
        outcome = check_words(check)
        yield Finding(
            "alarm" if is_critical else "warning",
            f"{'Critical check' if is_critical else 'Check'} failed on {check.table_name}: “{check.meaning}”"
            + (f" – {outcome}." if outcome else "."),
            "quality",
        )
    yield from _more(len(data.failed_checks), "check", "quality")


def _alerts(data: ReportData) -> Iterator[Finding]:
    """Alerts on what no other sentence here tells."""
    drifted = {row.subject_name for row in data.drift if row.standing == "alarm"}
    events = {event.sentence for item in data.segmentations if item.migration for event in item.migration.events}
    told = {
        *(("drift", subject) for subject in drifted),
        # Of checks on late data the kind is another one.
        *((kind, check.table_name) for check in data.failed_checks for kind in ("quality", "source_late")),
        *(("overlap", pair.segment_id_a) for pair in _redundant(data)),
        *(("conflict", pair.segment_id_a) for pair in _conflicts(data)),
    }
    rest = [alert for alert in data.alerts if (alert.kind, alert.subject) not in told and alert.message not in events]
    for alert in islice(rest, _MOST_OF_A_KIND):
        importance: Importance = "alarm" if alert.severity in _ALARMING else "warning"
        yield Finding(importance, alert.message, _anchor(data, alert.kind))
    yield from _more(len(rest), "alert", "summary")


def _anchor(data: ReportData, kind: str) -> str:
    """The section that tells more of an alert; of comments there is one only where a model was to be learnt."""
    return "summary" if kind == "comments" and not data.comments else _ANCHOR_BY_KIND.get(kind, "summary")


def _drift(data: ReportData) -> Iterator[Finding]:
    first: dict[str, DriftRow] = {}
    for row in data.drift:
        if row.standing == "alarm":
            first.setdefault(row.subject_name, row)
    for row in islice(first.values(), _MOST_OF_A_KIND):
        yield Finding("alarm", _against(row) + (row.sentence or f"{row.subject_name} drifted."), "drift")
    yield from _more(len(first), "drift alarm", "drift")
    noticed = sorted({row.subject_name for row in data.drift if row.standing == "notice"} - first.keys())
    if noticed:
        yield Finding("warning", f"Drift worth a notice in {_listed(noticed)}.", "drift")
    unclear = sorted({row.subject_name for row in data.drift if row.standing == "inconclusive"})
    if unclear:
        yield Finding("note", f"Too little data to say whether there is drift in {_listed(unclear)}.", "drift")


def _against(row: DriftRow) -> str:
    """With what a change was compared, where that is not the previous run."""
    if row.reference_kind in {"window", "before_season"} and row.reference_as_of is not None:
        return f"Since {formats.date(row.reference_as_of)}: "
    return "" if row.reference_kind == "previous" else f"Against the {row.reference_kind}: "


def _events(data: ReportData) -> Iterator[Finding]:
    for item in data.segmentations:
        events = item.migration.events if item.migration else ()
        for event in islice(events, _MOST_OF_A_KIND):
            yield Finding("warning", f"{item.name}: {event.sentence}", "migration")
        yield from _more(len(events), f"event in {item.name}", "migration", f"events in {item.name}")


def _sizes(data: ReportData) -> Iterator[Finding]:
    for item in data.segmentations:
        total = sum(segment.customer_count or 0 for segment in item.segments)
        large = [segment for segment in item.segments if _is_large_change(segment, total)]
        large.sort(key=lambda segment: (-abs(segment.change_count or 0), segment.segment_id))
        for segment in large[:3]:
            grew = "grew" if (segment.change_count or 0) > 0 else "shrank"
            relative = segment.relative_change
            change = formats.count(abs(segment.change_count or 0))
            size = counted(segment.customer_count or 0, "customer")
            part = "" if relative is None else f" ({formats.signed_share(relative)})"
            yield Finding("note", f"{item.name}: “{segment.name}” {grew} by {change} to {size}{part}.", "segments")


def _is_large_change(segment: SegmentRow, total: int) -> bool:
    change = abs(segment.change_count or 0)
    is_large_for_all = bool(change) and change >= SIZE_CHANGE_OF_ALL * total
    return is_large_for_all and (not segment.previous_count or change >= SIZE_CHANGE_RELATIVE * segment.previous_count)


def _projections(data: ReportData) -> Iterator[Finding]:
    for item in data.segmentations:
        if item.projection and item.projection.is_refused:
            yield Finding("warning", f"{item.name}: {item.projection.sentence}.", "segments")


def _overlap(data: ReportData) -> Iterator[Finding]:
    redundant = _redundant(data)
    for pair in redundant[:_MOST_OF_A_KIND]:
        yield Finding(
            "warning",
            f"“{data.told_apart(pair.segment_id_a)}” and “{data.told_apart(pair.segment_id_b)}” are nearly the same"
            f" customers (Jaccard {formats.share(pair.jaccard_share)}): is one of them needed?",
            "overlap",
        )
    yield from _more(len(redundant), "redundant pair", "overlap")
    conflicts = _conflicts(data)
    for pair in conflicts[:_MOST_OF_A_KIND]:
        yield Finding(
            "warning",
            f"“{data.told_apart(pair.segment_id_a)}” and “{data.told_apart(pair.segment_id_b)}” both have a treatment"
            f" on {pair.channel} for {counted(pair.intersection_count, 'customer')}, and nothing says which goes"
            " first.",
            "overlap",
        )
    yield from _more(len(conflicts), "pair of treatments in conflict", "overlap", "pairs of treatments in conflict")


def _audit(data: ReportData) -> Iterator[Finding]:
    """One sentence a segmentation: the section tells each finding."""
    names = {facts.segmentation_id: facts.name for facts in data.segmentations}
    for key, found in data.health.items():
        if found.warnings:
            kinds = list(dict.fromkeys(finding.title for finding in found.warnings))
            count = counted(len(found.warnings), "known mistake")
            yield Finding("warning", f"{names.get(key, key)}: the audit names {count} ({_listed(kinds)}).", "health")


def _redundant(data: ReportData) -> list[OverlapPair]:
    return [pair for pair in data.overlap.notable if pair.relation == "redundant"] if data.overlap else []


def _conflicts(data: ReportData) -> tuple[OverlapPair, ...]:
    return data.overlap.conflicts if data.overlap else ()


def _quarantine(data: ReportData) -> Iterator[Finding]:
    out = sum(source.quarantined_count for source in data.sources)
    read = sum(source.read_count for source in data.sources)
    if out:
        rows = f"{formats.count(out)} of {counted(read, 'row')} read"
        yield Finding("note", f"{rows} are in quarantine ({formats.share(out / read, 2)}).", "quality")


def _more(total: int, one: str, anchor: str, many: str | None = None) -> Iterator[Finding]:
    """A sentence on those that are not told one by one."""
    if total > _MOST_OF_A_KIND:
        rest = counted(total - _MOST_OF_A_KIND, f"more {one}", f"more {many}" if many else None)
        yield Finding("note", f"And {rest}.", anchor)


def _listed(names: list[str]) -> str:
    """``a, b and c``; the first six of a long list."""
    shown = names[:6]
    if len(names) > len(shown):
        return f"{', '.join(shown)} and {len(names) - len(shown)} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
