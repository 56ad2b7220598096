"""When a change is worth a notice or an alarm: `drift:` of the workspace.

Owns: what may be said there. Does not own the statistics (`tasks/drift`), or who is told (`tasks/notify`).
"""

from __future__ import annotations

from typing import Literal, NamedTuple, Self, get_args

from pydantic import Field, model_validator

from tasks.config.features import Strict

SubjectKind = Literal[
    "feature", "segment_mix", "segment_size", "fit", "profile", "kpi", "flow", "relation", "joint", "source"
]


#: The runs that one is compared with: the previous one; that of a window ago, the shortest of the workspace, so that
#: the two windows have no days in common; once a declared season is over, the last one before it; the first one; that
#: of a year ago.
ReferenceKind = Literal["previous", "window", "before_season", "baseline", "season"]
REFERENCES: tuple[ReferenceKind, ...] = get_args(ReferenceKind)
#: What changed since these is news; the others are for who looks back.
RECENT: tuple[ReferenceKind, ...] = ("previous", "window", "before_season")

#: The last day, week or four weeks of each source are like those before.
RECENT_DAYS = "expect_recent_days_to_be_like_earlier_ones"
#: Files that were never published are like those that were.
NEW_FILES = "expect_new_files_to_be_like_earlier_ones"
#: The table has about as many rows as in earlier runs.
ROW_COUNT = "expect_row_count_to_be_like_earlier_runs"
#: What the subject `source` is about: expectations of ours that hold raw data against their own history.
SOURCE_CHECKS = (RECENT_DAYS, NEW_FILES, ROW_COUNT)


class Limits(NamedTuple):
    """Effects from which a change is worth a notice, and an alarm."""

    notice: float
    alarm: float


#: In the unit of each kind's effect: Cohen's w of mixes and of where customers go, standard deviations of all
#: customers, shares of the former mean, Cramér's V. Features and fits have the limits of the whole policy.
KIND_LIMITS: dict[SubjectKind, Limits] = {
    "segment_mix": Limits(0.025, 0.05),
    "segment_size": Limits(0.025, 0.05),
    "profile": Limits(0.1, 0.2),
    "kpi": Limits(0.05, 0.1),
    "flow": Limits(0.1, 0.2),
    "relation": Limits(0.05, 0.1),
}


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


class EmergingPolicy(Strict):
    """When customers who came together count as a new segment (see docs/how-to/watch-for-new-segments.md)."""

    enabled: bool = Field(default=True, description="whether new and vanishing groups are looked for")
    cells: int = Field(default=50, ge=2, le=1_000, description="micro-cells that the customers are put in")
    ratio: float = Field(default=2.0, gt=1, description="how many times as common as before a group must be")
    excess_share: float = Field(
        default=0.004, gt=0, lt=1, description="by which share of all customers it must have grown"
    )
    alert: Literal["candidate", "promoted", "never"] = Field(
        default="candidate",
        description="who is worth an alert: a group that is seen for the first time, or only one that is seen again",
    )


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
        " a segment is), kpi (what it is worth), flow (where its customers go), relation (of two segmentations), joint"
        " (how features go together), source (checks of raw data against their history, which have no effects)",
    )
    exit_code_on_alarm: bool = Field(default=False, description="end with exit code 4 when a drift alarm is raised")
    enough_customers: int = Field(
        default=100_000,
        ge=1_000,
        description="of more than twice as many customers, features and profiles are compared on a sample of at least"
        " so many, the same at every run; sizes, mixes and worth of segments always on all",
    )
    seed: int = Field(default=0, description="of tests that draw random numbers")
    emerging: EmergingPolicy = Field(
        default_factory=EmergingPolicy, description="new groups of customers that no single feature shows"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        for kind in ("feature", *self.subjects):
            notice, alarm = self.limits_of(kind)
            if notice > alarm:
                where = "" if kind == "feature" and kind not in self.subjects else f"subjects.{kind}: "
                message = (
                    f"{where}a notice from {notice:g} on and an alarm from {alarm:g} on: an alarm must be the larger"
                    " change; write both notice_effect and alarm_effect"
                )
                raise ValueError(message)
        return self

    def limits_of(self, kind: SubjectKind) -> Limits:
        """The limits of a kind of subject: its own, where the workspace says nothing of it."""
        least = KIND_LIMITS.get(kind, Limits(self.notice_effect, self.alarm_effect))
        own = self.subjects.get(kind, SubjectPolicy())
        return Limits(own.notice_effect or least.notice, own.alarm_effect or least.alarm)

    def alerts_from(self, kind: SubjectKind) -> Literal["alarm", "notice", "never"]:
        """The level of a kind of subject from which on somebody is told."""
        said = self.subjects[kind].alert if kind in self.subjects else None
        return said or ("never" if kind == "profile" else "alarm")
