"""Writes `docs/reference/`: what the code says of itself, as Markdown.

Owns: which pages there are, and the comparison with those on disk. Does not own a page (`generator/`), and no page owns
what it tells: that is in the headers of `sql/`, the suites of `expectations/`, the models of `tasks/config` and the
arguments of `flows/arguments.py`. A page that is wrong is mended there.
"""
# ruff: noqa: INP001 - a program, not part of a package

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from generator.checks import checks_page
from generator.commands import commands_page
from generator.entities import entities_page
from generator.features import features_page
from generator.tables import published_page, tables_page
from generator.templates import templates_page
from generator.workspace import workspace_page

from tasks.config.errors import ResegmentError

REFERENCE = Path(__file__).resolve().parent / "reference"
_NOTE = "*Written by `docs/generate.py` from the code; `make docs` writes it anew.*"
_PAGES: dict[str, tuple[str, Callable[[], Iterable[str]]]] = {
    "features.md": ("Features", features_page),
    "published.md": ("Published tables", published_page),
    "tables.md": ("Tables of the warehouse", tables_page),
    "workspace.md": ("The workspace file", workspace_page),
    "templates.md": ("Templates of segmentations", templates_page),
    "entities.md": ("Entities", entities_page),
    "checks.md": ("Checks", checks_page),
    "commands.md": ("Commands", commands_page),
}


def main() -> int:
    """Write the pages, or with `--check` compare them with those on disk; returns the exit code."""
    parser = argparse.ArgumentParser(description="write docs/reference from the code")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 and name the pages that differ")
    options = parser.parse_args()
    try:
        written = pages()
    except ResegmentError as error:
        sys.stderr.write(f"the pages cannot be written: {error}\n")
        return 2
    if options.check:
        stale = stale_pages(written)
        sys.stderr.writelines(f"stale: docs/reference/{name}; run `make docs`\n" for name in stale)
        return 1 if stale else 0
    REFERENCE.mkdir(exist_ok=True)
    for name, text in written.items():
        (REFERENCE / name).write_text(text, encoding="utf-8")
    return 0


def pages() -> dict[str, str]:
    """The text of every page by file name."""
    return {name: "\n\n".join((f"# {title}", _NOTE, *write())) + "\n" for name, (title, write) in _PAGES.items()}


def stale_pages(written: Mapping[str, str]) -> list[str]:
    """Names of the pages that are missing, that differ, or that nothing writes any more."""
    present = {path.name: path.read_text(encoding="utf-8") for path in REFERENCE.glob("*.md")}
    return sorted(name for name in written.keys() | present.keys() if written.get(name) != present.get(name))


if __name__ == "__main__":
    sys.exit(main())
