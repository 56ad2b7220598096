"""Where the files that come with the code are: `sql/`, `expectations/`, `examples/`.

Owns: finding them in a checkout and in an installed wheel. Does not own their contents.
"""

from __future__ import annotations

from pathlib import Path

from tasks.config.errors import ResegmentError

_PACKAGE = Path(__file__).resolve().parents[1]


def shipped(name: str) -> Path:
    """The folder of that name: beside `tasks/` in a checkout, inside it in a wheel.

    Raises:
        ResegmentError: neither is there; the installation is broken.
    """
    for folder in (_PACKAGE / "_shipped" / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise ResegmentError(f"the folder {name}/ is missing from the installation", hint="install resegment again")
