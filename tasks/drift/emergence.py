"""Groups of customers that arose or vanished between two snapshots, whatever the segments in use say.

Owns: the public entry `scan_emergence` and the shape of a candidate. Does not own: when a candidate is promoted
(`recurrence`), or the tables (`emergence_tables`).

A new group of 2 % moves the mean of no feature by much: tests of single features do not see it, and a classifier that
tells the snapshots apart reaches an AUC of 0.51. It is seen where customers are counted in small neighbourhoods.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tasks.drift.candidates import EmergencePolicy, Group, grown_groups
from tasks.drift.cells import cell_flows, fit_cells
from tasks.drift.columns import Snapshot, ascending
from tasks.drift.decision import check_columns
from tasks.drift.emergence_words import told
from tasks.drift.normal_scores import ScoredSnapshots, score_snapshots
from tasks.drift.policy import FeatureSpec
from tasks.drift.snapshots import pair_snapshots
from tasks.drift.traits import Trait, distinguishing_traits

Direction = Literal["emerging", "vanishing"]

_TRAITS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A group of customers that may be a segment of its own.

    Attributes:
        direction: `emerging` (described by the current snapshot) or `vanishing` (by the reference).
        customer_ids: its members, ascending: who came, or who went.
        customer_count: members.
        customer_share: of all customers of the snapshot that describes it (0-1).
        ratio: share of customers where the group is, members and others, in its snapshot over that in the other one;
            None where fewer than `least_members` are there in the other one.
        excess_share: the former less the latter, which is taken as 0 where `ratio` is None.
        p_adjusted: Holm-adjusted over growth and decline of all cells.
        cell_count: micro-cells it was found in.
        traits: what distinguishes it from the other customers of its snapshot, the largest effect first.
        sentence: the same in words.
    """

    direction: Direction
    customer_ids: tuple[str | int, ...]
    customer_count: int
    customer_share: float
    ratio: float | None
    excess_share: float
    p_adjusted: float
    cell_count: int
    traits: tuple[Trait, ...]
    sentence: str = ""


def scan_emergence(
    reference: Snapshot,
    current: Snapshot,
    specs: Mapping[str, FeatureSpec],
    policy: EmergencePolicy,
    seed: int,
) -> list[Candidate]:
    """Look for groups of customers where there were hardly any before, and for groups that are hardly there any more.

    Cells are laid by numeric features and flags; the other columns only describe who was found. So do features that
    advance with the calendar: whoever became customers on one day would leave one place and come to another together.

    Args:
        reference: one row a customer: `customer_id` and the columns of `specs`.
        current: the same at the later date.
        specs: what to look at, by column.
        policy: the limits.
        seed: of the sample and the cells; equal inputs give equal candidates, whatever the order of rows.

    Returns:
        Emerging groups, then vanishing ones, each the largest first. The chance that there is any where nothing
        changed is at most `policy.family_wise_error_rate`.

    Raises:
        StatisticsError: as `decision.measure_drift`.
    """
    check_columns(reference, current, specs)
    pair_snapshots(reference, current, paired_common_share=1.0)  # refuses customers that are missing or repeated
    laid_by = [name for name, spec in specs.items() if spec.kind in {"numeric", "flag"} and not spec.is_calendar_driven]
    scored = score_snapshots(reference, current, laid_by, seed)
    if not scored.names:
        return []
    cells = fit_cells(scored, policy.cells, seed)
    flows = cell_flows(scored, cells)
    back = dataclasses.replace(flows, grown_p=flows.shrunk_p, before=flows.after, after=flows.before)
    arose = grown_groups(scored, cells, flows, policy)
    vanished = grown_groups(scored.reversed(), cells.reversed(), back, policy)
    return [
        *(_candidate("emerging", scored, current, specs, group, policy) for group in arose),
        *(_candidate("vanishing", scored.reversed(), reference, specs, group, policy) for group in vanished),
    ]


def _candidate(
    direction: Direction,
    scored: ScoredSnapshots,
    snapshot: Snapshot,
    specs: Mapping[str, FeatureSpec],
    group: Group,
    policy: EmergencePolicy,
) -> Candidate:
    """Describe a group; `scored` is reversed, and `snapshot` the reference, where it vanished."""
    described = ascending(snapshot)
    # How many the few are who were there before is nobody's business, nor are they any part of a group.
    few = group.size_before if group.size_before >= policy.least_members else 0
    lesser, larger = few / scored.reference.shape[0], group.size / scored.current.shape[0]
    traits = distinguishing_traits(
        described, group.members, specs, most=_TRAITS, least_group=max(policy.least_members, 1)
    )
    ids = scored.current_ids[np.asarray(group.members)]
    candidate = Candidate(
        direction=direction,
        customer_ids=tuple(ids.to_list()),
        customer_count=len(ids),
        customer_share=len(ids) / scored.current.shape[0],
        ratio=larger / lesser if lesser else None,
        excess_share=larger - lesser,
        p_adjusted=group.p_adjusted,
        cell_count=group.cell_count,
        traits=tuple(traits),
    )
    return dataclasses.replace(
        candidate, sentence=told(direction, len(ids), candidate.customer_share, candidate.ratio, traits)
    )
