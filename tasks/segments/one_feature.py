"""What learning cuts and learning values have in common: one feature, and rules that follow from what was learnt.

Owns: the part of a `Learner` (`lifecycle.py`) that is the same for both. Does not own what is learnt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from tasks.config.by_one_feature import CutsSegmentation, ValuesSegmentation
from tasks.config.segment import Refit
from tasks.segments.division import Job
from tasks.warehouse.catalogue import KEY
from tasks.warehouse.connection import identifier, literal

if TYPE_CHECKING:
    import polars as pl

S = TypeVar("S", CutsSegmentation, ValuesSegmentation)


@dataclass(frozen=True, slots=True)
class OneFeatureLearner(Generic[S]):
    """Learns from one feature of all customers; a content keeps what it was asked for under `asked`."""

    job: Job
    segmentation: S
    first: str = "learnt for the first time"

    @property
    def refit(self) -> Refit:
        """When it is to learn anew, and who accepts that."""
        return self.segmentation.refit

    def asked_of(self, content: Mapping[str, Any]) -> Mapping[str, object]:
        """What a content was learnt for."""
        return dict(content["asked"])

    def training_rows(self) -> pl.DataFrame:
        """The feature of all customers, in the order of their ids."""
        chosen = identifier(self.segmentation.feature)
        return self.job.run.warehouse.frame(f"SELECT {KEY}, {chosen} FROM {self.job.customers} ORDER BY {KEY}")

    def placed(self, conditions: Sequence[tuple[str, str]]) -> pl.DataFrame:
        """Customers by the first condition that holds, each given as key and condition; see `Learner.places`."""
        cases = " ".join(f"WHEN {condition} THEN {literal(key)}" for key, condition in conditions)
        return self.job.run.warehouse.frame(
            f"SELECT {KEY}, CASE {cases} ELSE NULL::VARCHAR END AS segment_key FROM {self.job.customers} ORDER BY {KEY}"
        )
