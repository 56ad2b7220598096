"""The page of checks: every expectation at every door.

Owns: its layout. Does not own the checks (`expectations/`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from generator.markdown import code, grid
from generator.tables import suites
from tasks.quality.leaks import MEANING
from tasks.quality.suites import DOORS, Check, Suite

_CHECKS = """\
What is checked at each door of the corridor, in this order. A failed *critical* check stops the run with exit code 3,
and what was published stays; a failed *warning* is reported, and the run goes on. A workspace's own suites
(`quality.expectations`) are checked beside these, or instead of them where a suite says `replaces: true`. What to do:
[when-a-gate-fails.md](../how-to/when-a-gate-fails.md)."""


_LEAKS = f"""\
Of every table here, a workspace's own ones too, one more critical check is made, which no suite can take away:
{MEANING}. See [protect-personal-data.md](../how-to/protect-personal-data.md)."""


def checks_page() -> Iterator[str]:
    """Every check by door and table."""
    yield _CHECKS
    for door, schemas in DOORS.items():
        yield f"## Door {door}"
        if door == "published":
            yield _LEAKS
        for suite in (suite for schema in schemas for suite in suites(schema)):
            yield f"### {suite.table}"
            yield suite.description + _conditions(suite)
            heads = (
                "no.",
                "severity",
                "column",
                "what holds",
                "what would be wrong",
                "who, and what to do",
                "expectation",
            )
            yield grid(heads, map(_row, suite.checks))


def _conditions(suite: Suite) -> str:
    needed = f" Checked only where a source maps to {', '.join(suite.requires)}." if suite.requires else ""
    return needed + (f" Not checked where the table is absent: {suite.may_be_missing}." if suite.may_be_missing else "")


def _row(check: Check) -> tuple[object, ...]:
    said = check.expectation
    share = f"; {said.mostly:.0%} of the rows suffice" if said.mostly is not None else ""
    needed = f"; only where a source maps to {', '.join(said.requires)}" if said.requires else ""
    meaning = f"{said.meaning}{share}{needed}"
    page = PurePosixPath(said.runbook or "")
    whose = f"{said.owner}: [{page.stem}](../{page})"
    return check.number, said.severity, code(said.column_name or ""), meaning, said.consequence, whose, code(said.type)
