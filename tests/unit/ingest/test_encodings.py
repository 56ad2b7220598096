"""Files in what systems of one language write are read as they were meant; bytes that are no text are told."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from tasks.config.errors import SourceError
from tasks.config.sources import FormatOptions
from tasks.ingest.encodings import as_duckdb_reads, codec
from tasks.ingest.readers import open_reader
from tasks.warehouse.connection import SPILL_NAME, Warehouse

TEXTS = {
    "shift-jis": "表示ソ①髙島屋",
    "euc-jp": "東京都",
    "euc-kr": "서울 똠방각하",
    "big5": "台北",
    "gb18030": "北京€",
    "windows-1250": "Łódź",
    "windows-1251": "Москва",
    "windows-1252": "„Müller“ 5 €",
    "windows-1253": "Αθήνα",
    "windows-1254": "İstanbul",
    "windows-1255": "ירושלים",
    "windows-1256": "القاهرة",
    "windows-1257": "Rīga",
    "windows-1258": "Đà",
    "iso-8859-2": "Kraków",
    "iso-8859-7": "Πάτρα",
    "iso-8859-9": "Ağrı",
    "iso-8859-15": "5 €",
    "koi8-r": "Казань",
}


def rows(path: Path, file_format: str = "csv", **options: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401
    with Warehouse.open(None) as warehouse:
        said = FormatOptions(**options)
        reader = open_reader(warehouse, path, file_format, said, frozenset({"都"}))  # type: ignore[arg-type]
        return warehouse.rows(f"SELECT * FROM {reader.relation} ORDER BY _record")


@pytest.mark.parametrize("encoding", sorted(TEXTS))
@pytest.mark.parametrize("is_packed", [False, True])
def test_text_of_every_encoding_is_read(tmp_path: Path, encoding: str, is_packed: bool) -> None:
    text = TEXTS[encoding]
    path = tmp_path / ("names.csv.gz" if is_packed else "names.csv")
    content = f"id,{text}\r\n1,{text}\r\n2,x\r\n".encode(codec(encoding))
    path.write_bytes(gzip.compress(content) if is_packed else content)
    assert rows(path, encoding=encoding) == [(1, "1", text), (2, "2", "x")]


def test_json_lines_are_read_likewise(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes('{"都": "東"}\n'.encode("cp932"))
    assert [row[-1] for row in rows(path, "jsonl", encoding="shift-jis")] == ["東"]


def test_a_character_between_two_parts_stays_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.ingest.encodings._PART", 3)
    path = tmp_path / "a.csv"
    path.write_bytes("都,b\n東京都,1\n".encode("cp932"))
    assert rows(path, encoding="shift-jis") == [(1, "東京都", "1")]


def test_bytes_that_are_no_text_keep_their_row_out_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    # 0xC3 0xA9 would be a letter of UTF-8, 0x81 is none of windows-1253, and 0xD2 neither.
    path.write_bytes(b"id,name\n1,a\n2,\x81\xd2\n3,\xc1\n")
    with Warehouse.open(None) as warehouse:
        said = FormatOptions(encoding="windows-1253")
        reader = open_reader(warehouse, path, "csv", said, frozenset())
        assert warehouse.rows(f"SELECT * FROM {reader.relation} ORDER BY _record") == [(1, "1", "a"), (2, "3", "Α")]
        warehouse.value(f"SELECT count(COLUMNS(*)) FROM {reader.rejecting}")
        assert warehouse.rows("SELECT line, error_type FROM reject_errors") == [(3, "INVALID ENCODING")]


def test_the_copy_is_made_once_and_goes_with_the_warehouse(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"id\n\xc1\n")
    said = FormatOptions(encoding="windows-1253")

    def plain(_: Path) -> Any:  # noqa: ANN401
        return path.open("rb")

    warehouse = Warehouse.open(tmp_path / "out.duckdb")
    copy, as_read = as_duckdb_reads(warehouse, path, said, plain)
    assert copy.is_relative_to(tmp_path / SPILL_NAME)
    assert (copy.read_text(encoding="utf-8"), as_read.encoding) == ("id\nΑ\n", "utf-8")
    written = copy.stat().st_mtime_ns
    assert as_duckdb_reads(warehouse, path, said, plain)[0].stat().st_mtime_ns == written
    path.write_bytes(b"id\n\xc1\xc1\n")
    assert as_duckdb_reads(warehouse, path, said, plain)[0] != copy
    warehouse.close()
    assert not copy.parent.exists()


@pytest.mark.parametrize("mark", [True, False], ids=["marked", "not marked"])
@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("is_packed", [False, True])
def test_utf_16_is_read_in_both_orders_of_bytes(tmp_path: Path, mark: bool, order: str, is_packed: bool) -> None:
    """Of the big-endian one DuckDB finds no row without a word; a character beyond 16 bits it cannot read at all."""
    path = tmp_path / ("names.csv.gz" if is_packed else "names.csv")
    content = (("\ufeff" if mark else "") + "id,name\r\n1,Zoë 😀\r\n2,東京\r\n").encode(order)
    path.write_bytes(gzip.compress(content) if is_packed else content)
    assert rows(path, encoding="utf-16") == [(1, "1", "Zoë 😀"), (2, "2", "東京")]


def test_a_file_that_is_no_utf_16_is_told(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_text("id,name\n1,Zoe\n", encoding="utf-8")
    with pytest.raises(SourceError, match="the file is not utf-16: not one of its bytes is zero"):
        rows(path, encoding="utf-16")
