"""Databases and Parquet files written anew without some persons.

Owns: the new file beside the old one. A DELETE would leave a person's bytes in the free blocks of a file; in a file
that never had them there are none. Does not own which rows are a person's (`holdings.py`), or putting the new file in
the place of the old one.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tasks.erasure.holdings import COUNTS_OF_LOADS, STRUCK, Columns, count_his, tables_of
from tasks.erasure.striking import MARK, pattern
from tasks.warehouse.connection import Warehouse, identifier, literal
from tasks.warehouse.disk import link
from tasks.warehouse.published_files import list_rewritten
from tasks.warehouse.scanned import one_file

#: DuckDB releases since 1.5 can read the published file (`tasks/publish/build.py`).
_STORAGE_VERSION = "v1.5.0"
_HELD, _WRITTEN = "held", "written"
#: What tells files apart in the ledger: which load of a file counts is asked by it.
_FILE_NAME = "file_name"


def write_warehouse_without(warehouse: Warehouse, catalog: str, words: Sequence[str], target: Path) -> Counter[str]:
    """Write the pipeline's own database anew; returns what was left out, by table.

    Args:
        warehouse: it, with the persons marked (`holdings.mark`).
        catalog: its name.
        words: by which the persons are known; struck out of texts.
        target: the new file.
    """
    warehouse.execute(f"ATTACH {literal(str(target))} AS {_WRITTEN}")
    try:
        return _copy(warehouse, catalog, words)
    finally:
        warehouse.execute(f"DETACH {_WRITTEN}")


def write_published_without(warehouse: Warehouse, words: Sequence[str], published: Path, target: Path) -> Counter[str]:
    """Write a publication anew, a whole folder; returns what was left out, by file of DuckDB or table of Parquet.

    Files without the persons are linked, for they never change in place.

    Args:
        warehouse: with the persons marked.
        words: as above.
        published: the folder.
        target: the new one; must not exist.
    """
    target.mkdir(parents=True)
    counts: Counter[str] = Counter()
    for path in sorted(published.rglob("*")):
        place = target / path.relative_to(published)
        if path.is_dir():
            place.mkdir()
        elif path.suffix == ".duckdb":
            counts += _database(warehouse, words, path, place)
        elif path.suffix == ".parquet":
            counts += _partition(warehouse, words, path, place, f"published.{path.parent.parent.name}")
        else:
            link(path, place)
    list_rewritten(published, target)
    return counts


def _database(warehouse: Warehouse, words: Sequence[str], path: Path, place: Path) -> Counter[str]:
    warehouse.execute(f"ATTACH {literal(str(path))} AS {_HELD} (READ_ONLY)")
    try:
        warehouse.execute(f"ATTACH {literal(str(place))} AS {_WRITTEN} (STORAGE_VERSION {literal(_STORAGE_VERSION)})")
        try:
            counts = _copy(warehouse, _HELD, words)
        finally:
            warehouse.execute(f"DETACH {_WRITTEN}")
    finally:
        warehouse.execute(f"DETACH {_HELD}")
    return Counter({f"{path.name}: {name}": count for name, count in counts.items()})


def _copy(warehouse: Warehouse, catalog: str, words: Sequence[str]) -> Counter[str]:
    """Tables with their constraints, views and comments; rows in their order, but for those that are left out."""
    warehouse.execute(f"COPY FROM DATABASE {identifier(catalog)} TO {_WRITTEN} (SCHEMA)")
    counts: Counter[str] = Counter()
    salt = secrets.token_hex()
    for table in tables_of(warehouse, catalog):
        target = table.relation.replace(identifier(catalog), _WRITTEN, 1)
        select, found = _without(warehouse, table, words, salt)
        warehouse.execute(f"INSERT INTO {target} {select}")
        if table.name not in COUNTS_OF_LOADS:
            counts += found
    return counts


def _partition(warehouse: Warehouse, words: Sequence[str], path: Path, place: Path, name: str) -> Counter[str]:
    relation = f"read_parquet({one_file(path)})"
    table = Columns(name, relation, dict(warehouse.columns(f"SELECT * FROM {relation}")))
    select, counts = _without(warehouse, table, words, secrets.token_hex())
    if counts:
        warehouse.execute(f"COPY ({select}) TO {literal(str(place))} (FORMAT parquet, COMPRESSION zstd)")
    else:
        link(path, place)
    return counts


def _without(warehouse: Warehouse, table: Columns, words: Sequence[str], salt: str) -> tuple[str, Counter[str]]:
    """A SELECT of a table without the persons, and how much it leaves out."""
    gone, texts = count_his(warehouse, table, words)
    counts = Counter({table.name: gone, table.name + STRUCK: sum(texts.values())})
    replaced = ", ".join(f"{_struck(table, column, words, salt)} AS {identifier(column)}" for column in texts)
    chosen = f"* REPLACE ({replaced})" if replaced else "*"
    where = f" WHERE NOT {table.his}" if gone else ""
    return f"SELECT {chosen} FROM {table.relation}{where}", +counts


def _struck(table: Columns, column: str, words: Sequence[str], salt: str) -> str:
    mark = literal(MARK)
    if column == _FILE_NAME:
        # Two files that are called after two customers stay two. Nobody keeps the salt, so no id can be tried out.
        mark = f"concat('{MARK[:-1]} ', left(sha256(concat({literal(salt)}, {identifier(column)})), 8), ']')"

    def replaced(text: str) -> str:
        return f"regexp_replace({text}, {literal(pattern(words))}, {mark}, 'g')"

    name = identifier(column)
    return (
        f"list_transform({name}, lambda part: {replaced('part')})"
        if table.types[column] != "VARCHAR"
        else (replaced(name))
    )
