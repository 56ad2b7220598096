"""One subject of the comparison: what every score of it has in common.

Owns: the counts each score carries, and the random stream of each test. Does not own: the tests.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from tasks.drift.policy import DriftPolicy, FeatureSpec
from tasks.drift.records import DriftScore
from tasks.drift.sensitivity import Sensitivity
from tasks.drift.snapshots import SnapshotPair
from tasks.drift.two_sample import Outcome


@dataclass(frozen=True, slots=True)
class Subject:
    """A feature or a segmentation, in the two snapshots of one run."""

    pair: SnapshotPair
    spec: FeatureSpec
    policy: DriftPolicy
    seed: int

    @property
    def is_paired(self) -> bool:
        """Whether the same customers are compared."""
        return self.pair.kind == "paired"

    def random(self, test_name: str) -> np.random.Generator:
        """Give the stream of one test: it depends on the seed and the names, not on what else is compared."""
        return np.random.default_rng((self.seed, zlib.crc32(self.spec.name.encode()), zlib.crc32(test_name.encode())))

    def score(
        self,
        test_name: str,
        outcome: Outcome | None,
        sensitivity: Sensitivity | None,
        **fields: Any,  # noqa: ANN401 - the remaining fields of DriftScore
    ) -> DriftScore:
        """Put the measured fields and the counts of the snapshots into a score.

        Args:
            test_name: of the score.
            outcome: None where the data allow no test.
            sensitivity: None where the data allow no test.
            **fields: the other fields of `DriftScore`.
        """
        return DriftScore(
            subject_kind="segment_mix" if self.spec.kind == "segment" else self.spec.subject_kind,
            subject_name=self.spec.subject_name or self.spec.name,
            part_name=self.spec.part_name,
            snapshot_kind=self.pair.kind,
            test_name=test_name,
            statistic=outcome.statistic if outcome else None,
            p_value=outcome.p_value if outcome else None,
            degrees_of_freedom=max(outcome.degrees_of_freedom, 1) if outcome else 1,
            effect_scale=sensitivity.scale if sensitivity else None,
            effect_floor=sensitivity.floor if sensitivity else 0.0,
            reference_count=self.pair.reference.height,
            current_count=self.pair.current.height,
            common_count=self.pair.common_count,
            entered_count=self.pair.entered_count,
            left_count=self.pair.left_count,
            **fields,
        )
