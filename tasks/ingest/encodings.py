"""Text in an encoding that DuckDB does not read: a copy of the file in UTF-8, as long as the warehouse is open.

Owns: the codecs behind the names of `options.encoding`, and the copy. Does not own reading it (`readers.py`).
"""

from __future__ import annotations

import codecs
import hashlib
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from io import BufferedIOBase
from pathlib import Path

from tasks.config.sources import FormatOptions
from tasks.warehouse.connection import SPILL_NAME, Warehouse

#: Not UTF-16, of which DuckDB reads the little-endian alone: of the other it finds no row, and says nothing.
_READ_BY_DUCKDB = frozenset({"utf-8", "latin-1"})
#: What systems write under these names holds more characters than the standard has.
_WIDER = {"shift-jis": "cp932", "euc-kr": "cp949", "big5": "cp950"}
_PART = 1_048_576
_INVALID = "resegment.invalid"

_FOLDERS: weakref.WeakKeyDictionary[Warehouse, Path] = weakref.WeakKeyDictionary()

Unpacked = Callable[[Path], AbstractContextManager[BufferedIOBase]]


def _no_character(error: UnicodeError) -> tuple[str, int]:
    """In place of bytes that are no character one that becomes a byte which UTF-8 has not, so that its row is told."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\udcff", error.end


codecs.register_error(_INVALID, _no_character)


def codec(encoding: str, start: bytes = b"") -> str:
    """Python's name of an encoding, for a file that begins so.

    UTF-16 without a mark of the order of its bytes tells it by where the zeros of its commas and line ends are.
    """
    if encoding != "utf-16" or start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _WIDER.get(encoding, encoding)
    return "utf-16-be" if start[::2].count(0) > start[1::2].count(0) else "utf-16-le"


def as_duckdb_reads(
    warehouse: Warehouse, path: Path, options: FormatOptions, unpacked: Unpacked
) -> tuple[Path, FormatOptions]:
    """The file and its options, or those of its copy in UTF-8; a row with bytes that are no text stays one.

    Raises:
        SourceError: the file cannot be read.
    """
    if options.encoding in _READ_BY_DUCKDB:
        return path, options
    status = path.stat()
    known = f"{path.resolve()} {status.st_mtime_ns} {status.st_size} {options.encoding}"
    copy = _folder(warehouse) / f"{hashlib.sha256(known.encode('utf-8', 'surrogateescape')).hexdigest()}.txt"
    if not copy.exists():
        begun = copy.with_suffix(".begun")
        with unpacked(path) as handle, begun.open("wb") as written:
            for text in _decoded(handle, options.encoding):
                written.write(text.encode("utf-8", "surrogateescape"))
        begun.replace(copy)
    return copy, options.model_copy(update={"encoding": "utf-8"})


def _decoded(handle: BufferedIOBase, encoding: str) -> Iterator[str]:
    part = handle.read(_PART)
    decoder = codecs.getincrementaldecoder(codec(encoding, part))(errors=_INVALID)
    while part:
        yield decoder.decode(part)
        part = handle.read(_PART)
    yield decoder.decode(b"", final=True)


def _folder(warehouse: Warehouse) -> Path:
    """Where copies lie as long as the warehouse is open; what a kill leaves goes with what DuckDB spilled."""
    if warehouse not in _FOLDERS:
        beside = warehouse.path.parent / SPILL_NAME if warehouse.path else None
        if beside:
            beside.mkdir(exist_ok=True)
        _FOLDERS[warehouse] = Path(tempfile.mkdtemp(prefix="text-", dir=beside))
        warehouse.closing.callback(shutil.rmtree, _FOLDERS[warehouse], ignore_errors=True)
    return _FOLDERS[warehouse]
