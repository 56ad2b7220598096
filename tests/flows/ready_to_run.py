"""Everything that a run imports, read once: what processes that are forked from here need not read again."""

from __future__ import annotations

import flows.cli
import flows.refresh  # noqa: F401 - read here
from tasks.quality.adapter import load

load()
