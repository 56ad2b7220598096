"""`resegment audit`: how healthy segments are, and which known mistakes the segmentations make.

Owns: this command and what it prints. Does not own its arguments (`cli.py`), or the audit (`tasks/audit`).
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Mapping
from typing import Any

from flows import console
from flows.commands import opened
from tasks.audit.told import Audit, read_audit
from tasks.config.counting import counted
from tasks.warehouse.readers import opened_to_read

Row = Mapping[str, Any]
_NOT_COMPARED = (
    "whether segments differ was not judged: no KPI is known of these customers, or it is the same of all; name others"
    " in audit.kpis"
)


def audit(options: argparse.Namespace) -> int:
    """`resegment audit [--segmentation NAME]`."""
    _, paths = opened(options)
    with opened_to_read(paths) as warehouse:
        found = read_audit(warehouse, options.segmentation)
    if options.json:
        console.print_json(dataclasses.asdict(found))
        return 0
    warnings, notes = counted(found.counts["warnings"], "warning"), counted(found.counts["notes"], "note")
    counts = f"{warnings}, {notes}, {found.counts['accepted']:,} accepted"
    console.out.print(f"[bold]audit[/bold] as of {found.as_of} (run {found.run_id}): {counts}\n")
    if not found.is_compared:
        console.out.print(f"note  {_NOT_COMPARED}\n")
    for segmentation in found.segmentations:
        _print_one(found, segmentation)
    return 0


def _print_one(found: Audit, segmentation: str) -> None:
    console.out.print(f"[bold]{segmentation}[/bold]")
    if cards := [_card(card) for card in found.cards if card["segmentation_id"] == segmentation]:
        console.print_table(
            ["segment", "customers", "share", "change", "holds", "lift seen", "reach", "stands out in", "verdict"],
            cards,
            numbers=["customers", "share", "change", "holds", "lift seen", "reach"],
        )
    for row in found.findings:
        if row["segmentation_id"] == segmentation:
            _print_finding(row)
    console.out.print()


def _print_finding(row: Row) -> None:
    standing = "accepted" if row["is_accepted"] else row["severity_name"]
    about = row["segment_id"] or row["segmentation_id"]
    style = "yellow" if standing == "warning" else "default"
    console.out.print(f"[{style}]{standing}[/{style}]  {row['finding_name']}: {about}")
    console.out.print(f"  {row['evidence']}", markup=False)
    if row["is_accepted"]:
        console.out.print(f"  accepted because {row['accepted_because']}", markup=False)
    else:
        console.out.print(f"  → {row['advice']}", markup=False)


def _card(card: Row) -> list[object]:
    """What a line has room for; `--json` has all figures."""
    holds = card["jaccard_share"] if card["jaccard_share"] is not None else card["kept_share"]
    effect = card["distinct_effect"]
    return [
        card["segment_id"].partition(".")[2],
        f"{card['customer_count']:,}",
        f"{card['customer_share']:.1%}",
        _points(card["share_change"], sign="+"),
        "" if holds is None else f"{holds:.2f}",
        _points(card["detectable_lift_share"]),
        "" if card["reachable_share"] is None else f"{card['reachable_share']:.0%}",
        "" if effect is None else f"{card['distinct_kpi_name']} {effect:+.2f}",
        card["verdict_name"],
    ]


def _points(share: float | None, sign: str = "") -> str:
    """A share as percentage points."""
    return "" if share is None else f"{share * 100:{sign}.1f} pp"
