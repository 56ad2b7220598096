"""Keeping erased customers out of what is loaded: old files may be delivered again, and are read whole.

Owns: leaving their rows out, and counting them. Does not own who was erased (`tasks/warehouse/erasures.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import polars as pl

from tasks.config.telling import is_telling
from tasks.ingest.mapping import Mapping
from tasks.warehouse.catalogue import KEY
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.erasures import Erased

_TABLE = "erased_here"
_BETWEEN = re.compile(r"""[\s,;|"']+""")


def without_erased(warehouse: Warehouse, mapping: Mapping, select: str, erased: Erased) -> tuple[str, int]:
    """A mapped SELECT without the rows of erased customers, and how many these are.

    Ids are hashed here, each once; DuckDB sees neither key nor hash.

    Args:
        warehouse: where; a temporary table of it is replaced.
        mapping: of the source.
        select: the mapped rows (`mapping.mapped_select`).
        erased: who was.
    """
    if not erased.hashes or KEY not in mapping.source.columns:
        return select, 0
    ids = warehouse.rows(f"SELECT DISTINCT {KEY} FROM ({select}) WHERE {KEY} IS NOT NULL ORDER BY ALL")
    found = erased.among(one for (one,) in ids)
    if not found:
        return select, 0
    with warehouse.registered("incoming_frame", pl.DataFrame({KEY: found}, schema={KEY: pl.String})):
        warehouse.execute(f"CREATE OR REPLACE TEMP TABLE {_TABLE} AS SELECT * FROM incoming_frame")
    count = int(warehouse.value(f"SELECT count(*) FROM ({select}) SEMI JOIN {_TABLE} USING ({KEY})"))
    # Not an ANTI JOIN: the order of the rows stays as it is in the file.
    return f"SELECT * FROM ({select}) WHERE coalesce({KEY} NOT IN (SELECT {KEY} FROM {_TABLE}), true)", count


def said_by_folders(warehouse: Warehouse, mapping: Mapping, select: str) -> str | None:
    """Whose a line is of which only the folders of its file say anything; None where they do not say it.

    Args:
        warehouse: where.
        mapping: of the source.
        select: the mapped row of such a line (`mapping.mapped_select`); none where the source's `where` leaves it out.
    """
    if KEY not in mapping.source.columns:
        return None
    owner: str | None = warehouse.value(f"SELECT any_value({KEY}) FROM ({select})")
    return owner


def erased_lines(warehouse: Warehouse, erased: Erased, owner: str | None) -> list[int]:
    """Numbers of lines that are no rows and have the id of an erased customer in them, as DuckDB counts lines.

    What is no row has no columns: every word of it that may be an id is tried, and whose all lines of the file are.

    Args:
        warehouse: with the lines that its reader of CSV noted.
        erased: who was.
        owner: the customer that the folders of the file name, where they do (`said_by_folders`).
    """
    if not erased.hashes:
        return []
    lines = warehouse.rows("SELECT line, min(csv_line) FROM reject_errors GROUP BY line ORDER BY line")
    return [number for number, text in lines if erased.among([owner, *_words(text or "")])]


def _words(text: str) -> Iterable[str]:
    return sorted({word for word in _BETWEEN.split(text) if is_telling(word)})
