"""What a bad input is, and how a workspace becomes one; the cases are in `bad_inputs.py` and `bad_treatments.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class BadInput:
    """One bad input: how to make it in a workspace folder, the exit code, and words that the message has."""

    name: str
    make: Callable[[Path], None]
    code: int
    told: str
    arguments: tuple[str, ...] = ()
    quarantined: int = 0


def orders(text: str | bytes) -> Callable[[Path], None]:
    """Replace the orders file."""
    content = text.encode() if isinstance(text, str) else text
    return lambda folder: (folder / "orders.csv").write_bytes(content) and None


def edit(old: str, new: str) -> Callable[[Path], None]:
    """Change the workspace file."""

    def make(folder: Path) -> None:
        path = folder / "resegment.yaml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return make
