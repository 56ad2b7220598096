"""The check page: every check of the run by door and table, with its trend, and what to do about failures.

Owns: what stands on `checks.html`. Does not own: the figures (`data.py`), the drawings (`trend_chart.py`) or the first
page (`page.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from tasks.config.counting import counted
from tasks.report import formats, runbooks
from tasks.report.data import ReportData
from tasks.report.run_records import CheckRow
from tasks.report.svg import anchor
from tasks.report.templates import template
from tasks.report.trend_chart import draw_trend
from tasks.report.trend_records import CheckedRun, CheckHistory, FailingSince, TrendPoint

FILE_NAME = "checks.html"
#: What each door lets pass.
_DOORS = {
    "raw": "Files as they were loaded",
    "staging": "Entities: one row each, as known at the as-of date",
    "features": "What is known of each customer",
    "segments": "Who is in which segment, and why",
    "monitoring": "Figures about segments",
    "published": "What readers get",
}
_RANK = {"failed": 0, "warned": 1, "passed": 2, "skipped": 3}


@dataclass(frozen=True, slots=True)
class CheckView:
    """A check with what the page says beside it; `result` is failed (critically), warned, passed or skipped."""

    check: CheckRow
    result: str
    failing: FailingSince | None
    runbook: runbooks.Runbook | None
    address: str | None

    @property
    def found(self) -> str:
        """What the check found, in words; why it was not run, where it was not."""
        check = self.check
        is_counted = check.is_success is not None and check.unexpected_count is not None
        if is_counted and check.element_count is not None and not check.is_in_words:
            return f"{formats.count(check.unexpected_count)} wrong in {counted(check.element_count, 'row')}"
        return check.observed

    @property
    def enough(self) -> str:
        """The share of the rows that suffices, such as ``99.5%``; empty where it is all."""
        return "" if self.check.mostly_share is None else f"{100 * self.check.mostly_share:.6g}%"

    @property
    def has_failed(self) -> bool:
        """Whether the data are not as expected, critically or not."""
        return self.check.is_success is False


@dataclass(frozen=True, slots=True)
class Step:
    """A table in one of the last runs."""

    run: CheckedRun
    point: TrendPoint


@dataclass(frozen=True, slots=True)
class TableView:
    """The checks of a table, what did not hold first; `steps` are its runs, the newest first."""

    name: str
    anchor: str
    checks: tuple[CheckView, ...]
    trend: Markup
    steps: tuple[Step, ...]

    @property
    def results(self) -> Counter[str]:
        """How many checks came to which result."""
        return Counter(view.result for view in self.checks)

    @property
    def tally(self) -> str:
        """The results in words."""
        return _tally(self.results)

    @property
    def row_count(self) -> int | None:
        """Rows of the table in this run, where a check counted them."""
        return self.steps[0].point.row_count if self.steps else None


@dataclass(frozen=True, slots=True)
class DoorView:
    """The tables of a door."""

    name: str
    title: str
    anchor: str
    tables: tuple[TableView, ...]

    @property
    def results(self) -> Counter[str]:
        """How many checks came to which result."""
        return _sum(table.results for table in self.tables)

    @property
    def tally(self) -> str:
        """The results in words."""
        return _tally(self.results)


def render_checks(data: ReportData) -> str:
    """The whole page as HTML that needs nothing beside it; its only link outside leads to the first page."""
    books = runbooks.runbooks([check.runbook for check in data.failed_checks])
    views = [_check_view(check, data.history, books) for check in data.checks]
    doors = [
        DoorView(door, _DOORS.get(door, ""), anchor("door", door), _tables(door, views, data.history))
        for door in dict.fromkeys(check.door for check in data.checks)
    ]
    return template("checks.html.j2").render(
        data=data,
        run=data.run,
        doors=doors,
        results=_sum(door.results for door in doors),
        failures=sorted((view for view in views if view.has_failed), key=lambda view: _RANK[view.result]),
        books=list(books.values()),
    )


def _check_view(check: CheckRow, history: CheckHistory, books: dict[str, runbooks.Runbook]) -> CheckView:
    result = "skipped" if check.is_success is None else "passed" if check.is_success else "warned"
    if check.is_success is False and check.severity == "critical":
        result = "failed"
    return CheckView(
        check=check,
        result=result,
        failing=history.failing.get((check.table_name, check.meaning)),
        runbook=books.get(check.runbook),
        address=runbooks.address(check.runbook),
    )


def _tables(door: str, views: Sequence[CheckView], history: CheckHistory) -> tuple[TableView, ...]:
    grouped: dict[str, list[CheckView]] = {}
    for view in views:
        if view.check.door == door:
            grouped.setdefault(view.check.table_name, []).append(view)
    return tuple(_table(name, of_table, history) for name, of_table in grouped.items())


def _table(name: str, views: list[CheckView], history: CheckHistory) -> TableView:
    points = history.trends.get(name, ())
    steps = [Step(run, point) for run, point in zip(history.runs, points, strict=False) if point]
    return TableView(
        name=name,
        anchor=anchor("table", name),
        checks=tuple(sorted(views, key=lambda view: _RANK[view.result])),
        trend=Markup(draw_trend(anchor("trend", name), name, points)),  # noqa: S704 - our own SVG, escaped where drawn
        steps=tuple(reversed(steps)),
    )


def _sum(results: Iterable[Counter[str]]) -> Counter[str]:
    return sum(results, Counter())


def _tally(results: Counter[str]) -> str:
    """Counts in words, the gravest first: ``1 failed critically, 2 warnings, 34 passed``."""
    words = {
        "failed": f"{formats.count(results['failed'])} failed critically",
        "warned": counted(results["warned"], "warning"),
        "passed": f"{formats.count(results['passed'])} passed",
        "skipped": f"{formats.count(results['skipped'])} not run",
    }
    return ", ".join(text for result, text in words.items() if results[result])
