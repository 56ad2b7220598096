"""The series that history is judged by: rows by day or by file, with empties, logarithms and values.

Owns: the queries of the checks on history, which return as many rows as there are days (or files), columns and values,
however many lines there are. Does not own counting lines (`load_counts.py`) or what follows (`comparisons.py`).

Rows come from the sources' own tables in `raw`, not from the views over them: the spelling of an id as a file has it is
one of the things that are looked at.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tasks.config.entities import ENTITIES
from tasks.config.workspace import Workspace
from tasks.quality import late_values
from tasks.quality.comparisons import DAYS_A_WEEK, HISTORY_WEEKS
from tasks.quality.file_history import FileHistory
from tasks.quality.load_counts import LOGARITHM, Counted, Kept, among, relation
from tasks.quality.row_queries import OTHER
from tasks.warehouse.connection import identifier, literal

#: Days back that a year's season needs, and days back that the rest does.
_YEAR_DAYS, _HISTORY_DAYS = 7 * 70, DAYS_A_WEEK * (HISTORY_WEEKS + 2)
#: Values of a column that are told apart; the others count together.
_VALUES = 40
_EMPTY_SERIES = (
    "SELECT NULL::VARCHAR AS subject, NULL::BIGINT AS unit_no, NULL::VARCHAR AS part, NULL::BIGINT AS size,"
    " NULL::DOUBLE AS total WHERE false"
)
#: Counts of one source, and numbers of loads of it.
Asked = tuple[list[Counted], Sequence[int]]


@dataclass(frozen=True, slots=True)
class SeriesMaker:
    """What the queries of one run are made from.

    Attributes:
        workspace: which sources map to which entity, and which columns they have.
        loads: numbers of the loads that the run sees, by source.
        files: what is new, and what it is compared with, by source.
        end: the first day that is not looked at: the one after the as-of day, or the as-of day itself where the newest
            file came on it, for then it was not over.
        kept: loads that have been counted, and what was counted of them.
    """

    workspace: Workspace
    loads: Mapping[str, Sequence[int]]
    files: Mapping[str, Sequence[FileHistory]]
    end: dt.date
    kept: Kept = field(default_factory=frozenset)

    def days(self, entity_name: str, kwargs: Mapping[str, Any]) -> str:
        """Rows by day: SELECT of subject, unit_no (days back), part, size, total."""
        unit = f"{literal(self.end - dt.timedelta(days=1))} - day"
        return _union(
            _series(counts, relation(counts, loads, self.kept), unit, self._window(kwargs))
            for counts, loads in self.counts_of_days(entity_name, kwargs)
        )

    def occasions(self, entity_name: str, kwargs: Mapping[str, Any]) -> str:
        """Like `days` of the aspect mix; `size` is not the number of rows but that of occasions (`Entity.occasion`).

        An occasion may have rows in several loads, so that those of loads do not add up: they are counted from rows.
        """
        mix = {**kwargs, "aspect": "mix"}
        occasion = ENTITIES[entity_name].occasion
        if occasion is None:
            return self.days(entity_name, mix)
        unit, where = f"{literal(self.end - dt.timedelta(days=1))} - day", self._window(mix)
        return _union(
            _series(counts, f"({' UNION ALL '.join(_occasions(it, occasion, loads, where) for it in counts)})", unit)
            for counts, loads in self.counts_of_days(entity_name, mix)
        )

    def silences(self, entity_name: str, kwargs: Mapping[str, Any]) -> str:
        """How long each value of the aspect mix was silent whenever something was loaded (`late_values.py`)."""
        return _union(
            (
                late_values.silences(count, _subject(count), loads, self.kept, self.end)
                for counts, loads in self.counts_of_days(entity_name, {**kwargs, "aspect": "mix"})
                for count in counts
            ),
            late_values.NO_SILENCES,
        )

    def new_files(self, entity_name: str, kwargs: Mapping[str, Any]) -> str:
        """Rows by file: SELECT of subject, unit_no (number of the load), part, size, total."""
        return _union(
            _series(counts, relation(counts, loads, self.kept), "load_no")
            for counts, loads in self.counts_of_files(entity_name, kwargs)
        )

    def counts_of_days(self, entity_name: str, kwargs: Mapping[str, Any]) -> Iterator[Asked]:
        """What `days` adds up."""
        for source, loads in self._sources(entity_name):
            counts = self._counts(entity_name, source, kwargs)
            if counts and loads:
                yield counts, loads

    def counts_of_files(self, entity_name: str, kwargs: Mapping[str, Any]) -> Iterator[Asked]:
        """What `new_files` adds up."""
        for source, _ in self._sources(entity_name):
            counts = self._counts(entity_name, source, kwargs)
            loads = sorted({n for file in self._compared(source, kwargs) for n in (file.load_no, *file.others)})
            if counts and loads:
                yield counts, loads

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

    def _counts(self, entity_name: str, source: str, kwargs: Mapping[str, Any]) -> list[Counted]:
        entity, mapped = ENTITIES[entity_name], self.workspace.sources[source].columns
        if kwargs["aspect"] == "rows":
            return [Counted(source, entity, "rows")]
        columns = [name for name in kwargs.get("columns", ()) if name in mapped]
        return [Counted(source, entity, kwargs["aspect"], name, kwargs.get("by")) for name in columns]

    def _window(self, kwargs: Mapping[str, Any]) -> str:
        back = _YEAR_DAYS if kwargs["aspect"] == "rows" else _HISTORY_DAYS
        return f"day >= {literal(self.end - dt.timedelta(days=back))} AND day < {literal(self.end)}"


def _series(counts: Sequence[Counted], relation: str, unit: str, where: str = "true") -> str:
    """Counts of one source and kind by unit: the loads' added up, of many values the most frequent told apart."""
    subjects = " ".join(f"WHEN {literal(it.count_id)} THEN {literal(_subject(it))}" for it in counts)
    scale = f" / {LOGARITHM}" if counts[0].kind == "level" else ""
    added = (
        f"SELECT count_id, CAST({unit} AS BIGINT) AS unit_no, part, sum(size) AS size, sum(total) AS total"
        f" FROM {relation} WHERE {where} GROUP BY ALL"
    )
    if counts[0].kind == "mix":
        added = (
            f"SELECT count_id, unit_no, CASE WHEN place <= {_VALUES} THEN part ELSE {literal(OTHER)} END AS part,"
            " sum(size) AS size, NULL AS total FROM"
            " (SELECT *, dense_rank() OVER (PARTITION BY count_id ORDER BY whole DESC, part) AS place FROM"
            f" (SELECT *, sum(size) OVER (PARTITION BY count_id, part) AS whole FROM ({added}))) GROUP BY ALL"
        )
    return (
        f"SELECT CASE count_id {subjects} END AS subject, unit_no, part, CAST(size AS BIGINT) AS size,"
        f" CAST(total AS DOUBLE){scale} AS total FROM ({added})"
    )


def _subject(count: Counted) -> str:
    return f"{count.source}: {count.column}" if count.column else count.source


def _occasions(count: Counted, occasion: str, loads: Iterable[int], where: str) -> str:
    """Occasions by day and value; rows without one are none."""
    name = identifier(count.column)
    each = (
        f"SELECT DISTINCT {count.day} AS day, {count.value} AS part, {identifier(occasion)} AS occasion"
        f" FROM {count.table} WHERE {among(loads)} AND {name} IS NOT NULL"
    )
    return (
        f"SELECT {literal(count.count_id)} AS count_id, day, part, count(occasion) AS size, NULL::HUGEINT AS total"
        f" FROM ({each}) WHERE {where} GROUP BY ALL"
    )


def _union(parts: Iterable[str], of_none: str = _EMPTY_SERIES) -> str:
    return " UNION ALL ".join(f"({part})" for part in parts) or of_none
