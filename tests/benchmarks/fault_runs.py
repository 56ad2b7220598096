"""Running one faulty delivery after a clean history, and what became of it beside the clean delivery.

Owns: the history, the run, and the record of what a reader would have seen. Does not own the faults (`faults_of_*.py`)
or the page (`faults_page.py`).
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import tempfile
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeGuard

import polars as pl
import yaml

from tasks.config.errors import GateFailed, ResegmentError
from tasks.demo.generator import generate_demo
from tests.benchmarks.fault_edits import Fault
from tests.integration.corridor import EXAMPLES, ledger, partition, run_corridor
from tests.integration.past_exports import write_past

#: The dates that are published from whole deliveries, and the one that the faulty delivery is for.
HISTORY = (dt.date(2025, 3, 31), dt.date(2025, 4, 30), dt.date(2025, 5, 31))
AS_OF = dt.date(2025, 6, 30)

#: What a reader sees of a fault: the run ends with an error or at a gate, warnings that a clean delivery does not
#: raise, more rows in quarantine than of a clean one, an alarm of drift alone, nothing because nothing is different,
#: or nothing although something is.
Outcome = Literal["error", "stopped", "warned", "quarantined", "drift only", "no effect", "unflagged", "crash"]
_LAST = "(SELECT max_by(attempt_id, started_at) FROM ops.run)"


@dataclass(frozen=True, slots=True)
class Failure:
    """A check that failed: what should hold, how much is wrong, an example, and the words of all examples."""

    severity: str
    table: str
    meaning: str
    count: int | None
    example: str
    words: frozenset[str]

    def is_news(self, usual: Failure | None) -> bool:
        """Whether the clean delivery does not fail so, for less, or for other things; figures may differ a little."""
        return usual is None or (self.count or 0) > (usual.count or 0) or not self.words <= usual.words


@dataclass(slots=True)
class Record:
    """What a run left behind."""

    error: str | None = None
    kind: Literal["error", "stopped", "crash"] | None = None
    failures: list[Failure] = field(default_factory=list)
    quarantined: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    reasons: dict[tuple[str, str, str], str] = field(default_factory=dict)
    alerts: set[tuple[str, str]] = field(default_factory=set)
    published: dict[str, pl.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a fault; `place` is the check or step, `message` what a reader is told."""

    name: str
    family: str
    source: str
    story: str
    outcome: Outcome
    place: str
    message: str


class History:
    """A company with some published months, copied for every delivery of the next."""

    def __init__(
        self,
        folder: Path,
        *,
        customers: int,
        with_takings: bool,
        dates: tuple[dt.date, ...] = HISTORY,
        segmentations: tuple[str, ...] = (),
    ) -> None:
        """Generate the exports and publish the dates, as the files came month by month.

        Args:
            folder: an empty one.
            customers: how many the company has.
            with_takings: whether it has what accounting booked.
            dates: that are published.
            segmentations: the only ones it has; none named: all of the demo.
        """
        self.full = folder / "full"
        self._start = folder / "start"
        generate_demo(self.full, customers=customers)
        tree = yaml.safe_load((EXAMPLES / "demo" / "resegment.yaml").read_text(encoding="utf-8"))
        del tree["generate"]
        if not with_takings:
            del tree["sources"]["takings"]
        if segmentations:
            tree["segmentations"] = {name: tree["segmentations"][name] for name in segmentations}
        self._start.mkdir()
        (self._start / "resegment.yaml").write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
        for date in dates:
            write_past(self.full, self._start / "data", date + dt.timedelta(days=1))
            run_corridor(self._start, date, self._start / "out")
        self.clean = self.deliver(None)

    def deliver(self, fault: Fault | None) -> Record:
        """Bring the exports of the next month, broken or not, and run."""
        with tempfile.TemporaryDirectory(prefix="fault-", dir=self._start.parent) as name:
            workspace = Path(name) / "company"
            shutil.copytree(self._start, workspace)
            write_past(self.full, workspace / "data", AS_OF + dt.timedelta(days=1))
            if fault is not None:
                fault.inject(workspace / "data")
            return _run(workspace)

    def judge(self, fault: Fault) -> Verdict:
        """Run a faulty delivery and tell what became of it."""
        outcome, place, message = _compared(self.deliver(fault), self.clean)
        return Verdict(fault.name, fault.family, fault.source, fault.story, outcome, place, message)


def _run(workspace: Path) -> Record:
    output = workspace / "out"
    record = Record()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            run_corridor(workspace, AS_OF, output)
    except ResegmentError as error:
        record.kind = "stopped" if isinstance(error, GateFailed) else "error"
        record.error = str(error).replace(f"{workspace}/", "")
    except Exception as error:  # noqa: BLE001 - a crash is a result, too: it has to be told, not to end the benchmark
        record.kind, record.error = "crash", f"{type(error).__name__}: {error}"
    _read(output, record)
    if record.kind is None:
        tables = sorted(path.name for path in (output / "published").iterdir() if path.is_dir())
        record.published = {table: partition(output, table, AS_OF) for table in tables if table != "run"}
    return record


def _read(output: Path, record: Record) -> None:
    for row in ledger(
        output,
        "SELECT severity_name, table_name, meaning, unexpected_count, coalesce(example_values, observed_value)"
        f" FROM ops.check_result WHERE attempt_id = {_LAST} AND NOT is_success ORDER BY severity_name, table_name",
    ):
        examples = _examples(row[4])
        words = {value for example in examples for value in example.values() if _is_word(value)}
        record.failures.append(Failure(*row[:4], example=_told(examples), words=frozenset(words)))
    for source, column, action, reason, count in ledger(
        output,
        "SELECT source_name, coalesce(column_name, ''), action_name, min(reason), count(*)"
        " FROM ops.quarantine SEMI JOIN"
        f" (SELECT load_id FROM ops.load WHERE attempt_id = {_LAST}) USING (load_id) GROUP BY ALL",
    ):
        key = (source, column, action)
        # A row may have several problems of one column; they are told by their number.
        record.quarantined[key] += count
        record.reasons[key] = reason
    record.alerts = set(ledger(output, f"SELECT kind_name, subject_name FROM ops.alert WHERE attempt_id = {_LAST}"))


def _examples(text: str | None) -> list[dict[str, object]]:
    """Examples as the ledger keeps them; a single value is under no name."""
    try:
        values = json.loads(text or "[]")
    except ValueError:
        values = [text]
    values = values if isinstance(values, list) else [values]
    return [value if isinstance(value, dict) else {"": value} for value in values]


def _is_word(value: object) -> TypeGuard[str]:
    """Whether a value names something; a decimal is a text in the ledger, and a figure nevertheless."""
    return isinstance(value, str) and not value.removeprefix("-").replace(".", "", 1).isdigit()


def _told(examples: list[dict[str, object]]) -> str:
    first = examples[0] if examples else {}
    return ", ".join(f"{key} {value}".strip() for key, value in first.items() if value is not None)


def _compared(faulty: Record, clean: Record) -> tuple[Outcome, str, str]:
    usual = {(failure.table, failure.meaning): failure for failure in clean.failures}
    new = [failure for failure in faulty.failures if failure.is_news(usual.get((failure.table, failure.meaning)))]
    if faulty.kind == "stopped":
        critical = [failure for failure in new if failure.severity == "critical"]
        return "stopped", _places(critical), _sentence(critical[0])
    if faulty.kind is not None:
        return faulty.kind, "reading the source", " ".join((faulty.error or "").split())
    if new:
        return "warned", _places(new), _sentence(new[0])
    return _without_failure(faulty, clean)


def _without_failure(faulty: Record, clean: Record) -> tuple[Outcome, str, str]:
    surplus = faulty.quarantined - clean.quarantined
    if surplus:
        key, count = surplus.most_common(1)[0]
        what = "values blanked" if key[2] == "value" else "rows kept out"
        return "quarantined", f"{key[0]}, {key[1] or 'row'}", f"{count} {what}: {faulty.reasons[key]}"
    if all(_same(faulty.published[table], frame) for table, frame in clean.published.items()):
        return "no effect", "", "the published tables are those of the clean delivery"
    alerts = faulty.alerts - clean.alerts
    if alerts:
        kind, subject = min(alerts)
        return "drift only", f"{len(alerts)} alerts", f"{kind}: {subject}"
    return "unflagged", "", _difference(faulty, clean)


def _places(failures: list[Failure]) -> str:
    places = list(dict.fromkeys(f"{failure.table}: {failure.meaning}" for failure in failures))
    return "; ".join(places)


def _sentence(failure: Failure) -> str:
    found = "" if failure.count is None else f"{failure.count:,} wrong"
    return f"{found}, for example {failure.example}" if found and failure.example else found or failure.example


def _same(frame: pl.DataFrame, other: pl.DataFrame) -> bool:
    return frame.drop("run_id", strict=False).equals(other.drop("run_id", strict=False))


def _difference(faulty: Record, clean: Record) -> str:
    names = [table for table, frame in clean.published.items() if not _same(faulty.published[table], frame)]
    members, usual = (record.published["customer_segment"] for record in (faulty, clean))
    key = ["customer_id", "segmentation_id", "segment_id"]
    moved = usual.select(key).join(members.select(key), on=key, how="anti").height
    return f"differs in {', '.join(names)}; {moved} of {usual.height} memberships are others"
