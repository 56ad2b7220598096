"""What is held of a person as a file for him: JSON, or CSV with one value a line.

Owns: the two forms, and that the file is its owner's alone. Does not own what is in it (`reading.py`).
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from tasks.config.errors import OutputError

Form = Literal["json", "csv"]
_OWNER_ONLY = 0o600
#: A spreadsheet takes a text that begins so for a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def text_of(held: Mapping[str, Any], form: Form) -> str:
    """What is held in one of the forms.

    Args:
        held: values, lists and mappings of them, as deep as they are.
        form: `json`; or `csv` of (part, row, column, value), where texts that a spreadsheet would compute begin with '.
    """
    if form == "json":
        return json.dumps(held, indent=2, default=str, ensure_ascii=False) + "\n"
    kept = io.StringIO()
    writer = csv.writer(kept, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(("part", "row", "column", "value"))
    for part, value in held.items():
        rows = value if isinstance(value, list) else [value]
        for number, row in enumerate(rows, 1):
            writer.writerows((part, number, column, _guarded(one)) for column, one in _flat(row))
    return kept.getvalue()


def _flat(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for number, inner in enumerate(value, 1):
            yield from _flat(inner, f"{name}.{number}" if name else str(number))
    else:
        yield name, value


def _guarded(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def write(path: Path, text: str) -> None:
    """Write a file that its owner alone may read; one that is there is replaced.

    Raises:
        OutputError: it cannot be written.
    """
    new = path.with_name(f".{path.name}.new")
    try:
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as handle:
            handle.write(text)
        new.replace(path)
    except OSError as error:
        # A part of what is held of somebody is not left lying about.
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise OutputError(
            f"cannot write the export: {error.strerror or error}",
            where=str(path),
            hint="free space, give this user the right to write there, or choose another file with --to FILE",
        ) from error
