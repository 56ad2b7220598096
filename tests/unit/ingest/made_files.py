"""Files of each format, and loading one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

from tasks.config.workspace import Workspace
from tasks.ingest.discovery import find_files
from tasks.ingest.loading import LoadCounts, load_file
from tasks.ingest.mapping import parse_mapping
from tasks.warehouse.run import Run

#: How a frame becomes a file of each format.
WRITTEN: dict[str, Callable[[pl.DataFrame, Path], object]] = {
    "csv": pl.DataFrame.write_csv,
    "parquet": pl.DataFrame.write_parquet,
    "jsonl": pl.DataFrame.write_ndjson,
}


def load(run: Run, workspace: Workspace) -> LoadCounts:
    mapping = parse_mapping(workspace, "orders")
    (file,) = find_files(workspace, mapping)
    return load_file(run.warehouse, mapping, file, run.attempt_id)
