"""What a run comes from besides its data: the workspace, the workspace's own files, the code.

Owns: their digests and texts. Does not own the identity of a run (`run.py`), which is made of them.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from tasks.config.workspace import Workspace


def own_files(workspace: Workspace) -> dict[str, str]:
    """Digests of a workspace's own models and expectations, by their paths in it."""
    folders = [workspace.directory / "sql"]
    if workspace.quality.expectations:
        folders.append(workspace.resolve(workspace.quality.expectations))
    files = [file for folder in folders for file in sorted(folder.rglob("*")) if file.is_file()]
    return {f"{file.parent.name}/{file.name}": hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def said_text(workspace: Workspace) -> str:
    """What the workspace and its own files say, as JSON; a later `resegment plan` compares an edit with it."""
    return json.dumps({"workspace": workspace.said(), "own_files": own_files(workspace)}, sort_keys=True)


@cache
def code_version() -> str:
    """The installed version of this project."""
    try:
        return version("resegment")
    except PackageNotFoundError:
        return "unknown"
