"""Looking at the beginning of a new file for columns about people, and keeping what was guessed in the ledger.

Owns: which values are looked at, and `ops.column_guess`. Does not own the guess (`guess.py`) or what follows from it
(`classes.py`): that depends on the workspace of the day, the guess on the file alone.
"""

from __future__ import annotations

from collections.abc import Mapping as Columns

import polars as pl

from tasks.ingest.discovery import FoundFile
from tasks.ingest.guess import Guess, guess_columns
from tasks.ingest.lookups import lookup_readers
from tasks.ingest.mapping import Mapping
from tasks.ingest.readers import Reader
from tasks.warehouse.connection import Warehouse, identifier

#: Rows that are looked at; the first, for a file is read anyway from its beginning.
SAMPLE_ROWS = 2000
_LONGEST_VALUE = 500
#: Entities whose rows are persons.
_PERSONS = frozenset({"customers"})


def keep_guesses(warehouse: Warehouse, mapping: Mapping, file: FoundFile, reader: Reader) -> None:
    """Guess the class of every column of a file, and of those of its lookups that the mapping reads."""
    persons = mapping.source.entity in _PERSONS
    guesses = guess_columns(_sample(warehouse, reader, reader.columns), is_about_persons=persons)
    for name in mapping.source.lookups:
        (other,) = lookup_readers(warehouse, mapping, {name: file.lookups[name][-1:]}, name)
        read = {column.casefold() for column in mapping.lookup_columns(name)}
        columns = tuple(column for column in other.columns if column.casefold() in read)
        found = guess_columns(_sample(warehouse, other, columns), is_about_persons=False)
        guesses |= {f"{name}.{column}": guess for column, guess in found.items()}
    _keep(warehouse, mapping, file, guesses)


def _sample(warehouse: Warehouse, reader: Reader, columns: tuple[str, ...]) -> dict[str, list[str]]:
    """Values by column; of an unpacked JSON line its text is not a column of its own."""
    chosen = [name for name in columns if name != "_row"] or list(columns)
    if not chosen:
        return {}
    texts = ", ".join(f"coalesce(left(CAST({identifier(name)} AS VARCHAR), {_LONGEST_VALUE}), '')" for name in chosen)
    rows = warehouse.rows(f"SELECT {texts} FROM {reader.relation} LIMIT {SAMPLE_ROWS}")
    return {name: [row[place] for row in rows] for place, name in enumerate(chosen)}


def _keep(warehouse: Warehouse, mapping: Mapping, file: FoundFile, guesses: Columns[str, Guess]) -> None:
    rows = [
        {
            "load_id": file.load_id,
            "source_name": mapping.name,
            "column_no": number,
            "column_name": name,
            "class_name": guess.privacy,
            "reason": guess.reason,
        }
        for number, (name, guess) in enumerate(guesses.items(), 1)
    ]
    if rows:
        with warehouse.registered("guessed", pl.DataFrame(rows)):
            warehouse.execute("INSERT INTO ops.column_guess BY NAME SELECT * FROM guessed")
