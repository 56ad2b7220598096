"""A delivery of the demo's exports, and ways to break its files as a broken export would.

Owns: reading and writing the files, and what a fault is. Does not own the faults (`faults_of_*.py`).
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

WEB, POS, CRM, CRM_DELTA = (
    "orders/orders_2025-06.csv.gz",
    "pos/pos_2025-06.parquet",
    "crm_customers.csv",
    "crm_customers_delta_2025.csv",
)
FEEDBACK, CONTACTS, AREAS, TAKINGS = "feedback.jsonl", "campaign_contacts.csv", "areas.csv", "daily_takings.csv"
WEB_BEFORE, POS_BEFORE = "orders/orders_2025-05.csv.gz", "pos/pos_2025-05.parquet"
#: The first half of the month that a delivery brings is as it should be where a fault begins in its middle.
MIDDLE = "2025-06-16"

#: A row by column; what a row has too much stands under None.
Row = dict[Any, Any]


@dataclass(slots=True)
class Table:
    """A CSV file: `shown` is the name in the header by the key that rows have, in the order of the file."""

    shown: dict[str, str]
    rows: list[Row]

    @property
    def good(self) -> list[Row]:
        """Rows that are as long as the header."""
        return [row for row in self.rows if None not in row]


@dataclass(slots=True)
class Delivery:
    """The folder of the exports, and random numbers that a fault draws from."""

    root: Path
    random: np.random.Generator

    def path(self, name: str) -> Path:
        return self.root / name

    def some(self, rows: list[Row], share: float) -> list[Row]:
        """A random share of rows."""
        chosen = np.flatnonzero(self.random.random(len(rows)) < share)
        return [rows[int(index)] for index in chosen]

    def text(self, name: str, change: Callable[[bytes], bytes]) -> None:
        """Change the bytes of a text file, unpacked where it is packed."""
        path = self.path(name)
        packed = path.suffix == ".gz"
        content = gzip.decompress(path.read_bytes()) if packed else path.read_bytes()
        changed = change(content)
        path.write_bytes(gzip.compress(changed, mtime=0) if packed else changed)

    def bytes(self, name: str, change: Callable[[bytes], bytes]) -> None:
        """Change the bytes of a file as they lie on disk."""
        self.path(name).write_bytes(change(self.path(name).read_bytes()))

    def read(self, name: str) -> Table:
        """A CSV file."""
        path = self.path(name)
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        reader = csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""), delimiter=_delimiter(name))
        header = list(reader.fieldnames or ())
        return Table(dict(zip(header, header, strict=True)), list(reader))

    @contextmanager
    def table(self, name: str) -> Iterator[Table]:
        """A CSV file to be changed; written back at the end."""
        table = self.read(name)
        yield table
        text = io.StringIO()
        writer = csv.writer(text, delimiter=_delimiter(name), lineterminator="\n")
        writer.writerow(table.shown.values())
        writer.writerows([*(row[key] for key in table.shown), *row.get(None, [])] for row in table.rows)
        self.text(name, lambda _: text.getvalue().encode())

    def frame(self, name: str, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
        """Change a Parquet file."""
        change(pl.read_parquet(self.path(name))).write_parquet(self.path(name))

    def lines(self, name: str, change: Callable[[list[Row]], list[Row]]) -> None:
        """Change the objects of a JSON lines file."""
        rows = [json.loads(line) for line in self.path(name).read_text(encoding="utf-8").splitlines()]
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in change(rows))
        self.path(name).write_text(text, encoding="utf-8")


def _delimiter(name: str) -> str:
    return ";" if name.startswith("crm") else ","


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong with an export, and nothing else does.

    Attributes:
        name: how it is called.
        family: what kind of thing goes wrong.
        source: the source of the workspace that it hits.
        story: what the delivery is like.
        change: breaks the files.
        with_takings: the company holds its orders against what accounting booked; else it has no such source.
    """

    name: str
    family: str
    source: str
    story: str
    change: Callable[[Delivery], None] = field(repr=False)
    with_takings: bool = False

    def inject(self, root: Path) -> None:
        """Break the files below a folder, each time alike."""
        self.change(Delivery(root, np.random.default_rng(zlib.crc32(self.name.encode()))))


class Faults:
    """The faults of one module, in its order."""

    def __init__(self, family: str) -> None:
        self.family = family
        self.all: list[Fault] = []

    def fault(
        self, source: str, story: str, *, with_takings: bool = False
    ) -> Callable[[Callable[[Delivery], None]], Callable[[Delivery], None]]:
        """Register a function as a fault that is called as it is."""

        def register(change: Callable[[Delivery], None]) -> Callable[[Delivery], None]:
            name = change.__name__.replace("_", " ")
            self.all.append(Fault(name, self.family, source, story, change, with_takings))
            return change

        return register


def scaled(text: str, factor: float, form: str = "{:.2f}") -> str:
    """A number of an export times a factor; what is no number stays."""
    try:
        return form.format(float(text) * factor)
    except ValueError:
        return text


def add_minutes(text: str, minutes: int) -> str:
    """A moment of the web shop, later; what is no moment stays."""
    try:
        moment = np.datetime64(text.replace(" ", "T"), "s")
    except ValueError:
        return text
    return str(moment + np.timedelta64(minutes, "m")).replace("T", " ")
