"""Which names of folders a DuckDB file can be reached by."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.config.errors import OutputError
from tasks.warehouse.connection import Warehouse


@pytest.mark.parametrize("folder", ["shop?", "a\\b", "shop?threads=1"])
def test_a_folder_that_duckdb_reads_as_another_one_is_refused(tmp_path: Path, folder: str) -> None:
    """The log of `shop?/x.duckdb` would lie at `shop.wal?/x.duckdb`, and `a\\b` be the folder b of a."""
    place = tmp_path / folder
    place.mkdir()
    with pytest.raises(OutputError, match="which the engine reads as something else") as caught:
        Warehouse.open(place / "x.duckdb")
    assert "--output" in str(caught.value)
    assert list(tmp_path.rglob("*")) == [place]


def test_other_signs_in_a_folder_are_signs(tmp_path: Path) -> None:
    place = tmp_path / '100% "it\'s" [1]* $HOME {x} äöü;--'
    place.mkdir()
    for _ in range(2):
        with Warehouse.open(place / "x.duckdb") as warehouse:
            warehouse.execute("CREATE OR REPLACE TABLE t AS SELECT 1 AS a")
    assert [path.name for path in place.iterdir()] == ["x.duckdb"]
