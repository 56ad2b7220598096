"""When a change is worth a notice or an alarm: `drift:` of the workspace.

Owns: what may be said there. Does not own the statistics (`tasks/drift`), or who is told (`tasks/notify`).
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from tasks.config.features import Strict

SubjectKind = Literal["feature", "segment_mix", "segment_size", "fit", "profile", "kpi", "flow", "relation", "source"]


class SubjectPolicy(Strict):
    """What of one kind of subject matters, and from when on somebody is told."""

    notice_effect: float | None = Field(
        default=None, gt=0, description="smallest effect worth a notice, in the unit of the kind"
    )
    alarm_effect: float | None = Field(
        default=None, gt=0, description="smallest effect worth an alarm, in the unit of the kind"
    )
    alert: Literal["alarm", "notice", "never"] | None = Field(
        default=None,
        description="the level from which on somebody is told; never: it stands in the report alone; default: alarm, of"
        " profiles never, since what changed in them is told of features and KPIs, too",
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.notice_effect is not None and self.alarm_effect is not None and self.notice_effect > self.alarm_effect:
            message = f"notice_effect {self.notice_effect} is above alarm_effect {self.alarm_effect}"
            raise ValueError(message)
        return self


class DriftPolicy(Strict):
    """Significance and materiality of drift (see docs/benchmarks-drift.md)."""

    family_wise_error: float = Field(
        default=0.01, gt=0, lt=0.5, description="chance that a run without drift finds any, over all its tests"
    )
    notice_effect: float = Field(default=0.05, gt=0, description="smallest effect size (probit-d, h) worth a notice")
    alarm_effect: float = Field(default=0.1, gt=0, description="smallest effect size (probit-d, h) worth an alarm")
    subjects: dict[SubjectKind, SubjectPolicy] = Field(
        default_factory=dict,
        description="policies of kinds of subjects: feature, segment_mix, segment_size, fit (of models), profile (what"
        " a segment is), kpi (what it is worth), flow (where its customers go), relation (of two segmentations), source"
        " (checks of raw data against their history, which have no effects)",
    )
    exit_code_on_alarm: bool = Field(default=False, description="end with exit code 4 when a drift alarm is raised")
    seed: int = Field(default=0, description="of tests that draw random numbers")

    def alerts_from(self, kind: SubjectKind) -> Literal["alarm", "notice", "never"]:
        """The level of a kind of subject from which on somebody is told."""
        said = self.subjects[kind].alert if kind in self.subjects else None
        return said or ("never" if kind == "profile" else "alarm")
