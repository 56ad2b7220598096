"""What is kept to look into runs afterwards: `observe:` of the workspace.

Owns: what may be said there. Does not own the logs (`tasks/warehouse/run_log.py`) or lineage (`tasks/telemetry`).
"""

from __future__ import annotations

from pydantic import Field

from tasks.config.features import Strict


class ObservePolicy(Strict):
    """Logs and lineage; no result depends on them."""

    logs_kept: int = Field(default=100, ge=1, description="runs whose log and lineage events stay in `logs/`")
    lineage: bool = Field(
        default=True,
        description="write OpenLineage events of every run, to `logs/` or where OPENLINEAGE_… of the environment says",
    )
