"""Which rows and texts of any table are a person's.

Owns: the ways that lead from a person to rows, and the walk over all tables of a database: no table is listed, each is
asked for its columns, so that none can be forgotten. Does not own what becomes of what is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from tasks.config.entities import ENTITIES
from tasks.erasure.person import Person
from tasks.erasure.striking import pattern
from tasks.warehouse.catalogue import KEY
from tasks.warehouse.connection import Warehouse, identifier, literal

#: Of an entity about customers, what names a row where the customer is not named: `feedback_id`.
_KEYS = {
    f"erased_{name}": entity.key
    for name, entity in ENTITIES.items()
    if KEY in entity.column_names and KEY not in entity.key
}
#: Ways from a person to rows: the columns that lead there, and the temporary table of what they have in his rows. A
#: table goes by the first way whose columns it has.
_WAYS: tuple[tuple[tuple[str, ...], str], ...] = (
    ((KEY,), "erased_id"),
    (("load_no", "row_number"), "erased_row"),
    (("load_id", "row_number"), "erased_kept"),
    (("quarantine_no",), "erased_case"),
    # What was counted of a load that he was in is counted again.
    (("load_no", "count_id"), "erased_load"),
    *((columns, table) for table, columns in _KEYS.items()),
)
#: Texts, in which something can be struck out; and what no text can be in.
_TEXT = ("VARCHAR", "VARCHAR[]")
_PLAIN = re.compile(r"(BOOLEAN|U?(TINY|SMALL|BIG|HUGE)?INT|INTEGER|UINTEGER|DOUBLE|FLOAT|DECIMAL.*|DATE|TIME.*)(\[\])?")
#: Tables of counts of loads, which are of no person.
COUNTS_OF_LOADS = frozenset({"raw.load_count", "raw.load_counted"})
#: In what is told of an erasure, texts of a table in which something was struck out stand beside its rows.
STRUCK = " (texts)"


@dataclass(frozen=True, slots=True)
class Columns:
    """A table, or a file that is one, and its columns.

    Attributes:
        name: by which it is told of, such as `raw.crm__customers`.
        relation: SQL for a FROM.
        types: of its columns, by name.
    """

    name: str
    relation: str
    types: Mapping[str, str]

    @property
    def texts(self) -> list[str]:
        """Columns with texts."""
        return [name for name, kind in self.types.items() if kind in _TEXT]

    @property
    def searchable(self) -> list[str]:
        """Columns that a text can be in, of whatever type."""
        return [name for name, kind in self.types.items() if not _PLAIN.fullmatch(kind)]

    @property
    def his(self) -> str | None:
        """SQL: whether a row is of the persons that are marked; None where no way leads from a person to it."""
        for columns, marked in _WAYS:
            if self.types.keys() >= set(columns):
                listed = ", ".join(map(identifier, columns))
                wanted = f"SELECT ({listed}) FROM temp.{identifier(marked)}"
                return f"coalesce(({listed}) IN ({wanted}), false)"
        return None

    def matching(self, columns: Sequence[str], words: Sequence[str]) -> str:
        """SQL: whether any of some texts has one of the words in it."""
        said = ", ".join(
            f"array_to_string({identifier(name)}, chr(10))"
            if self.types[name] == "VARCHAR[]"
            else f"CAST({identifier(name)} AS VARCHAR)"
            for name in columns
        )
        return f"regexp_matches(concat_ws(chr(10), {said}), {literal(pattern(words))})"


def matched_columns(
    warehouse: Warehouse, table: Columns, columns: Sequence[str], words: Sequence[str], rows: str = "true"
) -> tuple[int, dict[str, int]]:
    """How many of some rows have a word in one of some columns, and how many in each that has any.

    All columns are asked at once, for hardly any table has one: to make the expression ready takes longer than to look.
    """
    if not columns or not words:
        return 0, {}
    found = int(
        warehouse.value(f"SELECT count(*) FROM {table.relation} WHERE {rows} AND {table.matching(columns, words)}")
    )
    if not found:
        return 0, {}
    asked = ", ".join(f"count(*) FILTER ({table.matching([column], words)})" for column in columns)
    counts = warehouse.rows(f"SELECT {asked} FROM {table.relation} WHERE {rows}")[0]
    return found, {column: count for column, count in zip(columns, counts, strict=True) if count}


def count_his(warehouse: Warehouse, table: Columns, words: Sequence[str]) -> tuple[int, dict[str, int]]:
    """How many rows of a table are of the marked persons; of its other rows, texts with a word in them, by column."""
    his = table.his
    rows = int(warehouse.value(f"SELECT count(*) FROM {table.relation} WHERE {his}")) if his else 0
    _, texts = matched_columns(warehouse, table, table.texts, words, f"NOT {his}" if his else "true")
    return rows, texts


def tables_of(warehouse: Warehouse, catalog: str) -> list[Columns]:
    """Every table of an attached database, by name."""
    rows = warehouse.rows(
        "SELECT table_schema, table_name, list(column_name ORDER BY ordinal_position),"
        " list(data_type ORDER BY ordinal_position) FROM information_schema.tables"
        " JOIN information_schema.columns USING (table_catalog, table_schema, table_name)"
        " WHERE table_catalog = $catalog AND table_type = 'BASE TABLE' GROUP BY ALL ORDER BY ALL",
        {"catalog": catalog},
    )
    return [
        Columns(
            f"{schema}.{name}",
            f"{identifier(catalog)}.{identifier(schema)}.{identifier(name)}",
            dict(zip(names, types, strict=True)),
        )
        for schema, name, names, types in rows
    ]


def catalog_of(warehouse: Warehouse) -> str:
    """The name by which a connection knows its own database."""
    return str(warehouse.value("SELECT current_catalog()"))


def mark(warehouse: Warehouse, persons: Iterable[Person], kept: Iterable[tuple[str, int]]) -> None:
    """Put into temporary tables by what the persons' rows are known.

    Args:
        warehouse: of the pipeline.
        persons: whose.
        kept: their quarantined rows: load of the file, and number in it.
    """
    ids = sorted({one for person in persons for one in person.ids})
    _fill(warehouse, "erased_id", pl.DataFrame({KEY: ids}, schema={KEY: pl.String}))
    raw = [
        one for one in tables_of(warehouse, catalog_of(warehouse)) if {KEY, "load_no", "row_number"} <= set(one.types)
    ]
    rows = " UNION ALL ".join(
        f"SELECT load_no, row_number FROM {one.relation} WHERE {one.his}" for one in raw if one.name.startswith("raw.")
    )
    empty = "SELECT NULL::INTEGER AS load_no, NULL::BIGINT AS row_number WHERE false"
    # Worked off from quarantine, a row is of a load of its own; elsewhere it is known by that of its file.
    _make(
        warehouse,
        "erased_row",
        f"WITH mine AS ({rows or empty}), family AS (SELECT child.load_no, parent.load_no AS file_no FROM ops.load AS"
        " child JOIN ops.load AS parent ON child.parent_load_id = parent.load_id)"
        " SELECT load_no, row_number FROM mine UNION SELECT file_no, row_number FROM mine JOIN family USING (load_no)",
    )
    frame = pl.DataFrame(sorted(set(kept)), schema={"load_id": pl.String, "row_number": pl.Int64}, orient="row")
    with warehouse.registered("incoming_frame", frame):
        _make(
            warehouse,
            "erased_kept",
            "SELECT load_id, row_number FROM incoming_frame UNION SELECT load_id, row_number FROM temp.erased_row"
            " JOIN ops.load USING (load_no)",
        )
    _make(
        warehouse,
        "erased_case",
        "SELECT DISTINCT quarantine_no FROM ops.quarantine JOIN temp.erased_kept USING (load_id, row_number)",
    )
    counted = "JOIN raw.load_counted USING (load_no)" if warehouse.table_exists("raw.load_counted") else "WHERE false"
    counted = f"SELECT DISTINCT load_no, count_id FROM temp.erased_row {counted}"
    _make(
        warehouse,
        "erased_load",
        counted if "JOIN" in counted else "SELECT NULL::INTEGER AS load_no, NULL::VARCHAR AS count_id WHERE false",
    )
    for marked, columns in _KEYS.items():
        _mark_keys(warehouse, marked, columns, raw)


def _mark_keys(warehouse: Warehouse, marked: str, columns: tuple[str, ...], raw: Iterable[Columns]) -> None:
    """Keys of his rows, but for those that are keys of others' rows, too."""
    entity = marked.removeprefix("erased_")
    tables = [one for one in raw if one.name.startswith("raw.") and one.name.endswith(f"__{entity}")]
    listed = ", ".join(map(identifier, columns))
    mine = " UNION ".join(f"SELECT {listed} FROM {one.relation} WHERE {one.his}" for one in tables)
    others = " UNION ".join(f"SELECT {listed} FROM {one.relation} WHERE NOT {one.his}" for one in tables)
    none = f"SELECT {', '.join(f'NULL::VARCHAR AS {identifier(name)}' for name in columns)} WHERE false"
    _make(warehouse, marked, f"({mine}) EXCEPT ({others})" if tables else none)


def _make(warehouse: Warehouse, name: str, select: str) -> None:
    warehouse.execute(f"CREATE OR REPLACE TEMP TABLE {identifier(name)} AS {select}")


def _fill(warehouse: Warehouse, name: str, frame: pl.DataFrame) -> None:
    with warehouse.registered("incoming_frame", frame):
        _make(warehouse, name, "SELECT * FROM incoming_frame")


def kept_rows_of(
    warehouse: Warehouse, persons: Iterable[Person], words: Sequence[str], known: Mapping[tuple[str, int], str]
) -> list[tuple[str, int]]:
    """Quarantined rows of persons: those that can be read as theirs, and those of nobody that have their words in them.

    Args:
        warehouse: of the pipeline.
        persons: whose.
        words: by which they are known.
        known: whose row each is that can be read (`tasks/ingest/whose.py`); one that quotes a person stays its owner's.
    """
    ids = {person.own_id for person in persons}
    found = [row for row, customer in known.items() if customer in ids]
    if words:
        found += [
            (load_id, number)
            for load_id, number in warehouse.rows(
                "SELECT load_id, row_number FROM raw.quarantined_row"
                f" WHERE regexp_matches(row_json, {literal(pattern(words))})"
            )
            if (load_id, number) not in known
        ]
    return sorted(set(found))
