"""Listing the features of a workspace without running it: every model is bound to real types, on no rows.

Owns: the order of the steps. Does not own what is told of a feature (`tasks/features/listing.py`).
"""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

from tasks.config.workspace import Workspace
from tasks.features.listing import FeatureEntry, list_features
from tasks.ingest.classes import keep_classes
from tasks.ingest.raw_views import build_raw_views
from tasks.warehouse.build import build_schema
from tasks.warehouse.run import open_run


def features_of(space: Workspace) -> list[FeatureEntry]:
    """The feature catalogue of a workspace, its own models included.

    Raises:
        WorkspaceError: a model is wrong; its file and line are named.
        SqlError: DuckDB refused a model.
    """
    as_of = space.day(dt.datetime.now(dt.UTC))
    with (
        tempfile.TemporaryDirectory(prefix="resegment-features-") as folder,
        open_run(space, as_of=as_of, known_as_of=None, output=Path(folder), is_scratch=True) as run,
    ):
        run.run_id = "features"
        build_raw_views(run)
        keep_classes(run)
        build_schema(run, "staging")
        return list_features(run)
