"""The beginning of a text file: its header, and what is told of a file that is no text, or other text than was said.

Owns: the bytes before the first row. Does not own which columns follow from them (`readers.py`).
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.config.errors import SourceError
from tasks.config.sources import FormatOptions
from tasks.ingest.encodings import codec

_LONGEST_HEADER = 1_048_576
_LINES_ABOVE_A_HEADER = 50
#: How UTF-16 marks the order of its bytes.
_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LINE_END = re.compile(r"\r\n|\n|\r")
#: How files begin that are often taken for text: what each is, and what to do.
_NO_TEXT = (
    (b"\x1f\x8b", "is packed by gzip", "let its name end in .gz"),
    (b"PK\x03\x04", "is a ZIP archive, as Excel's .xlsx are", "export the sheet as CSV, or unpack the archive"),
    (b"\xd0\xcf\x11\xe0", "is a workbook of Excel", "export the sheet as CSV"),
    (b"BZh", "is packed by bzip2", "have it packed by gzip, with a name that ends in .gz, or not at all"),
    (b"\x28\xb5\x2f\xfd", "is packed by zstd", "have it packed by gzip, with a name that ends in .gz, or not at all"),
    (b"\xfd7zXZ\x00", "is packed by xz", "have it packed by gzip, with a name that ends in .gz, or not at all"),
    (b"7z\xbc\xaf\x27\x1c", "is an archive of 7-Zip", "unpack it"),
    (b"PAR1", "is a Parquet file", "set format to parquet"),
    (b"SQLite format 3", "is a SQLite database", "export the table as CSV"),
    (b"%PDF-", "is a PDF", "have the data exported as CSV"),
    (b"\x89PNG", "is a picture", "have the data exported as CSV"),
)


def header(path: Path, options: FormatOptions) -> list[str]:
    """The values of the first line, or lines, where a quoted value goes on.

    Raises:
        SourceError: the file cannot be read, is empty, or is not the text that the options say.
    """
    line = first_line(path, options)
    if not line:
        what = (
            "the first line is empty, expected a header" if has_bytes(path) else "the file is empty: not even a header"
        )
        raise SourceError(what, where=str(path), hint="was the export cut short?")
    lines = io.StringIO(line, newline="")
    reader = csv.reader(lines, delimiter=options.delimiter, quotechar=options.quote or None)
    return next(iter(reader), [])


def header_further_down(path: Path, options: FormatOptions, names: Iterable[str]) -> int | None:
    """The number of a line below the first that has columns of all these names: above it stands a title, or `sep=;`."""
    wanted = {name.casefold() for name in names}
    lines = _decoded(_beginning(path), path, options).splitlines()[1:_LINES_ABOVE_A_HEADER]
    for number, line in enumerate(lines, 2):
        values = line.replace(options.quote or "\0", "").casefold().split(options.delimiter)
        if wanted <= {value.strip() for value in values}:
            return number
    return None


def first_line(path: Path, options: FormatOptions) -> str:
    """The first line as text, without its end; with the next ones where it ends inside quotation marks.

    Raises:
        SourceError: the file cannot be read, or is not the text that the options say.
    """
    start = _beginning(path)
    for signature, what, hint in _NO_TEXT:
        if start.startswith(signature):
            raise SourceError(f"the file {what}, and no text", where=str(path), hint=hint)
    line = _whole(_decoded(start, path, options), options.quote)
    if "\0" in line:
        raise SourceError(
            "the first line holds NUL bytes",
            where=f"{path}, line 1",
            hint="the file is binary or UTF-16: set options.encoding or format",
        )
    return line


def has_bytes(path: Path) -> bool:
    """Whether there is anything in a file, when it is unpacked."""
    with unpacked(path) as handle:
        return bool(handle.read(1))


def check_whole(path: Path) -> None:
    """Prove that a packed file is there to its end and undamaged; DuckDB unpacks without looking at its checksum.

    Raises:
        SourceError: it is not.
    """
    if path.suffix == ".gz":
        with unpacked(path) as handle:
            while handle.read(_LONGEST_HEADER):
                pass


def _beginning(path: Path) -> bytes:
    with unpacked(path) as handle:
        return handle.read(_LONGEST_HEADER)


@contextmanager
def unpacked(path: Path) -> Iterator[io.BufferedIOBase]:
    """The bytes of a file, unpacked where its name ends in .gz.

    Raises:
        SourceError: it cannot be read, or is cut short or damaged.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as handle:
            yield handle
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise SourceError(
            f"the gzip file is cut short or damaged: {error}", where=str(path), hint="fetch or export it again"
        ) from error
    except OSError as error:
        raise SourceError(f"cannot read the file: {error.strerror or error}", where=str(path)) from error


def has_mixed_line_ends(path: Path) -> bool:
    """Whether some lines of a file end in CR LF and others in LF alone."""
    pairs = ends = 0
    last = b""
    with unpacked(path) as handle:
        while chunk := handle.read(_LONGEST_HEADER):
            pairs += chunk.count(b"\r\n") + (last == b"\r" and chunk.startswith(b"\n"))
            ends += chunk.count(b"\n")
            last = chunk[-1:]
    return 0 < pairs < ends


def _decoded(start: bytes, path: Path, options: FormatOptions) -> str:
    """As much of the beginning as is text, of which the first line must be."""
    is_cut = len(start) == _LONGEST_HEADER
    name = codec(options.encoding, start)
    if options.encoding == "utf-16" and start and b"\0" not in start and not start.startswith(_MARKS):
        raise SourceError(
            "the file is not utf-16: not one of its bytes is zero",
            where=str(path),
            hint="leave options.encoding out where it is UTF-8, or set it to what the file was written in",
        )
    try:
        decoder = codecs.getincrementaldecoder(name)()
        return decoder.decode(start, final=not is_cut).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        text = start[: error.start].decode(name).removeprefix("\ufeff")
        if _LINE_END.search(text):
            # What is wrong stands further down, and is told of its line.
            return text
        is_utf_16 = start.startswith(_MARKS)
        other = (
            "utf-16"
            if is_utf_16
            else "what it was written in, such as windows-1252 (Excel's ANSI), shift-jis or utf-16"
        )
        raise SourceError(
            f"the first line is not {options.encoding}: byte {error.start} is 0x{start[error.start]:02x}",
            where=f"{path}, line 1",
            hint=f"set options.encoding to {other}",
        ) from error


def _whole(text: str, quote: str) -> str:
    """The first line, with those after it as long as a quotation mark is open; alone, where none closes it."""
    begun, is_open = 0, False
    ends = [*((end.start(), end.end()) for end in _LINE_END.finditer(text)), (len(text), len(text))]
    for stop, next_begins in ends:
        is_open ^= bool(quote) and text.count(quote, begun, stop) % 2 == 1
        if not is_open:
            return text[:stop]
        begun = next_begins
    return text[: ends[0][0]]
