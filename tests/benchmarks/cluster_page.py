"""How the figures about clusters are written down, and the effort all of them are made with.

Used by `cluster_figures.py`.
"""

from __future__ import annotations

from tasks.segments.k_policy import KPolicy

EFFORT = KPolicy(sample_rows=2_000, splits=3, resamples=8, gap_references=3)
"""Less than the default, so that the page is made in minutes; more would only steady the choice of k."""

Row = tuple[str, ...]


def share(hits: int, of: int) -> str:
    """Counts and percent."""
    return f"{int(hits)}/{of} = {100 * hits / of:.0f} %" if of else "-"


def markdown(title: str, note: str, header: Row, rows: list[Row]) -> str:
    """One section."""
    lines = [f"## {title}", "", note, "", f"| {' | '.join(header)} |", "|" + "---|" * len(header)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows), ""])
