"""What a run comes from besides its data: the workspace, its own files, how features are computed, the code.

Owns: their digests and texts. Does not own the identity of a run (`run.py`), which is made of them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, version

import sqlglot

from tasks.config.errors import WorkspaceError
from tasks.config.features import Features
from tasks.config.workspace import Workspace
from tasks.warehouse.models import SqlModel, load_models


def own_files(workspace: Workspace) -> dict[str, str]:
    """Digests of a workspace's own models and expectations, by their paths in it."""
    folders = [workspace.directory / "sql"]
    if workspace.quality.expectations:
        folders.append(workspace.resolve(workspace.quality.expectations))
    files = [file for folder in folders for file in sorted(folder.rglob("*")) if file.is_file()]
    return {f"{file.parent.name}/{file.name}": hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def feature_digests(workspace: Workspace) -> dict[str, str]:
    """Digests of how each table of features is computed, by its name: of its SQL, and of the staging that it reads.

    Comments, blanks and the as-of day are no part of it, nor are windows and what the workspace declares in `features`:
    these have names of their own. Empty where a model cannot be read, which the run tells.
    """
    extra = workspace.directory / "sql"
    found: dict[str, str] = {}
    try:
        for schema in ("staging", "features"):
            ours, all_models = (
                load_models(schema, as_of=dt.date.min, features=features, extra=folder)
                for features, folder in ((Features(), None), (workspace.features, extra))
            )
            shipped = {model.path: model for model in ours}
            for model in all_models:
                found[model.name] = _digest(shipped.get(model.path, model), found)
    except (WorkspaceError, sqlglot.errors.SqlglotError):
        return {}
    return {name: digest for name, digest in found.items() if name.startswith("features.")}


def _digest(model: SqlModel, others: dict[str, str]) -> str:
    words = _words(model.undated_sql)
    read = [others[name] for name in sorted(model.reads & others.keys() - {model.name})]
    return hashlib.sha256(json.dumps([words, read]).encode()).hexdigest()


@lru_cache(maxsize=256)
def _words(sql: str) -> tuple[str, ...]:
    """The words of a statement, of which a process that runs date after date has the same ones each time."""
    return tuple(token.text for token in sqlglot.tokenize(sql, read="duckdb"))


def said_text(workspace: Workspace) -> str:
    """What the workspace and its own files say, as JSON; a later `resegment plan` compares an edit with it."""
    said = {
        "workspace": workspace.said(),
        "written": workspace.written(),
        "own_files": own_files(workspace),
        "features": feature_digests(workspace),
    }
    return json.dumps(said, sort_keys=True)


@cache
def code_version() -> str:
    """The installed version of this project."""
    try:
        return version("resegment")
    except PackageNotFoundError:
        return "unknown"
