"""The SQL that counts what history is judged by: rows by day or by file, with empties, logarithms and values.

Owns: the queries of the checks on history. Each scans the days or files compared once, and returns as many rows as
there are days (or files), columns and values, however many lines there are. Does not own what follows
(`comparisons.py`).

Rows come from the sources' own tables in `raw`, not from the views over them: the spelling of an id as a file has it is
one of the things that are looked at.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.config.entities import ENTITIES
from tasks.config.entity import Entity
from tasks.config.workspace import Workspace
from tasks.quality.comparisons import DAYS_A_WEEK, HISTORY_WEEKS
from tasks.quality.file_history import FileHistory
from tasks.quality.row_queries import OTHER, occasions
from tasks.warehouse.connection import identifier, literal

#: Days back that a year's season needs, and days back that the rest does.
_YEAR_DAYS, _HISTORY_DAYS = 7 * 70, DAYS_A_WEEK * (HISTORY_WEEKS + 2)
#: Values of a column that are told apart; the others count together.
_VALUES = 40
_EMPTY_SERIES = (
    "SELECT NULL::VARCHAR AS subject, NULL::BIGINT AS unit_no, NULL::VARCHAR AS part, NULL::BIGINT AS size,"
    " NULL::DOUBLE AS total WHERE false"
)
#: Letters and digits of an id as what they are: `C0000123` is `A9999999`, ` c12` is `_a99`.
_SHAPE = (
    "regexp_replace(regexp_replace(regexp_replace(regexp_replace({value}, '[0-9]', '9', 'g'), '[A-Z]', 'A', 'g'),"
    " '[a-z]', 'a', 'g'), '\\s', '_', 'g')"
)


@dataclass(frozen=True, slots=True)
class SeriesMaker:
    """What the queries of one run are made from.

    Attributes:
        workspace: which sources map to which entity, and which columns they have.
        loads: numbers of the loads that the run sees, by source.
        files: what is new, and what it is compared with, by source.
        end: the first day that is not looked at: the one after the as-of day, or the as-of day itself where the newest
            file came on it, for then it was not over.
    """

    workspace: Workspace
    loads: Mapping[str, Sequence[int]]
    files: Mapping[str, Sequence[FileHistory]]
    end: dt.date

    def days(self, entity_name: str, kwargs: Mapping[str, Any]) -> str:
        """Rows by day: SELECT of subject, unit_no (days back), part, size, total."""
        entity = ENTITIES[entity_name]
        back = _YEAR_DAYS if kwargs["aspect"] == "rows" else _HISTORY_DAYS
        moment = identifier(entity.event_time or "")
        where = (
            f"{moment} >= {literal(self.end - dt.timedelta(days=back))}::TIMESTAMP"
            f" AND {moment} < {literal(self.end)}::TIMESTAMP"
        )
        unit = f"{literal(self.end - dt.timedelta(days=1))} - CAST({moment} AS DATE)"
        parts = [
            self._aspect(entity, source, kwargs, unit, f"{where} AND {_among(numbers)}")
            for source, numbers in self._sources(entity_name)
            if numbers
        ]
        return _union(parts)

    def occasions(self, entity_name: str, kwargs: Mapping[str, Any]) -> str:
        """Like `days` of the aspect mix; `size` is not the number of rows but that of occasions (`Entity.occasion`)."""
        return self.days(entity_name, {**kwargs, "aspect": "mix", "counted": ENTITIES[entity_name].occasion})

    def new_files(self, entity_name: str, kwargs: Mapping[str, Any]) -> str:
        """Rows by file: SELECT of subject, unit_no (number of the load), part, size, total."""
        entity = ENTITIES[entity_name]
        parts = []
        for source, _ in self._sources(entity_name):
            numbers = sorted({n for file in self._compared(source, kwargs) for n in (file.load_no, *file.others)})
            if numbers:
                parts.append(self._aspect(entity, source, kwargs, "load_no", _among(numbers)))
        return _union(parts)

    def files_of(self, entity_name: str, kwargs: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The new files of an entity with what each is compared with, as the expectation takes them."""
        return [
            {
                "file": file.file,
                "load_no": file.load_no,
                "others": list(file.others),
                "is_version": file.is_version,
                "published": file.published,
            }
            for source, _ in self._sources(entity_name)
            for file in self._compared(source, kwargs)
        ]

    def _compared(self, source: str, kwargs: Mapping[str, Any]) -> list[FileHistory]:
        """New files with something to compare with: their earlier versions, other files, or whichever there are."""
        wanted = {"earlier_version": {True}, "other_files": {False}}.get(kwargs.get("against", ""), {True, False})
        return [file for file in self.files.get(source, ()) if file.others and file.is_version in wanted]

    def _sources(self, entity_name: str) -> list[tuple[str, Sequence[int]]]:
        return [
            (name, self.loads.get(name, ()))
            for name, source in sorted(self.workspace.sources.items())
            if source.entity == entity_name
        ]

    def _aspect(self, entity: Entity, source: str, kwargs: Mapping[str, Any], unit: str, where: str) -> str:
        table = f"raw.{identifier(f'{source}__{entity.name}')}"
        mapped = self.workspace.sources[source].columns
        columns = [name for name in kwargs.get("columns", ()) if name in mapped]
        scan = f"FROM {table} WHERE {where}"
        match kwargs["aspect"]:
            case "rows":
                return _selected(source, None, unit, "NULL", "count(*)", "NULL", f"{scan} GROUP BY ALL")
            case "empty" | "level":
                return _sums(source, columns, unit, scan, is_level=kwargs["aspect"] == "level")
            case _:
                column = kwargs.get("counted")
                return _union(
                    _values(source, name, _counted(name, _value(entity, name, kwargs), unit, scan, column))
                    for name in columns
                )


def _value(entity: Entity, name: str, kwargs: Mapping[str, Any]) -> str:
    """SQL of the text by which rows of a column are told apart."""
    column = identifier(name)
    if kwargs.get("by") == "hour":
        return f"CASE WHEN {column} = date_trunc('day', {column}) THEN 'no time' ELSE strftime({column}, '%H h') END"
    if kwargs.get("by") == "month":
        return f"strftime({column}, '%Y-%m')"
    if kwargs.get("by") == "shape":
        return _SHAPE.format(value=column)
    if kwargs.get("by") == "sign":
        return f"CASE sign({column}) WHEN -1 THEN 'negative' WHEN 0 THEN 'zero' ELSE 'positive' END"
    return f"CAST({column} AS VARCHAR)" if entity.column(name).type != "VARCHAR" else column


def _among(numbers: Iterable[int]) -> str:
    return f"load_no IN ({', '.join(map(str, numbers))})"


def _selected(source: str, column: str | None, unit: str, part: str, size: str, total: str, rest: str) -> str:
    subject = source if column is None else f"{source}: {column}"
    return (
        f"SELECT {literal(subject)} AS subject, CAST({unit} AS BIGINT) AS unit_no, CAST({part} AS VARCHAR) AS part,"
        f" CAST({size} AS BIGINT) AS size, CAST({total} AS DOUBLE) AS total {rest}"
    )


def _sums(source: str, columns: Sequence[str], unit: str, scan: str, *, is_level: bool) -> str:
    """Empties, or logarithms of what is above zero, of several columns in one scan."""
    if not columns:
        return _EMPTY_SERIES
    figures = []
    for position, name in enumerate(columns):
        column = identifier(name)
        if is_level:
            figures.append(f"count(*) FILTER ({column} > 0) AS size{position}")
            figures.append(f"sum(ln({column})) FILTER ({column} > 0) AS total{position}")
        else:
            figures += [f"count(*) AS size{position}", f"count(*) - count({column}) AS total{position}"]
    counted = f"(SELECT {unit} AS unit_no, {', '.join(figures)} {scan} GROUP BY ALL)"
    # One pass over the lines; the sums are then put below each other.
    listed = ", ".join(
        f"{{'subject': {literal(f'{source}: {name}')}, 'size': size{position}, 'total': total{position}}}"
        for position, name in enumerate(columns)
    )
    return (
        "SELECT of_column.subject, CAST(unit_no AS BIGINT) AS unit_no, NULL::VARCHAR AS part,"
        " CAST(of_column.size AS BIGINT) AS size, CAST(of_column.total AS DOUBLE) AS total"
        f" FROM (SELECT unit_no, unnest([{listed}]) AS of_column FROM {counted})"
    )


def _counted(column: str, value: str, unit: str, scan: str, occasion: str | None) -> str:
    """Rows, or what comes by itself (`occasion`), by unit and value.

    Rows are counted by the column as it is before it is spelt as `value`: an id stands on several lines, and its shape
    takes longer to find than the id to group by. What is NULL is left out there, too: left out by its spelling, that
    would be computed twice.
    """
    name = identifier(column)
    scan = f"{scan} AND {name} IS NOT NULL GROUP BY ALL"
    if occasion is not None:
        return f"(SELECT {unit} AS unit_no, {value} AS value, {occasions(occasion)} AS size {scan})"
    as_it_is = f"(SELECT {unit} AS unit_no, {name}, count(*) AS size {scan})"
    return f"(SELECT unit_no, {value} AS value, sum(size) AS size FROM {as_it_is} GROUP BY ALL)"


def _values(source: str, column: str, counted: str) -> str:
    """Counts by value; of many values the most frequent, and the others together."""
    ranked = (
        f"(SELECT *, dense_rank() OVER (ORDER BY whole DESC, value) AS place FROM"
        f" (SELECT *, sum(size) OVER (PARTITION BY value) AS whole FROM {counted}))"
    )
    part = f"CASE WHEN place <= {_VALUES} THEN value ELSE {literal(OTHER)} END"
    return _selected(source, column, "unit_no", part, "sum(size)", "NULL", f"FROM {ranked} GROUP BY ALL")


def _union(parts: Iterable[str]) -> str:
    return " UNION ALL ".join(f"({part})" for part in parts) or _EMPTY_SERIES
