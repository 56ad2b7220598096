"""When a change is worth a notice or an alarm: `drift:` of the workspace.

Owns: what may be said there. Does not own the statistics (`tasks/drift`), or who is told (`tasks/notify`).
"""

from __future__ import annotations

from pydantic import Field

from tasks.config.features import Strict


class EmergingPolicy(Strict):
    """When customers who came together count as a new segment (see docs/how-to/watch-for-new-segments.md)."""

    enabled: bool = Field(default=True, description="whether new and vanishing groups are looked for")
    cells: int = Field(default=50, ge=2, le=1_000, description="micro-cells that the customers are put in")
    ratio: float = Field(default=2.0, gt=1, description="how many times as common as before a group must be")
    excess_share: float = Field(
        default=0.004, gt=0, lt=1, description="by which share of all customers it must have grown"
    )


class DriftPolicy(Strict):
    """Significance and materiality of drift (see docs/benchmarks-drift.md)."""

    family_wise_error: float = Field(
        default=0.01, gt=0, lt=0.5, description="chance that a run without drift finds any, over all its tests"
    )
    notice_effect: float = Field(default=0.05, gt=0, description="smallest effect size (probit-d, h) worth a notice")
    alarm_effect: float = Field(default=0.1, gt=0, description="smallest effect size (probit-d, h) worth an alarm")
    exit_code_on_alarm: bool = Field(default=False, description="end with exit code 4 when a drift alarm is raised")
    seed: int = Field(default=0, description="of tests that draw random numbers")
    emerging: EmergingPolicy = Field(
        default_factory=EmergingPolicy, description="new groups of customers that no single feature shows"
    )
