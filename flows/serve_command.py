"""`resegment serve`.

Owns: the command. Does not own its arguments (`arguments.py`), or what is served (`serve.py`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from flows import console
from flows.commands import workspace_folder


def serve(options: argparse.Namespace) -> int:
    """`resegment serve`."""
    from flows.serve import deployments_of, serve_all

    console.show_progress(quiet=False)
    folders = [Path(folder).expanduser().resolve() for folder in options.folders] or [workspace_folder(options)]
    found = [one for folder in folders for one in deployments_of(folder, options.overrides)]
    for one in found:
        console.out.print(f"{one.name}: {one.description}", markup=False)
    serve_all(found)
    return 0
