"""The manifest of a generated demo: its parameters, its files, and the defects planted in them.

Owns: `manifest.json`, written last, so that a folder with one is whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tasks.demo.defects import Outcome

MANIFEST_NAME = "manifest.json"
#: Raised when the same parameters would give other files: a demo made before is then made anew.
GENERATOR_VERSION = 6
_GENERATOR = "resegment demo"


@dataclass(frozen=True, slots=True)
class DemoFile:
    """A file of the demo; `source` is the source of the workspace that reads it (None: truth), `rows` data rows."""

    path: str
    source: str | None
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class DemoDefect:
    """A kind of defect as planted; `column` is the entity column at fault (None: the row as a whole)."""

    source: str
    kind: str
    column: str | None
    outcome: Outcome
    rows: int


@dataclass(frozen=True, slots=True)
class DemoManifest:
    """What was generated, from which parameters."""

    customers: int
    seed: int
    files: tuple[DemoFile, ...]
    defects: tuple[DemoDefect, ...]

    def agrees(self, *, customers: int, seed: int) -> bool:
        """Whether these parameters would give the same content."""
        return (self.customers, self.seed) == (customers, seed)

    def rows_of(self, source: str) -> int:
        """Data rows in all files of a source, good and bad."""
        return sum(file.rows for file in self.files if file.source == source)

    def defect_rows(self, outcome: Outcome, source: str | None = None) -> int:
        """Rows with this outcome, of one source or of all."""
        return sum(one.rows for one in self.defects if one.outcome == outcome and source in {None, one.source})

    def write(self, directory: Path) -> None:
        """Write `manifest.json` into the folder."""
        tree = {"generator": _GENERATOR, "generator_version": GENERATOR_VERSION, **asdict(self)}
        text = json.dumps(tree, indent=2, ensure_ascii=False) + "\n"
        (directory / MANIFEST_NAME).write_text(text, encoding="utf-8")


def read_manifest(directory: Path) -> DemoManifest | None:
    """The manifest of a folder made by this version of the generator, with all its files at their sizes; else None."""
    tree = _tree(directory)
    if tree is None or tree.pop("generator_version", None) != GENERATOR_VERSION:
        return None
    try:
        files = tuple(DemoFile(**file) for file in tree["files"])
        defects = tuple(DemoDefect(**defect) for defect in tree["defects"])
        manifest = DemoManifest(customers=tree["customers"], seed=tree["seed"], files=files, defects=defects)
    except (KeyError, TypeError):
        return None
    return manifest if _all_there(directory, files) else None


def is_demo(directory: Path) -> bool:
    """Whether any version of the generator made this folder, so that it may be replaced."""
    return _tree(directory) is not None


def _tree(directory: Path) -> dict[str, Any] | None:
    try:
        tree = json.loads((directory / MANIFEST_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return tree if isinstance(tree, dict) and tree.pop("generator", None) == _GENERATOR else None


def _all_there(directory: Path, files: Iterable[DemoFile]) -> bool:
    try:
        return all((directory / file.path).stat().st_size == file.bytes for file in files)
    except OSError:
        return False
