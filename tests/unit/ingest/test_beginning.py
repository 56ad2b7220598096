"""Files that are not what they are called: each is told as what it is, with what to do."""

from __future__ import annotations

import bz2
import gzip
import lzma
from pathlib import Path

import pytest

from tasks.config.errors import SourceError
from tasks.config.sources import FormatOptions
from tasks.ingest.beginning import check_whole, first_line, has_mixed_line_ends, header
from tasks.ingest.discovery import find_files
from tasks.ingest.loading import LoadCounts, load_file
from tasks.ingest.mapping import parse_mapping
from tasks.ingest.tasks import ingest_source
from tests.workspaces import MakeWorkspace, OpenRun

HEADER = "order,line,customer,at,product,category,units,price\n"
GOOD = "o1,1,anna,2025-06-01 10:00:00,p1,bread,2,1.50\n"
OBJECT = '{"order": "o1", "line": 1, "customer": "anna", "at": "2025-06-01", "units": 2, "price": 1.5}\n'
JSON_LINES = ("sources.orders.format=jsonl", "sources.orders.path=orders.jsonl")


def written(folder: Path, content: bytes, name: str = "orders.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def loaded(
    make_workspace: MakeWorkspace, opened: OpenRun, *changes: str, orders: str = HEADER, **files: str
) -> LoadCounts:
    space = make_workspace(*changes, orders=orders)
    for name, content in files.items():
        (space.directory / f"orders.{name}").write_text(content, newline="")
    mapping = parse_mapping(space, "orders")
    with opened(space) as run:
        (file,) = find_files(space, mapping)
        return load_file(run.warehouse, mapping, file, run.attempt_id)


@pytest.mark.parametrize(
    ("content", "what", "hint"),
    [
        (gzip.compress(HEADER.encode(), mtime=0), "is packed by gzip, and no text", "let its name end in .gz"),
        (b"PK\x03\x04\x14\0", "is a ZIP archive, as Excel's .xlsx are", "export the sheet as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1", "is a workbook of Excel", "export the sheet as CSV"),
        (bz2.compress(HEADER.encode()), "is packed by bzip2", "packed by gzip"),
        (lzma.compress(HEADER.encode()), "is packed by xz", "packed by gzip"),
        (b"\x28\xb5\x2f\xfd\x04", "is packed by zstd", "packed by gzip"),
        (b"7z\xbc\xaf\x27\x1c\0", "is an archive of 7-Zip", "unpack it"),
        (b"PAR1\x15", "is a Parquet file", "set format to parquet"),
        (HEADER.encode("utf-16"), "the first line is not utf-8", "set options.encoding to utf-16"),
        ("größe\n".encode("latin-1"), "the first line is not utf-8: byte 2 is 0xf6", "such as windows-1252"),
        (b"", "the file is empty: not even a header", "cut short"),
        (b"\norder\n", "the first line is empty, expected a header", "cut short"),
        (b"or\0der\n", "the first line holds NUL bytes", "options.encoding"),
    ],
)
def test_a_file_that_is_no_text_is_told_as_what_it_is(tmp_path: Path, content: bytes, what: str, hint: str) -> None:
    with pytest.raises(SourceError, match="file|line") as raised:
        header(written(tmp_path, content), FormatOptions())
    assert what in raised.value.message
    assert hint in str(raised.value.hint)


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b"a,b\r1,2\r", ["a", "b"]),
        (b"a,b\r\n1,2\r\n", ["a", "b"]),
        (b'a,"b\nin two lines"\n1,2\n', ["a", "b\nin two lines"]),
        (b'a,5"\n1,2\n', ["a", '5"']),
        (b"\xef\xbb\xbfa,b\n1,2\n", ["a", "b"]),
        # Bytes that are no text further down are told of their line.
        (b"a,b\n1,\xff\n", ["a", "b"]),
    ],
)
def test_a_header_is_read_however_its_line_ends(tmp_path: Path, content: bytes, names: list[str]) -> None:
    assert header(written(tmp_path, content), FormatOptions()) == names


def test_marks_that_are_no_quotes_leave_the_first_line_alone(tmp_path: Path) -> None:
    assert first_line(written(tmp_path, b'a,5"\nb,6"\n'), FormatOptions(quote="")) == 'a,5"'


def test_a_packed_file_that_was_damaged_further_down_is_not_loaded(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(HEADER.encode() + GOOD.encode() * 100_000, compresslevel=0, mtime=0))
    packed[len(packed) // 2] ^= 1
    with pytest.raises(SourceError, match="cut short or damaged: CRC check failed"):
        check_whole(written(tmp_path, bytes(packed), "orders.csv.gz"))
    check_whole(written(tmp_path, gzip.compress(HEADER.encode(), mtime=0), "whole.csv.gz"))


def test_loading_looks_at_the_whole_packed_file(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace("sources.orders.path=orders.csv.gz")
    packed = gzip.compress(HEADER.encode() + GOOD.encode() * 100_000, mtime=0)
    written(space.directory, packed[:-500], "orders.csv.gz")
    mapping = parse_mapping(space, "orders")
    with opened(space) as run:
        (file,) = find_files(space, mapping)
        with pytest.raises(SourceError, match="the gzip file is cut short or damaged"):
            load_file(run.warehouse, mapping, file, run.attempt_id)


def test_line_ends_that_differ_are_told(make_workspace: MakeWorkspace, opened: OpenRun, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="some lines end in CR LF, others in LF alone") as raised:
        loaded(make_workspace, opened, orders=HEADER + GOOD + GOOD.replace("\n", "\r\n"))
    assert "dos2unix" in str(raised.value.hint)
    assert not has_mixed_line_ends(written(tmp_path, b"a\r\n" * 3))
    assert not has_mixed_line_ends(written(tmp_path, b"a\n" * 3))
    # The pair that lies on the border of two parts that are read.
    assert not has_mixed_line_ends(written(tmp_path, b"\r\n".rjust(1_048_577, b"a")))


def test_lines_that_end_in_cr_alone_are_rows(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    counts = loaded(make_workspace, opened, orders=(HEADER + GOOD * 2).replace("\n", "\r"))
    assert counts == LoadCounts(2, 2, 0, 0)


def test_names_that_differ_in_case_alone_are_told(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with pytest.raises(SourceError, match="columns 2, 5 share a name but for upper and lower case"):
        loaded(make_workspace, opened, orders=HEADER.replace("product", "Line") + GOOD)


def test_a_name_with_blanks_around_it_is_told(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with pytest.raises(SourceError, match="the file has no column 'order'") as raised:
        loaded(make_workspace, opened, orders=HEADER.replace(",", " , ") + GOOD)
    assert raised.value.hint == "in the file its name has blanks around it: write '\"order \"'"


@pytest.mark.parametrize("text", ["[" + OBJECT + "]", "{\n" + OBJECT[1:]])
def test_json_that_is_no_lines_is_told(make_workspace: MakeWorkspace, opened: OpenRun, text: str) -> None:
    with pytest.raises(SourceError, match="one JSON text, and no JSON lines") as raised:
        loaded(make_workspace, opened, *JSON_LINES, jsonl=text)
    assert "jq" in str(raised.value.hint)


@pytest.mark.parametrize(("text", "rows"), [("", 0), ("\n", 0), (OBJECT + "\n\n" + OBJECT + "\n", 2)])
def test_empty_json_lines_are_no_rows(make_workspace: MakeWorkspace, opened: OpenRun, text: str, rows: int) -> None:
    assert loaded(make_workspace, opened, *JSON_LINES, jsonl=text) == LoadCounts(rows, rows, 0, 0)


def test_a_file_that_had_rows_does_not_come_without_a_byte(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace(JSON_LINES[0], "sources.orders.path=*.jsonl")
    # Another day's empty file has the same content, and is known by the time.
    (space.directory / "monday.jsonl").write_text("")
    (space.directory / "tuesday.jsonl").write_text(OBJECT)
    with opened(space) as run:
        assert ingest_source.fn(run, "orders") == 2
        (space.directory / "tuesday.jsonl").write_text("")
        with pytest.raises(SourceError, match="the file is empty; rows in its version before: 1"):
            ingest_source.fn(run, "orders")
        (space.directory / "tuesday.jsonl").write_text("\n")
        assert ingest_source.fn(run, "orders") == 1


def test_a_folder_in_place_of_a_file_is_told(make_workspace: MakeWorkspace) -> None:
    space = make_workspace("sources.orders.path=exports/")
    (space.directory / "exports").mkdir()
    with pytest.raises(SourceError, match="exports is a folder, expected a file") as raised:
        find_files(space, parse_mapping(space, "orders"))
    assert raised.value.hint == "name the files in it, such as exports/*.csv"


@pytest.mark.parametrize("above", ["Sales report\n\n", "sep=,\n", "Sales report,June 2025,,,,,,\n# all shops\n"])
@pytest.mark.parametrize("mark", ["", '"'])
def test_a_header_that_is_not_the_first_line_is_named(
    make_workspace: MakeWorkspace, opened: OpenRun, above: str, mark: str
) -> None:
    header_line = ",".join(f"{mark}{name}{mark}" for name in HEADER.strip().split(","))
    with pytest.raises(SourceError, match="the file has no column 'order'") as raised:
        loaded(make_workspace, opened, orders=f"{above}{header_line}\n{GOOD}")
    line = above.count("\n") + 1
    assert raised.value.hint == f"line {line} has it: the header must be the first line, take out those above it"
