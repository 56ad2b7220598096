"""What becomes of faults, injected one by one into the exports of the demo.

    python -m tests.benchmarks.fault_injection [--customers 1000] [--only WORD] [--output docs/faults.md]

Three months are published from whole deliveries; then the fourth comes with one fault, and nothing else is wrong. A
fault is caught where the run ends with an error or at a gate, where a check fails that does not fail of the clean
delivery, or where more is quarantined; it has no effect where all published tables are those of the clean delivery.
Companies that hold their orders against what accounting booked are a case of their own: but for faults that only they
can see, the company has no such source. What is published unflagged for want of it, or of rows, is injected again: into
the same company with that source, and into one of several times as many customers. Exit code 1 where a fault is
published unflagged in all of them.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

from tests.benchmarks.fault_edits import Fault
from tests.benchmarks.fault_runs import History, Verdict
from tests.benchmarks.faults_of_columns import COLUMNS
from tests.benchmarks.faults_of_figures import TIMES, UNITS
from tests.benchmarks.faults_of_files import DAYS, FILES
from tests.benchmarks.faults_of_keys import CONTROL, KEYS, VALUES
from tests.benchmarks.faults_page import write_faults

FAULTS: list[Fault] = [
    fault for family in (FILES, DAYS, COLUMNS, UNITS, TIMES, KEYS, VALUES, CONTROL) for fault in family.all
]
#: Outcomes that leave a reader with something wrong, and no word of it.
BAD = {"unflagged", "drift only", "crash"}
#: How many times as many customers the larger company has.
LARGER = 5


class Companies:
    """Companies with a published past, each made when a fault is first injected into it."""

    def __init__(self, folder: Path) -> None:
        """Make none yet."""
        self._folder = folder
        self._made: dict[tuple[int, bool], History] = {}

    def judge(self, fault: Fault, customers: int, *, with_takings: bool) -> Verdict:
        """What becomes of a fault in one of them."""
        key = (customers, with_takings)
        if key not in self._made:
            place = self._folder / f"{customers}{'_with_takings' * with_takings}"
            place.mkdir()
            self._made[key] = History(place, customers=customers, with_takings=with_takings)
            for failure in self._made[key].clean.failures:
                tell(f"the clean delivery fails {failure}")
        return self._made[key].judge(fault)


def run_faults(
    faults: list[Fault], customers: int, companies: Companies, results: Path | None = None
) -> Iterator[Verdict]:
    """Run faults one by one; each verdict is told as it comes, and added to a file of JSON lines where one is named."""
    for number, fault in enumerate(faults, 1):
        started = time.monotonic()
        verdict = companies.judge(fault, customers, with_takings=fault.with_takings)
        tell(
            f"{number}/{len(faults)} {time.monotonic() - started:.0f} s  {fault.name}: {verdict.outcome}"
            f" – {verdict.place or verdict.message}"
        )
        if results is not None:
            with results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(verdict), ensure_ascii=False) + "\n")
        yield verdict


def run_again(verdicts: list[Verdict], customers: int, companies: Companies) -> list[Verdict]:
    """Inject what came through into other companies; each verdict's family says which."""
    faults = [fault for fault in FAULTS if any(it.name == fault.name and it.outcome in BAD for it in verdicts)]
    found = []
    for fault in faults:
        for label, count, with_takings in (
            ("with the takings of accounting", customers, True),
            (f"of {customers * LARGER:,} customers", customers * LARGER, False),
        ):
            verdict = companies.judge(fault, count, with_takings=with_takings)
            tell(f"{fault.name}, in a company {label}: {verdict.outcome} – {verdict.place or verdict.message}")
            found.append(replace(verdict, family=label))
    return found


def tell(line: str) -> None:
    """One line of progress."""
    sys.stderr.write(line[:300] + "\n")
    sys.stderr.flush()


def main() -> int:
    """Run, write the page, say whether all is well."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--customers", type=int, default=1000)
    parser.add_argument("--only", default="", help="faults whose name, family or source has this word")
    parser.add_argument("--results", type=Path, help="a file that verdicts are added to, as JSON lines")
    parser.add_argument("--output", type=Path, help="the page whose section is written anew")
    given = parser.parse_args()
    chosen = [fault for fault in FAULTS if given.only in f"{fault.name} {fault.family} {fault.source}"]
    with tempfile.TemporaryDirectory(prefix="resegment-faults-") as folder:
        companies = Companies(Path(folder))
        verdicts = list(run_faults(chosen, given.customers, companies, given.results))
        again = run_again(verdicts, given.customers, companies)
    sys.stdout.write(f"{len(verdicts)} faults: {dict(Counter(verdict.outcome for verdict in verdicts))}\n")
    if given.output:
        write_faults(given.output, verdicts, again, customers=given.customers)
    outcomes: dict[str, set[str]] = {}
    for verdict in (*verdicts, *again):
        outcomes.setdefault(verdict.name, set()).add(verdict.outcome)
    return int(any(found <= BAD for found in outcomes.values()))


if __name__ == "__main__":
    sys.exit(main())
