"""`docs/faults.md`: two sections, each written by the program that measures it.

Owns: the page. Does not own the figures (`fault_injection.py`, `clean_runs.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.benchmarks.fault_runs import Verdict

_TITLE = """\
# Faults and false stops

What the checks find, and how often they cry without cause, on the generated demo company. `make bench-quality` writes
this page.
"""
_FAULTS, _CLEAN = "## Faults, one by one", "## Clean runs"
_SAID = {
    "error": "the run ends with an error",
    "stopped": "a gate stops the run",
    "warned": "published, with warnings that the clean delivery does not raise",
    "quarantined": "published, with the bad rows in quarantine",
    "no effect": "published, and every table is that of the clean delivery",
    "drift only": "published, with no more than an alarm of drift",
    "unflagged": "**published unflagged**",
    "crash": "**the run crashes**",
}
_LONGEST = 240


def write_faults(page: Path, verdicts: Sequence[Verdict], again: Sequence[Verdict], *, customers: int) -> None:
    """Write the section of the faults, and leave the other as it is; `again` is what came through, in other companies."""
    counts = Counter(verdict.outcome for verdict in verdicts)
    lines = [
        _FAULTS,
        "",
        f"{len(verdicts)} faults, each alone in the delivery for 2025-06-30 of a company with {customers:,} customers that",
        "had published March, April and May from whole deliveries. A fault counts as caught where it shows in something that",
        "the same delivery without it does not show.",
        "",
        "| what became of it | faults |",
        "|---|---|",
        *(f"| {said} | {counts[outcome]} |" for outcome, said in _SAID.items() if counts[outcome]),
        "",
    ]
    if again:
        lines += ["What came through, injected into other companies:", ""]
        lines += ["| fault | in a company | became | caught by | told |", "|---|---|---|---|---|"]
        lines += [_table_row(it.name, it.family, it.outcome, it.place, it.message) for it in again]
        lines += [""]
    for family in dict.fromkeys(verdict.family for verdict in verdicts):
        lines += [f"### {family.capitalize()}", "", "| fault | source | the delivery | became | caught by | told |"]
        lines += ["|---|---|---|---|---|---|"]
        lines += [_row(verdict) for verdict in verdicts if verdict.family == family]
        lines += [""]
    _replace(page, _FAULTS, "\n".join(lines))


def write_clean(page: Path, text: str) -> None:
    """Write the section of the clean runs, and leave the other as it is."""
    _replace(page, _CLEAN, f"{_CLEAN}\n\n{text}")


def _row(verdict: Verdict) -> str:
    return _table_row(verdict.name, verdict.source, verdict.story, verdict.outcome, verdict.place, verdict.message)


def _table_row(*cells: str) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    line = " ".join(text.replace("|", "\\|").split())
    return line if len(line) <= _LONGEST else line[:_LONGEST].rstrip() + " …"


def _replace(page: Path, heading: str, section: str) -> None:
    """The page with this section anew; the sections stand in their order."""
    sections = dict.fromkeys((_FAULTS, _CLEAN), "")
    if page.exists():
        text = page.read_text(encoding="utf-8")
        for found in sections:
            _, _, after = text.partition(f"\n{found}\n")
            if after:
                ends = [at for other in sections if other != found and (at := after.find(f"\n{other}\n")) >= 0]
                sections[found] = f"{found}\n" + after[: min(ends, default=len(after))]
    sections[heading] = section
    parts = [part.strip("\n") for part in (_TITLE, *sections.values()) if part]
    page.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
