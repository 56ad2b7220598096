"""Lookups: files that are left-joined to a source, such as products to order lines.

Owns: where they lie and the join. Does not own reading them (`readers.py`).
"""

from __future__ import annotations

from collections.abc import Mapping as Paths
from pathlib import Path

from tasks.ingest.mapping import Mapping
from tasks.ingest.readers import open_reader
from tasks.warehouse.connection import Warehouse, identifier


def with_lookups(warehouse: Warehouse, mapping: Mapping, paths: Paths[str, Path], relation: str) -> str:
    """A relation of a source, named `source`, with its lookups beside it.

    Of a lookup's rows with one key only the first counts, so that no row is doubled.

    Raises:
        SourceError: a lookup cannot be read.
    """
    joined = f"{relation} AS source"
    for name, lookup in mapping.source.lookups.items():
        key, alias = identifier(lookup.key), identifier(name)
        source_key = identifier(lookup.source_key or lookup.key)
        other = open_reader(warehouse, paths[name], lookup.format, lookup.options, frozenset({lookup.key}))
        joined += (
            f" LEFT JOIN (SELECT * EXCLUDE (_record) FROM {other.relation}"
            f" QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY _record) = 1) AS {alias}"
            f" ON CAST(source.{source_key} AS VARCHAR) = CAST({alias}.{key} AS VARCHAR)"
        )
    return joined
