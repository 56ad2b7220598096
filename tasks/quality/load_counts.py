"""What each load holds, counted by day once: a load never changes, so that later runs read its counts and not its rows.

Owns: `raw.load_count` and `raw.load_counted`, what is counted (`Counted`) and its SQL. It lies in `raw`, where values
may be. Does not own what becomes of the counts (`series.py`).

A count is known by a digest of the SQL that counts it, so that one that is counted otherwise is another. Of a column
with nearly as many values a day as rows nothing is kept: those rows are counted when they are asked for.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from tasks.config.entity import Entity
from tasks.warehouse.connection import Warehouse, identifier, literal

TABLE, COUNTED = "raw.load_count", "raw.load_counted"
_COLUMNS = "count_id VARCHAR, load_no INTEGER, day DATE, part VARCHAR, size BIGINT, total HUGEINT"
#: Logarithms are summed in whole 10⁻¹² units: the same total in whatever order and portions.
LOGARITHM = 10**12
#: Counts of a load are kept where they are a fourth of its rows at most, or few.
_FEW, _SHARE = 1000, 4
#: Letters and digits of an id as what they are: `C1000123` is `A9999999`, ` c12` is `_a99`. The zero that a number
#: begins with stays one: `C0000123` is `A0999999`. It is marked first, by a sign that nothing else turns into.
_SHAPE = (
    "replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace({value},"
    " '(^|[^0-9])0([0-9])', '\\1' || chr(1) || '\\2', 'g'), '[0-9]', '9', 'g'), '[A-Z]', 'A', 'g'),"
    " '[a-z]', 'a', 'g'), '\\s', '_', 'g'), chr(1), '0')"
)
#: A load and what was counted of it.
Kept = Collection[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Counted:
    """One thing that is counted of the loads of a source, by day.

    Attributes:
        source: the source.
        entity: of the source.
        kind: rows; of a column those without a value (`empty`), the logarithms of what is above zero (`level`), or the
            rows with each value (`mix`).
        column: the column; empty for rows.
        by: what is taken of a value in its place: its hour, month, shape or sign; None: itself.
    """

    source: str
    entity: Entity
    kind: Literal["rows", "empty", "level", "mix"]
    column: str = ""
    by: str | None = None

    @property
    def table(self) -> str:
        """The raw table of the source."""
        return f"raw.{identifier(f'{self.source}__{self.entity.name}')}"

    @property
    def day(self) -> str:
        """SQL of the day of a row; NULL where rows have no time."""
        moment = self.entity.event_time
        return f"CAST({identifier(moment)} AS DATE)" if moment else "NULL::DATE"

    @property
    def value(self) -> str:
        """SQL of the text by which rows are told apart."""
        column = identifier(self.column)
        match self.by:
            case "hour":
                midnight = f"{column} = date_trunc('day', {column})"
                return f"CASE WHEN {midnight} THEN 'no time' ELSE strftime({column}, '%H h') END"
            case "month":
                return f"strftime({column}, '%Y-%m')"
            case "shape":
                return _SHAPE.format(value=column)
            case "sign":
                return f"CASE sign({column}) WHEN -1 THEN 'negative' WHEN 0 THEN 'zero' ELSE 'positive' END"
        return f"CAST({column} AS VARCHAR)" if self.entity.column(self.column).type != "VARCHAR" else column

    @property
    def sums(self) -> tuple[str, str]:
        """SQL of the size and the total of all but a mix."""
        column = identifier(self.column)
        if self.kind == "level":
            # CASE, not FILTER: the logarithm of what is left out would be taken, too. Hard rules keep infinity out.
            logarithm = f"CASE WHEN {column} > 0 THEN CAST(round(ln({column}) * {LOGARITHM}) AS BIGINT) END"
            return f"count(*) FILTER ({column} > 0)", f"sum({logarithm})"
        return "count(*)", f"count(*) - count({column})" if self.kind == "empty" else "NULL"

    @property
    def count_id(self) -> str:
        """By which it is known, in words and by its definition."""
        said = " ".join(word for word in (self.source, self.entity.name, self.kind, self.column, self.by or "") if word)
        return f"{said} {hashlib.sha256(_from_rows([('', self)], ()).encode()).hexdigest()[:12]}"


def relation(counts: Sequence[Counted], loads: Iterable[int], kept: Kept) -> str:
    """SQL for a FROM: rows of (count_id, load_no, day, part, size, total) of some loads of one source.

    Args:
        counts: what is asked for, all of one source.
        loads: numbers of loads of it.
        kept: what has been counted and kept; the rest is counted from rows.
    """
    ids = [count.count_id for count in counts]
    known: list[int] = []
    others: list[int] = []
    for load in loads:
        (known if all((load, count_id) in kept for count_id in ids) else others).append(load)
    parts = []
    if known:
        listed = ", ".join(map(literal, ids))
        parts.append(f"(SELECT * FROM {TABLE} WHERE count_id IN ({listed}) AND {among(known)})")
    if others:
        parts.append(_from_rows(_named(counts), others))
    return f"({' UNION ALL '.join(parts)})"


def keep(warehouse: Warehouse, wanted: Iterable[tuple[Sequence[Counted], Iterable[int]]]) -> frozenset[tuple[int, str]]:
    """Count what has not been counted yet, and keep it; returns all that is kept.

    Args:
        warehouse: open; the loads are committed.
        wanted: counts of one source, and numbers of loads of it.
    """
    warehouse.execute(f"CREATE TABLE IF NOT EXISTS {TABLE} ({_COLUMNS})")
    warehouse.execute(f"CREATE TABLE IF NOT EXISTS {COUNTED} (load_no INTEGER, count_id VARCHAR, is_kept BOOLEAN)")
    done = {(load, count_id) for load, count_id in warehouse.rows(f"SELECT load_no, count_id FROM {COUNTED}")}
    missing: dict[Counted, set[int]] = defaultdict(set)
    for counts, loads in wanted:
        for count in counts:
            count_id = count.count_id
            missing[count].update(load for load in loads if (load, count_id) not in done)
    together: dict[tuple[str, tuple[int, ...]], list[Counted]] = defaultdict(list)
    for count, loads in missing.items():
        if loads:
            together[count.source, tuple(sorted(loads))].append(count)
    for (_, loads), counts in together.items():
        _count(warehouse, counts, loads)
    rows = warehouse.rows(f"SELECT load_no, count_id FROM {COUNTED} WHERE is_kept")
    return frozenset((load, count_id) for load, count_id in rows)


def _count(warehouse: Warehouse, counts: Sequence[Counted], loads: Sequence[int]) -> None:
    listed = ", ".join(literal(count.count_id) for count in counts)
    warehouse.execute(f"CREATE OR REPLACE TEMP TABLE counted_anew AS SELECT * FROM {_from_rows(_named(counts), loads)}")
    with warehouse.transaction():
        warehouse.execute(
            f"INSERT INTO {COUNTED} SELECT load_no, count_id, coalesce(row_count, 0) <="
            f" greatest({_FEW}, rows_loaded_count // {_SHARE}) FROM ops.load CROSS JOIN (SELECT unnest([{listed}])"
            " AS count_id) LEFT JOIN (SELECT load_no, count_id, count(*) AS row_count FROM counted_anew GROUP BY ALL)"
            f" USING (load_no, count_id) WHERE {among(loads)}"
        )
        warehouse.execute(
            f"INSERT INTO {TABLE} BY NAME SELECT * FROM counted_anew"
            f" SEMI JOIN (SELECT load_no, count_id FROM {COUNTED} WHERE is_kept) USING (load_no, count_id)"
        )
    warehouse.execute("DROP TABLE counted_anew")


def _named(counts: Iterable[Counted]) -> list[tuple[str, Counted]]:
    return [(count.count_id, count) for count in counts]


def _from_rows(named: Sequence[tuple[str, Counted]], loads: Sequence[int]) -> str:
    """What `relation` gives, counted from rows: sums of all columns in one scan, values in one each."""
    sums = [(name, count) for name, count in named if count.kind != "mix"]
    parts = [_sums(sums, loads)] if sums else []
    parts += [_values(name, count, loads) for name, count in named if count.kind == "mix"]
    return f"({' UNION ALL '.join(parts)})"


def _sums(named: Sequence[tuple[str, Counted]], loads: Sequence[int]) -> str:
    figures = ", ".join(
        f"{size} AS size{position}, {total} AS total{position}"
        for position, (size, total) in enumerate(count.sums for _, count in named)
    )
    # One pass over the lines; the sums are then put below each other.
    listed = ", ".join(
        f"{{'count_id': {literal(name)}, 'size': CAST(size{position} AS BIGINT),"
        f" 'total': CAST(total{position} AS HUGEINT)}}"
        for position, (name, _) in enumerate(named)
    )
    count = named[0][1]
    return (
        "SELECT found.count_id, load_no, day, NULL::VARCHAR AS part, found.size, found.total"
        f" FROM (SELECT load_no, day, unnest([{listed}]) AS found"
        f" FROM (SELECT load_no, {count.day} AS day, {figures}"
        f" FROM {count.table} WHERE {among(loads)} GROUP BY ALL))"
    )


def _values(name: str, count: Counted, loads: Sequence[int]) -> str:
    """Rows by value.

    They are counted by the column as it is before it is spelt as `value`: an id stands on several lines, and its shape
    takes longer to find than the id to group by. What is NULL is left out there, too: left out by its spelling, that
    would be computed twice.
    """
    column = identifier(count.column)
    as_it_is = (
        f"SELECT load_no, {count.day} AS day, {column}, count(*) AS size FROM {count.table}"
        f" WHERE {among(loads)} AND {column} IS NOT NULL GROUP BY ALL"
    )
    return (
        f"SELECT {literal(name)} AS count_id, load_no, day, {count.value} AS part,"
        f" CAST(sum(size) AS BIGINT) AS size, NULL::HUGEINT AS total FROM ({as_it_is}) GROUP BY ALL"
    )


def among(loads: Iterable[int]) -> str:
    """SQL: whether a row is of one of some loads."""
    return f"load_no IN ({', '.join(map(str, loads))})"
