"""One generated demo for all tests of this folder that only look."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from tasks.demo.generator import generate_demo
from tasks.demo.manifest import DemoManifest
from tests.unit.demo.read_exports import good_lines

CUSTOMERS = 6000


@dataclass(frozen=True, slots=True)
class Demo:
    """A generated demo with what most tests read of it."""

    folder: Path
    manifest: DemoManifest
    lines: pl.DataFrame
    truth: pl.DataFrame


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A demo of 6,000 customers in one chunk."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    manifest = generate_demo(folder, customers=CUSTOMERS)
    return Demo(folder, manifest, good_lines(folder), pl.read_parquet(folder / "truth" / "customers.parquet"))
