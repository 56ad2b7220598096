"""An erasure in a process of its own that kills itself after a step, as `kill -9` would there."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from flows import forget_steps
from tasks.config.loading import load_workspace
from tasks.publish import swap
from tasks.warehouse import erasures
from tasks.warehouse.connection import Warehouse

#: After each of these the process is gone: what the erasure does, in its order.
STEPS: dict[str, tuple[object, str]] = {
    "noted as begun": (erasures, "note"),
    "publication written aside": (forget_steps, "write_published_without"),
    "publications exchanged": (swap, "_exchange"),
    "publication swapped in": (forget_steps, "swap_in"),
    "warehouse written aside": (forget_steps, "write_warehouse_without"),
    "warehouse exchanged": (Warehouse, "give_way_to"),
}


def forget_and_die(folder: Path, customer: str, after: str) -> None:
    """Erase a customer up to a step."""
    owner, name = STEPS[after]
    done: Callable[..., object] = getattr(owner, name)

    def last(*arguments: object, **named: object) -> object:
        done(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)
        return None

    with mock.patch.object(owner, name, last):
        erase(folder, customer)


def erase(folder: Path, customer: str) -> None:
    """Erase a customer."""
    forget_steps.forget(load_workspace(folder), folder / "out", [customer], by="test", reason="request 1")
