"""What readers get, and when what was computed anew is put in the place of what they have.

Owns: the section `publish` of the workspace. Does not own publishing (`tasks/publish`) or backfills (`tasks/backfill`).
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field

from tasks.config.features import Strict


class BackfillPolicy(Strict):
    """When a backfill is published without being asked."""

    accept: Literal["automatic", "by_hand"] = Field(
        default="automatic", description="by_hand: what a backfill computed waits until somebody accepts it"
    )
    max_moved_share: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="customers of one date, as a share, that may be in other segments than published; above: it waits;"
        " null: any",
    )


class PublishPolicy(Strict):
    """What readers get."""

    parquet: bool = Field(default=True, description="write Parquet beside the DuckDB file")
    keep_history_days: int | None = Field(
        default=None,
        ge=1,
        description="days before the newest date of which Parquet partitions are kept; the DuckDB file has the history"
        " of all dates; null: keep all",
    )
    owner_only: bool = Field(
        default=False, description="only the user who runs it may read the output folder and what is written there"
    )
    backfills: BackfillPolicy = BackfillPolicy()

    def kept_since(self, newest: dt.date) -> dt.date:
        """The oldest date that has Parquet partitions, where `newest` is the newest published one."""
        if self.keep_history_days is None:
            return dt.date.min
        return newest - dt.timedelta(days=min(self.keep_history_days, (newest - dt.date.min).days))
