"""What a person sees: progress lines on standard error, results on standard output.

Owns: printing. Does not own what is printed (`commands.py`) or which exit code follows (`cli.py`).
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
import time
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tasks.config.errors import ResegmentError
from tasks.warehouse.summary import RunSummary

#: Columns of a table that goes to a file or a pipe, which have no width of their own.
_WIDTH_OF_A_PIPE = 160
#: Results are read by people and by scripts: no colour codes where nobody sees colours, and no line is folded.
out = Console(soft_wrap=True, highlight=False, emoji=False, width=None if sys.stdout.isatty() else _WIDTH_OF_A_PIPE)
err = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)


class ProgressLines(logging.Handler):
    """Shows the log of the rooms as lines with the seconds since the start."""

    def __init__(self) -> None:
        """Start the clock."""
        super().__init__(logging.INFO)
        self._start = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        """Print one line; a warning stands out."""
        seconds = time.monotonic() - self._start
        room = record.name.rpartition(".")[2]
        style = "yellow" if record.levelno >= logging.WARNING else "default"
        err.print(f"[dim]{seconds:7.1f} s[/dim]  {room:<9} [{style}]{escape(record.getMessage())}[/{style}]")


def show_progress(*, quiet: bool) -> None:
    """Have the rooms' log shown; with `quiet`, only warnings."""
    logger = logging.getLogger("resegment")
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
    handler = ProgressLines()
    handler.setLevel(logging.WARNING if quiet else logging.INFO)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False


def print_error(error: ResegmentError, *, as_json: bool) -> None:
    """Tell an error: to a program as one JSON object, to a person as text."""
    if as_json:
        parts = {"error": type(error).__name__, "message": error.message, "where": error.where, "hint": error.hint}
        print_json(parts)
    err.print(f"[bold red]error[/bold red] {escape(str(error))}")


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, indent=2, default=str, ensure_ascii=False) + "\n")


def print_table(columns: Iterable[str], rows: Iterable[Iterable[object]], *, numbers: Iterable[str] = ()) -> None:
    """A table; the columns named in `numbers` stand right."""
    right = set(numbers)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(escape(_cell(value)) for value in row))
    out.print(table)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return "" if value is None else str(value)


def print_summary(summary: RunSummary) -> None:
    """The end of a run."""
    compared = f", compared with {summary['previous_as_of']}" if summary["previous_as_of"] else ""
    out.print(f"[bold]{summary['as_of']}[/bold]  run {summary['run_id']}{compared}")
    print_table(
        ["source", "read", "loaded", "quarantined"],
        [[s["source"], f"{s['read']:,}", f"{s['loaded']:,}", f"{s['quarantined']:,}"] for s in summary["sources"]],
        numbers=["read", "loaded", "quarantined"],
    )
    out.print()
    print_table(
        ["segmentation", "segment", "customers", "share", "change"],
        [_segment_row(segment) for segment in summary["segments"]],
        numbers=["customers", "share", "change"],
    )
    out.print()
    for alert in summary["alerts"]:
        out.print(f"[yellow]look at[/yellow]  {escape(alert)}")
    out.print(f"published  {escape(summary['published'])}")
    out.print(f"report     {escape(summary['report'])}")


def _segment_row(segment: Mapping[str, Any]) -> list[str]:
    change = "" if segment["change"] is None else f"{segment['change']:+,}"
    return [
        segment["segmentation"],
        segment["name"],
        f"{segment['customers']:,}",
        f"{segment['share']:.1%}",
        change,
    ]
