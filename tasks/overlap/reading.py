"""What overlap is counted over, read from the warehouse: customers, their segments, their money and contacts.

Owns: the queries, and that numbers stand for ids. Does not own counting (`memberships.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tasks.config.clusters import ClustersSegmentation
from tasks.config.overlap import OverlapPolicy
from tasks.overlap.association import Ints
from tasks.overlap.memberships import Memberships
from tasks.overlap.pairs import upper_triangle
from tasks.overlap.trend import Before
from tasks.warehouse.connection import identifier, literal
from tasks.warehouse.run import Run

#: Amounts are counted in ten-thousandths, as `features` keep them.
AMOUNT_SCALE = 10_000
_CUSTOMERS = "overlap_customer"
_SEGMENTS = "overlap_segment"


@dataclass(frozen=True, slots=True)
class Customers:
    """Customers of a run by number.

    Attributes:
        memberships: the segments of each.
        is_border: which of these memberships lie near a boundary, shape as `memberships.members`.
        net_amount: of all time, in ten-thousandths, shape (n,).
        year_amount: of the last year or the longest window within it, likewise.
        contact_count: contacts of the last days.
        definitions: rows of `segments.definition` by segment.
    """

    memberships: Memberships
    is_border: npt.NDArray[np.bool_]
    net_amount: Ints
    year_amount: Ints
    contact_count: Ints
    definitions: Mapping[str, dict[str, Any]]

    @property
    def count(self) -> int:
        """All customers."""
        return len(self.net_amount)

    def groups(self) -> dict[str, Ints]:
        """Positions of the segments of each segmentation."""
        names = [self.definitions[key]["segmentation_id"] for key in self.memberships.segment_ids]
        return {name: np.flatnonzero([one == name for one in names]) for name in dict.fromkeys(names)}

    def everybody(self) -> dict[str, int]:
        """Customers who are in any segment of each segmentation."""
        found = {}
        for name, places in self.groups().items():
            is_of = np.isin(np.arange(len(self.memberships.segment_ids)), places)
            kept = self.memberships.where(is_of[self.memberships.members])
            found[name] = int((np.diff(kept.starts) > 0).sum())
        return found


def read_customers(run: Run, policy: OverlapPolicy) -> Customers:
    """The customers of a run; those of the previous run can be read after it."""
    warehouse = run.warehouse
    definitions = {
        row["segment_id"]: row
        for row in warehouse.records(
            f"SELECT * EXCLUDE (as_of_date, run_id) FROM segments.definition WHERE run_id = {literal(run.run_id)}"
            " AND status_name = 'active' ORDER BY segment_id"
        )
    }
    warehouse.execute(
        f"CREATE OR REPLACE TEMP TABLE {_SEGMENTS} AS SELECT segment_id, (row_number() OVER (ORDER BY segment_id) - 1)"
        f"::INTEGER AS number, CASE segmentation_id{_limits(run, policy)} END AS border_share"
        f" FROM segments.definition WHERE run_id = {literal(run.run_id)} AND status_name = 'active'"
    )
    year = run.workspace.features.year_amount
    warehouse.execute(
        f"CREATE OR REPLACE TEMP TABLE {_CUSTOMERS} AS"
        " SELECT customer_id, (row_number() OVER (ORDER BY customer_id) - 1)::INTEGER AS number,"
        f" {_scaled('net_amount')} AS net_amount, {_scaled(year)} AS year_amount"
        f" FROM features.customer_value WHERE run_id = {literal(run.run_id)}"
    )
    values = warehouse.frame(f"SELECT net_amount, year_amount FROM {_CUSTOMERS} ORDER BY number")
    memberships, is_border = _memberships(run, run.run_id, tuple(definitions), values.height)
    return Customers(
        memberships,
        is_border,
        values.get_column("net_amount").to_numpy(),
        values.get_column("year_amount").to_numpy(),
        _contacts(run, values.height, policy),
        definitions,
    )


def read_before(run: Run, customers: Customers) -> Before | None:
    """The previous run, in the numbers of this one; None where there is none."""
    if run.previous is None:
        return None
    segments, previous = customers.memberships.segment_ids, run.previous.run_id
    memberships, _ = _memberships(run, previous, segments, customers.count)
    numbers = run.warehouse.frame(
        f"SELECT now.number FROM features.customer_value AS earlier JOIN {_CUSTOMERS} AS now USING (customer_id)"
        f" WHERE earlier.run_id = {literal(previous)}"
    )
    is_common = np.zeros(customers.count, dtype=bool)
    is_common[numbers.get_column("number").to_numpy()] = True
    defined = run.warehouse.rows(
        "SELECT segment_id FROM segments.definition WHERE run_id = $run AND status_name = 'active'", {"run": previous}
    )
    earlier = {segment for (segment,) in defined}
    return Before(
        memberships,
        is_common,
        np.array([segment in earlier for segment in segments], dtype=bool),
        _jaccard_before(run, previous, len(segments)),
    )


def _jaccard_before(run: Run, previous: str, width: int) -> npt.NDArray[np.float64]:
    """NaN where a pair was not measured then."""
    one, other = upper_triangle(width)
    square = np.full((width, width), np.nan)
    if run.warehouse.table_exists("monitoring.overlap"):
        rows = run.warehouse.frame(
            f"SELECT a.number AS a, b.number AS b, jaccard_share FROM monitoring.overlap JOIN {_SEGMENTS} AS a"
            f" ON segment_id_a = a.segment_id JOIN {_SEGMENTS} AS b ON segment_id_b = b.segment_id"
            f" WHERE run_id = {literal(previous)}"
        )
        square[rows.get_column("a").to_numpy(), rows.get_column("b").to_numpy()] = rows.get_column(
            "jaccard_share"
        ).to_numpy()
    return np.asarray(square[one, other], dtype=np.float64)


def _memberships(
    run: Run, run_id: str, segments: tuple[str, ...], count: int
) -> tuple[Memberships, npt.NDArray[np.bool_]]:
    """Rows of a run's memberships, and which of them lie near a boundary."""
    width = max(len(segments), 1)
    kind = "INTEGER" if 2 * width * count < 2**31 else "BIGINT"
    # A membership is a number: twice customer and segment, and one more near a boundary.
    keys = (
        run.warehouse.frame(
            f"SELECT CAST(2 * (customer.number::BIGINT * {width} + segment.number) + (member.rival_segment_id IS NOT"
            f" NULL AND member.strength_share < segment.border_share IS TRUE)::INTEGER AS {kind}) AS key"
            f" FROM segments.membership AS member JOIN {_CUSTOMERS} AS customer USING (customer_id)"
            f" JOIN {_SEGMENTS} AS segment USING (segment_id) WHERE member.run_id = {literal(run_id)}"
        )
        .get_column("key")
        .to_numpy()
        .copy()
    )
    keys.sort()
    is_border = (keys & 1).astype(bool)
    keys >>= 1
    rows = keys // width
    starts = np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=count), dtype=np.int64)))
    return Memberships(segments, starts, (keys - rows * width).astype(np.int32)), is_border


def _limits(run: Run, policy: OverlapPolicy) -> str:
    """The branches of a CASE: how near to a boundary is near, by segmentation."""
    return "".join(
        f" WHEN {literal(name)} THEN {policy.border_chance if _is_chance(run, name) else policy.border_margin}::DOUBLE"
        for name in run.workspace.segmentations
    )


def _is_chance(run: Run, name: str) -> bool:
    """Whether a segmentation's strength is the chance of belonging there, instead of a distance."""
    segmentation = run.workspace.segmentations[name]
    return isinstance(segmentation, ClustersSegmentation) and segmentation.strength_is_chance


def _contacts(run: Run, count: int, policy: OverlapPolicy) -> Ints:
    found = np.zeros(count, dtype=np.int64)
    rows = run.warehouse.frame(
        "SELECT customer.number, count(*) AS contact_count"
        f" FROM staging.campaign_contacts JOIN {_CUSTOMERS} AS customer USING (customer_id)"
        f" WHERE contacted_at >= {literal(run.as_of)} + 1 - INTERVAL {policy.contact_days} DAY GROUP BY customer.number"
    )
    found[rows.get_column("number").to_numpy()] = rows.get_column("contact_count").to_numpy()
    return found


def _scaled(column: str) -> str:
    return f"CAST(coalesce(CAST({identifier(column)} AS DECIMAL(18, 4)), 0) * {AMOUNT_SCALE} AS BIGINT)"
