"""How often the guess of a column's class is right: the demo's exports and public data, labelled by hand.

Write the page with `python -m tests.benchmarks.privacy_guess_figures > docs/benchmarks-privacy.md`.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from tasks.config.privacy_class import PrivacyClass
from tasks.demo.generator import generate_demo
from tasks.ingest.guess import guess_columns
from tasks.ingest.sampling import SAMPLE_ROWS

REPOSITORY = Path(__file__).resolve().parents[2]
Labels = dict[str, PrivacyClass]

#: By the start of the file's name, what is contact or sensitive in it, by hand; of other files nothing is. Free text is
#: contact data whatever it says.
LABELS: dict[str, Labels] = {
    "crm_customers": {"Name": "contact", "E-Mail": "contact", "Telefon": "contact", "Geburtsdatum": "sensitive"},
    "feedback": {"comment": "contact"},
    "rfm_data_orders": {"customer_id": "contact", "first_name": "contact", "last_name": "contact", "email": "contact"},
    "airline_sentiment": {"text": "contact"},
}
#: Files whose rows are persons.
PERSONS = ("crm_customers", "demographics", "marketing_campaign", "bank-marketing", "mcdonalds", "responses")
_SUFFIXES = (".csv", ".csv.gz", ".parquet", ".jsonl")

_PAGE = """\
# How often the guess of a column's class is right

Written by `python -m tests.benchmarks.privacy_guess_figures`. Every column of the demo's exports (2,000 customers) and of
the public data sets was labelled by hand: contact, sensitive, or neither (identifiers count as neither). The guess sees
the first {rows:,} rows, as in a run; *without names* it sees the values alone, each column under a name that says nothing.
"""


@dataclass(frozen=True)
class Table:
    """A file with its columns, some of their values, and what is true of them."""

    group: str
    name: str
    columns: dict[str, list[str]]
    labels: Labels
    is_about_persons: bool


def tables(demo: Path, data: Path) -> Iterator[Table]:
    """Every file of both folders; of files of one shape (a month each) the first."""
    seen: set[str] = set()
    for group, folder in (("demo", demo), ("public", data)):
        for path in sorted(folder.rglob("*")):
            shape = path.name.split("_20")[0]
            is_export = path.name.endswith(_SUFFIXES) and path.parent.name != "truth"
            if is_export and shape not in seen:
                seen.add(shape)
                yield _read(group, path)


def _read(group: str, path: Path) -> Table:
    label = next((labels for start, labels in LABELS.items() if path.name.startswith(start)), {})
    columns = _sample(path)
    assert label.keys() <= columns.keys(), f"{path}: {columns.keys()}"
    return Table(group, path.name, columns, label, path.name.startswith(PERSONS))


def _sample(path: Path) -> dict[str, list[str]]:
    readers = {".parquet": "read_parquet('{}')", ".jsonl": "read_json('{}')"}
    read = readers.get(path.suffix, "read_csv('{}', all_varchar = true, header = true, ignore_errors = true)")
    with duckdb.connect() as connection:
        found = connection.sql(f"SELECT CAST(COLUMNS(*) AS VARCHAR) FROM {read.format(path)} LIMIT {SAMPLE_ROWS}")
        names, rows = found.columns, found.fetchall()
    return {name: [row[place] or "" for row in rows] for place, name in enumerate(names)}


def count(table: Table, *, with_names: bool) -> Counter[tuple[str, str]]:
    """How often a label got a guess."""
    names = {name if with_names else f"c{place}": name for place, name in enumerate(table.columns)}
    columns = {shown: table.columns[name] for shown, name in names.items()}
    guesses = guess_columns(columns, is_about_persons=table.is_about_persons)
    return Counter(
        (table.labels.get(name, "neither"), guesses[shown].privacy.replace("plain", "neither"))
        for shown, name in names.items()
    )


def lines(found: list[Table]) -> Iterator[str]:
    """The page."""
    yield _PAGE.format(rows=SAMPLE_ROWS)
    yield "| files | names | columns | protected | found | missed | falsely warned of | precision | recall |"
    yield "|---|---|---:|---:|---:|---:|---:|---:|---:|"
    for group in ("demo", "public"):
        for with_names in (True, False):
            of_group = [table for table in found if table.group == group]
            yield _row(group, of_group, with_names=with_names)
    yield "\nMissed, with names:\n"
    for table in found:
        guesses = guess_columns(table.columns, is_about_persons=table.is_about_persons)
        missed = [name for name in table.labels if guesses[name].privacy != table.labels[name]]
        if missed:
            yield f"- `{table.name}`: {', '.join(f'`{name}`' for name in missed)}"
    yield ""
    yield "Free text without addresses in it looks like any text: declare it, or map it to `comment_text`."
    slowest = max(map(_seconds, found))
    yield f"\nThe slowest file took {slowest[0]:.2f} s (`{slowest[1]}`, {slowest[2]} columns)."


def _row(group: str, found: list[Table], *, with_names: bool) -> str:
    counts: Counter[tuple[str, str]] = Counter()
    for table in found:
        counts += count(table, with_names=with_names)
    right = sum(number for (label, guess), number in counts.items() if label == guess != "neither")
    missed = sum(number for (label, guess), number in counts.items() if label not in {"neither", guess})
    false = sum(number for (label, guess), number in counts.items() if guess not in {"neither", label})
    precision = f"{right}/{right + false}" if right + false else "–"
    recall = f"{right}/{right + missed}" if right + missed else "–"
    named = "with" if with_names else "without"
    return (
        f"| {group}: {len(found)} | {named} | {counts.total()} | {right + missed} | {right} | {missed} | {false}"
        f" | {precision} | {recall} |"
    )


def _seconds(table: Table) -> tuple[float, str, int]:
    started = time.perf_counter()
    guess_columns(table.columns, is_about_persons=table.is_about_persons)
    return time.perf_counter() - started, table.name, len(table.columns)


def main() -> None:
    """Write the page."""
    data = Path(os.environ.get("RESEGMENT_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    with tempfile.TemporaryDirectory() as folder:
        demo = Path(folder) / "data"
        generate_demo(demo, customers=2000, seed=20250630)
        sys.stdout.write("\n".join(lines(list(tables(demo, data)))) + "\n")


if __name__ == "__main__":
    main()
