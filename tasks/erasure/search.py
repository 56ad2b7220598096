"""The proof: every file of an output folder is searched for the persons who were erased.

Owns: the search. It asks for less than the erasure knows: which rows are somebody's is not asked, but whether an id
stands anywhere where ids of customers stand, and whether any word stands anywhere at all. Does not own the words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.erasure.holdings import Columns, matched_columns, tables_of
from tasks.erasure.striking import Needles
from tasks.warehouse.catalogue import KEY
from tasks.warehouse.connection import Warehouse, literal
from tasks.warehouse.scanned import one_file

_PART = 1 << 24
_SEARCHED = "searched"


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search came to.

    Attributes:
        file_count: files that were read.
        places: where something was found: a file, and a table and column where it has such.
    """

    file_count: int
    places: tuple[str, ...]


def search(folder: Path, without: Iterable[Path], ids: Sequence[str], words: Sequence[str]) -> Searched:
    """Look for persons in every file below a folder: its name, its bytes, and of databases and Parquet every value.

    Args:
        folder: where.
        without: files that are not searched, for they are about to go.
        ids: of the persons; looked for where a column holds ids of customers.
        words: by which they are known; looked for everywhere.
    """
    left_out = set(without)
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path not in left_out]
    needles = Needles(words)
    places: list[str] = []
    with Warehouse.open(None) as reader:
        for path in files:
            name = str(path.relative_to(folder))
            places += [f"{name}: {place}" for place in _values(reader, path, ids, words)]
            if needles.are_in(name.encode(errors="replace")):
                places.append(f"{name}: its name")
            if _is_in_bytes(path, needles):
                places.append(f"{name}: its bytes")
    return Searched(len(files), tuple(places))


def _is_in_bytes(path: Path, needles: Needles) -> bool:
    with path.open("rb") as handle:
        before = b""
        while part := handle.read(_PART):
            if needles.are_in(before + part):
                return True
            before = part[-needles.overlap :]
    return False


def _values(reader: Warehouse, path: Path, ids: Sequence[str], words: Sequence[str]) -> Iterator[str]:
    """Tables and columns of a file in which something is found."""
    if path.suffix == ".parquet":
        relation = f"read_parquet({one_file(path)})"
        types = dict(reader.columns(f"SELECT * FROM {relation}"))
        yield from _columns(reader, Columns(path.parent.parent.name, relation, types), ids, words)
    elif path.suffix == ".duckdb":
        reader.execute(f"ATTACH {literal(str(path))} AS {_SEARCHED} (READ_ONLY)")
        try:
            for table in tables_of(reader, _SEARCHED):
                yield from _columns(reader, table, ids, words)
        finally:
            reader.execute(f"DETACH {_SEARCHED}")


def _columns(reader: Warehouse, table: Columns, ids: Sequence[str], words: Sequence[str]) -> Iterator[str]:
    if KEY in table.types:
        listed = ", ".join(map(literal, ids))
        if count := reader.value(f"SELECT count(*) FROM {table.relation} WHERE {KEY} IN ({listed})"):
            yield f"{table.name}.{KEY} ({count:,} rows)"
    _, texts = matched_columns(reader, table, [name for name in table.searchable if name != KEY], words)
    yield from (f"{table.name}.{column} ({count:,} rows)" for column, count in texts.items())
