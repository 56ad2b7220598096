"""The features of an example on real data, without checks, segments or publication.

Owns: building them. Does not own what they should be (the tests that recompute them).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from tasks.config.loading import load_workspace
from tasks.features.build import build_all
from tasks.warehouse.build import models_of_run
from tasks.warehouse.catalogue import KEY, Catalogue
from tasks.warehouse.models import SqlModel
from tasks.warehouse.run import open_run
from tests.integration.corridor import EXAMPLES
from tests.staged import ingest_and_stage


@dataclass(frozen=True, slots=True)
class RealFeatures:
    """One row per customer, in the order of their ids, and the models of the features that are shipped."""

    features: pl.DataFrame
    models: list[SqlModel]


def features_of_example(name: str, as_of: dt.date, data: Path, output: Path, *overrides: str) -> RealFeatures:
    """Ingest, stage and build the shipped features of an example at one date."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESEGMENT_TEST_DATA", str(data))
        space = load_workspace(EXAMPLES / name, overrides=overrides)
        with open_run(space, as_of=as_of, known_as_of=None, output=output) as run:
            ingest_and_stage(run)
            build_all(run)
            models = [model for model in models_of_run(run, "features") if not model.path.is_relative_to(EXAMPLES)]
            relation = Catalogue(models).relation(run.run_id)
            return RealFeatures(run.warehouse.frame(f"SELECT * FROM {relation} ORDER BY {KEY}"), models)
