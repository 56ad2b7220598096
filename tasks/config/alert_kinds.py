"""The names of kinds of alerts; a module of its own, so that the command line waits for no library.

Owns: the names. Does not own what they mean (`tasks/notify/kinds.py`).
"""

from __future__ import annotations

from typing import Literal

AlertKind = Literal[
    "quality",
    "source_late",
    "privacy",
    "drift",
    "size_change",
    "transition",
    "emerging",
    "overlap",
    "conflict",
    "model",
    "backfill_waits",
    "segmentation",
    "prediction",
    "comments",
    "run_failed",
    "run_long",
    "stale",
    "copy_behind",
]
