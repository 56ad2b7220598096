"""What checks found, as data and in words.

Owns: `Finding` and `GateReport`, their sentences, and that no contact value gets into an example. Does not own running
checks or the verdict (`gate.py`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from tasks.config.entities import CONTACT_COLUMNS
from tasks.quality.adapter import Outcome
from tasks.quality.suites import Check, Door, Expectation
from tasks.quality.vocabulary import HISTORY

#: Stands in place of a value that is shown to nobody.
WITHHELD = "(withheld)"
_LONGEST_EXAMPLE = 80


@dataclass(frozen=True, slots=True)
class Finding:
    """A check and what became of it.

    Attributes:
        table: `schema.table`.
        check: the check.
        outcome: its outcome; None where it was not run.
        skipped: why it was not run; None where it was.
        withheld: names of columns whose values are shown to nobody, as an example neither.
    """

    table: str
    check: Check
    outcome: Outcome | None = None
    skipped: str | None = None
    withheld: frozenset[str] = CONTACT_COLUMNS

    @property
    def examples(self) -> list[object]:
        """Some wrong values or rows, fit to be shown."""
        values = self.outcome.examples if self.outcome else ()
        return [WITHHELD if self._is_withheld else value for value in values]

    @property
    def observed(self) -> object:
        """What an expectation on a whole column or table saw, fit to be shown."""
        value = self.outcome.observed if self.outcome else None
        return WITHHELD if self._is_withheld and isinstance(value, list | str) else value

    @property
    def is_in_words(self) -> bool:
        """Whether what was found is said of the rows of a query, which are none of the table."""
        found = self.outcome
        return found is not None and found.unexpected_count is not None and isinstance(found.observed, str)

    @property
    def _is_withheld(self) -> bool:
        expectation = self.check.expectation
        if expectation.type in HISTORY and (expectation.kwargs["aspect"] != "mix" or "by" in expectation.kwargs):
            # Shares, means, hours and shapes are no values of anybody's.
            return False
        return not self.withheld.isdisjoint((expectation.column_name or "").split(", "))

    @property
    def has_failed(self) -> bool:
        """Whether the data are not as expected."""
        return self.outcome is not None and self.outcome.error is None and not self.outcome.is_success

    @property
    def sentence(self) -> str:
        """Table, column, what should hold, what was found and some examples, on one line."""
        expectation = self.check.expectation
        is_plain = expectation.column_name is None or expectation.type in HISTORY
        place = self.table if is_plain else f"{self.table}, {expectation.column_name}"
        return f"{place}: {expectation.meaning} – {self._found()} [{_call(expectation)}]"

    def _found(self) -> str:
        if self.outcome is None:
            return f"not checked: {self.skipped}"
        if self.check.expectation.type in HISTORY or (self.is_in_words and self.observed != WITHHELD):
            return f"found {self.observed}"
        examples = ", ".join(shown(example) for example in self.examples)
        tail = f", for example {examples}" if examples else ""
        if self.outcome.unexpected_count is None:
            return f"found {shown(self.observed)}{tail}"
        of = "" if self.outcome.element_count is None else f" for {self.outcome.element_count:,} rows"
        return f"found {self.outcome.unexpected_count:,} wrong{of}{tail}"


@dataclass(frozen=True, slots=True)
class GateReport:
    """What the checks at one door said.

    Attributes:
        door: the door.
        findings: every check of the door's suites, in the order of tables and checks.
    """

    door: Door
    findings: tuple[Finding, ...]

    @property
    def checked_count(self) -> int:
        """Checks that were run."""
        return sum(finding.outcome is not None for finding in self.findings)

    @property
    def skipped_count(self) -> int:
        """Checks that had nothing to look at."""
        return sum(finding.skipped is not None for finding in self.findings)

    def failed(self, severity: str) -> list[Finding]:
        """Failed checks of a severity."""
        return [item for item in self.findings if item.has_failed and item.check.expectation.severity == severity]

    @property
    def summary(self) -> str:
        """Such as ``staging: 23 checks, 1 warning, 4 skipped``."""
        warnings = len(self.failed("warning"))
        parts = [
            f"{self.checked_count} checks",
            f"{warnings} warning{'s' * (warnings != 1)}" if warnings else "",
            f"{self.skipped_count} skipped" if self.skipped_count else "",
        ]
        return f"{self.door}: " + ", ".join(part for part in parts if part)


def _call(expectation: Expectation) -> str:
    """What was asked, as a developer reads it; a query is too long for a line and stands in the file."""
    kwargs = {key: value for key, value in expectation.kwargs.items() if key not in {"query", "column", "columns"}}
    if expectation.mostly is not None:
        kwargs["mostly"] = expectation.mostly
    return expectation.type + "".join(f" {key}={json.dumps(value, default=str)}" for key, value in kwargs.items())


def shown(value: object) -> str:
    """A value for a line of text."""
    if isinstance(value, dict):
        return "(" + ", ".join(f"{key} {shown(item)}" for key, item in value.items()) + ")"
    if value is None:
        return "nothing"
    text = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    return text if len(text) <= _LONGEST_EXAMPLE else text[:_LONGEST_EXAMPLE] + "…"
