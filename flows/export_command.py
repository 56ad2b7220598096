"""`resegment export`: everything that is held of a customer, for him.

Owns: the command. Does not own its arguments (`forget_arguments.py`) or what is in an export (`export_steps.py`).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from flows import console
from flows.commands import opened


def export(options: argparse.Namespace) -> int:
    """`resegment export ID`."""
    from flows.export_steps import everything_of
    from tasks.erasure.export import text_of, write

    space, paths = opened(options)
    held = everything_of(space, paths.root, options.id)
    text = text_of(held, options.format)
    if options.to is None:
        sys.stdout.write(text)
        return 0
    target = Path(options.to).expanduser()
    write(target, text)
    rows = {name: len(value) for name, value in held.items() if isinstance(value, list)}
    if options.json:
        console.print_json({"file": str(target), "rows": rows})
    else:
        tables = sum(1 for count in rows.values() if count)
        console.out.print(f"{target}: {sum(rows.values()):,} rows of {tables} parts", markup=False)
    return 0
