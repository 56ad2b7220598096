"""What becomes of faults, injected one by one into the exports of the demo.

    python -m tests.benchmarks.fault_injection [--customers 1000] [--only WORD] [--output docs/faults.md]

Three months are published from whole deliveries; then the fourth comes with one fault, and nothing else is wrong. A
fault is caught where the run ends with an error or at a gate, where a check fails that does not fail of the clean
delivery, or where more is quarantined; it has no effect where all published tables are those of the clean delivery.
Companies that hold their orders against what accounting booked are a case of their own: but for faults that only they
can see, the company has no such source. Exit code 1 where a fault is published unflagged.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict
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


def run_faults(faults: list[Fault], customers: int, folder: Path, results: Path | None = None) -> list[Verdict]:
    """Run faults one by one; each verdict is told as it comes, and added to a file of JSON lines where one is named."""
    histories: dict[bool, History] = {}
    verdicts = []
    for number, fault in enumerate(faults, 1):
        started = time.monotonic()
        if fault.with_takings not in histories:
            place = folder / ("with_takings" if fault.with_takings else "without_takings")
            place.mkdir()
            histories[fault.with_takings] = History(place, customers=customers, with_takings=fault.with_takings)
            for failure in histories[fault.with_takings].clean.failures:
                tell(f"the clean delivery fails {failure}")
        verdict = histories[fault.with_takings].judge(fault)
        verdicts.append(verdict)
        tell(
            f"{number}/{len(faults)} {time.monotonic() - started:.0f} s  {fault.name}: {verdict.outcome}"
            f" – {verdict.place or verdict.message}"
        )
        if results is not None:
            with results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(verdict), ensure_ascii=False) + "\n")
    return verdicts


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
        verdicts = run_faults(chosen, given.customers, Path(folder), given.results)
    sys.stdout.write(f"{len(verdicts)} faults: {dict(Counter(verdict.outcome for verdict in verdicts))}\n")
    if given.output:
        write_faults(given.output, verdicts, customers=given.customers)
    return int(any(verdict.outcome in BAD for verdict in verdicts))


if __name__ == "__main__":
    sys.exit(main())
