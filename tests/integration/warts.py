"""Warts of the public data sets, and what becomes of each: the cases of `test_warts.py`, and the page `docs/warts.md`.

Write the page with `python -m tests.integration.warts > docs/warts.md`; RESEGMENT_TEST_DATA names the folder of the sets.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.integration import wart_cases_people, wart_cases_shops, wart_cases_surveys
from tests.integration.wart_looks import REPOSITORY, Setting, Wart, look_at

CASES: tuple[Wart, ...] = wart_cases_shops.CASES + wart_cases_people.CASES + wart_cases_surveys.CASES
SETTINGS: tuple[Setting, ...] = tuple(dict.fromkeys(case.setting for case in CASES))


@dataclass(frozen=True)
class Met:
    """A wart and what became of it."""

    wart: Wart
    count: int
    expected: int
    seen: int
    told: str


def meet(setting: Setting, data: Path, output: Path) -> Iterator[Met]:
    """All warts of one setting, in one look."""
    with look_at(setting, data, output) as look:
        for wart in CASES:
            if wart.setting == setting:
                count = wart.count(data)
                expected = count if wart.expected is None else wart.expected(data)
                yield Met(wart, count, expected, wart.seen(look), wart.told(look))


def listed_warts(readme: str) -> dict[str, list[str]]:
    """What the README of the data lists as warts worth handling, by set."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in readme.splitlines() if line.startswith("|")
    ]
    column = rows[0].index("warts worth handling")
    return {cells[0]: [wart.strip() for wart in cells[column].split(";")] for cells in rows[2:]}


def page(met: list[Met]) -> str:
    """The page: one row a wart."""
    lines = [
        "# Warts of real data, and what becomes of them\n",
        "Written by `python -m tests.integration.warts` from runs on the public sets; `tests/integration/test_warts.py`",
        "counts each again by hand. *Handled*: a mapping or a rule gives it its meaning. *Caught*: a check or the quarantine",
        "tells it; where an example handles a wart, the run behind a *caught* row maps the column as it is. Where no file is",
        "named, the workspace is one of `tests/integration/workspaces`.\n",
        "| set | wart | in the file | | where | what the reader is told |",
        "|---|---|---:|---|---|---|",
    ]
    lines += [
        f"| {one.wart.data_set} | {one.wart.what} | {one.count:,} | {one.wart.how} | {one.wart.where} | {_cell(one.told)} |"
        for one in met
    ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    plain = re.sub(r"\s+", " ", text.replace(str(REPOSITORY), "…")).replace("|", "\\|")
    return plain if len(plain) <= 420 else plain[:420] + "…"


def main() -> None:
    """Write the page."""
    data = Path(os.environ.get("RESEGMENT_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    met: dict[Wart, Met] = {}
    for setting in SETTINGS:
        with tempfile.TemporaryDirectory() as folder:
            met.update({one.wart: one for one in meet(setting, data, Path(folder))})
    sys.stdout.write(page([met[case] for case in CASES]))


if __name__ == "__main__":
    main()
