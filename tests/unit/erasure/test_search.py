"""The proof finds what it is made to find: in bytes, in values, across the parts that a file is read in."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl
import pytest

from tasks.erasure import search as searching
from tasks.erasure.search import search

WORD = "anna@example.org"


def test_every_kind_of_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text(f"by {WORD}")
    (tmp_path / "plain.txt").write_text("by nobody")
    with duckdb.connect(str(tmp_path / "held.duckdb")) as connection:
        connection.execute("CREATE TABLE a AS SELECT 'anna' AS customer_id, ['x', 'by ' || ?] AS texts", [WORD])
        connection.execute("CREATE TABLE b AS SELECT 'joanna@example.org' AS mail, 1 AS n")
    frame = pl.DataFrame({"customer_id": ["anna", "ben"], "n": [1, 2]})
    (tmp_path / "t" / "as_of_date=2025-06-30").mkdir(parents=True)
    frame.write_parquet(tmp_path / "t" / "as_of_date=2025-06-30" / "part-0.parquet")
    found = search(tmp_path, [], ["anna"], [WORD])
    assert found.file_count == 4
    assert [place for place in found.places if "bytes" not in place] == [
        "held.duckdb: main.a.customer_id (1 rows)",
        "held.duckdb: main.a.texts (1 rows)",
        "t/as_of_date=2025-06-30/part-0.parquet: t.customer_id (1 rows)",
    ]
    assert "note.txt: its bytes" in found.places
    assert search(tmp_path, [tmp_path / "note.txt"], ["carl"], ["carl@example.org"]).places == ()


@pytest.mark.parametrize("before", range(40))
def test_no_word_falls_between_two_parts(before: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "_PART", 20)
    (tmp_path / "log").write_text("." * before + WORD + "." * 30)
    assert search(tmp_path, [], [], [WORD]).places == ("log: its bytes",)
