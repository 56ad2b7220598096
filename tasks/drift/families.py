"""The chance of a false alarm, shared among kinds of subjects.

Owns: which share of it each kind gets. Does not own the judgement (`verdict.py`).

A run without any drift names one with at most the family-wise chance of its workspace. Thousands of profiles would use
that up and leave little to features; so kinds of subjects are families of their own, and their chances add up to it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Literal

from tasks.drift.policy import DriftPolicy
from tasks.drift.records import DriftScore

Family = Literal["snapshots", "profiles", "kpis", "flows", "relations"]

SHARES: Mapping[Family, float] = {"snapshots": 0.5, "profiles": 0.2, "kpis": 0.1, "flows": 0.1, "relations": 0.1}
"""Of the family-wise error rate; families that have nothing to test leave theirs to the others, in proportion."""


def family_policies(families: Mapping[Family, Sequence[DriftScore]], policy: DriftPolicy) -> dict[Family, DriftPolicy]:
    """The policy of each family that has something to test: the shares of the error rate add up to it."""
    there = [name for name, scores in families.items() if scores]
    whole = sum(SHARES[name] for name in there)
    return {
        name: dataclasses.replace(policy, family_wise_error_rate=policy.family_wise_error_rate * SHARES[name] / whole)
        for name in there
    }
