"""Files that grow chunk by chunk: CSV (plain or gzip), JSON lines, Parquet; row counts are kept as they are written.

Owns: bytes on disk. Nothing of the machine or the moment gets into them (gzip carries no time and no name).
"""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast

import polars as pl
import pyarrow.parquet as pq

#: Level 1 costs a third of the time of level 6 for a fifth more bytes, and the demo is written more often than kept.
_GZIP_LEVEL = 1


@dataclass(frozen=True, slots=True)
class CsvStyle:
    """How a CSV file is written."""

    separator: str = ","
    decimal_comma: bool = False
    date_format: str = "%Y-%m-%d"
    datetime_format: str = "%Y-%m-%d %H:%M:%S"

    def text(self, frame: pl.DataFrame, *, header: bool = False) -> bytes:
        """The frame as UTF-8 CSV; money with two decimals."""
        target = io.BytesIO()
        frame.write_csv(
            target,
            include_header=header,
            separator=self.separator,
            decimal_comma=self.decimal_comma,
            date_format=self.date_format,
            datetime_format=self.datetime_format,
            float_precision=2,
        )
        return target.getvalue()


#: Commas, dots, ISO dates.
PLAIN_STYLE = CsvStyle()


class TextFile:
    """A text file of rows: CSV or JSON lines; compressed where its name ends in `.gz`."""

    def __init__(self, path: Path, style: CsvStyle | None) -> None:
        """Create the file; `style` None means JSON lines."""
        self.rows = 0
        self._style = style
        self._started = False
        self._raw = path.open("wb")
        self._file: IO[bytes] = self._raw
        if path.suffix == ".gz":
            packed = gzip.GzipFile(filename="", mode="wb", compresslevel=_GZIP_LEVEL, fileobj=self._raw, mtime=0)
            self._file = cast("IO[bytes]", packed)

    def append(self, frame: pl.DataFrame) -> None:
        """Add rows; the first frame, even an empty one, writes the header."""
        if self._style is None:
            text = io.BytesIO()
            frame.write_ndjson(text)
            self._file.write(text.getvalue())
        else:
            self._file.write(self._style.text(frame, header=not self._started))
        self._started = True
        self.rows += len(frame)

    def append_line(self, line: str) -> None:
        """Add one row as it stands, well formed or not."""
        self._file.write(line.encode() + b"\n")
        self.rows += 1

    def close(self) -> None:
        """Finish the file."""
        self._file.close()
        self._raw.close()


class ParquetFile:
    """A Parquet file with one row group per chunk that has rows."""

    def __init__(self, path: Path) -> None:
        """The file is created with the first frame, which gives its columns."""
        self.rows = 0
        self._path = path
        self._writer: pq.ParquetWriter | None = None

    def append(self, frame: pl.DataFrame) -> None:
        """Add rows."""
        table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, table.schema, compression="zstd", compression_level=1)
        if len(frame):
            self._writer.write_table(table, row_group_size=len(frame))
        self.rows += len(frame)

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.close()


@dataclass(frozen=True, slots=True)
class Written:
    """A finished file: path relative to the folder, the source that reads it (None: truth), data rows."""

    path: str
    source: str | None
    rows: int


class ExportFolder:
    """The files of one export, open together; closes them all at the end."""

    def __init__(self, root: Path) -> None:
        """Files are named relative to `root`."""
        self._root = root
        self._texts: dict[str, TextFile] = {}
        self._parquets: dict[str, ParquetFile] = {}
        self._sources: dict[str, str | None] = {}

    def __enter__(self) -> Self:
        """Nothing is open yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every file."""
        open_files: list[TextFile | ParquetFile] = [*self._texts.values(), *self._parquets.values()]
        for file in open_files:
            file.close()

    def text(self, path: str, source: str, style: CsvStyle | None) -> TextFile:
        """The CSV file (JSON lines where `style` is None) of that path, created when first asked for."""
        if path not in self._texts:
            self._texts[path] = TextFile(self._place(path, source), style)
        return self._texts[path]

    def parquet(self, path: str, source: str | None) -> ParquetFile:
        """The Parquet file of that path, created with its first rows."""
        if path not in self._parquets:
            self._parquets[path] = ParquetFile(self._place(path, source))
        return self._parquets[path]

    def _place(self, path: str, source: str | None) -> Path:
        full = self._root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        self._sources[path] = source
        return full

    def written(self) -> tuple[Written, ...]:
        """All files by path."""
        files: dict[str, TextFile | ParquetFile] = {**self._texts, **self._parquets}
        return tuple(Written(path, self._sources[path], files[path].rows) for path in sorted(files))
