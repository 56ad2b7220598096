"""What is wrong on purpose, how often, and what a good reader does with it.

Owns: the kinds of defects, their number and whom they hit. Does not own how a bad row looks (`bad_rows.py`), nor the
counts that depend on what was drawn (exact duplicates: `sales_exports.py` and `visits.py` count them).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tasks.demo.draws import Flags, Ints

#: What becomes of a defect: the row or only the value is refused, one of two equal rows is dropped, or it is let in
#: because no rule of a single row can know better.
Outcome = Literal["row_quarantined", "value_blanked", "deduplicated", "kept"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of defect; `column` is the entity column that is wrong (None: the row as a whole)."""

    name: str
    source: str
    column: str | None
    outcome: Outcome
    #: A demo of fewer has so few rows of the source that one refused row would stop its runs, and is not planted.
    fewest_customers: int = 0


#: Whom these hit, and what is drawn for them, hangs on their number: later kinds stand for themselves below.
FIRST_KINDS: tuple[Kind, ...] = (
    Kind("birth_1893", "crm", "birth_date", "value_blanked"),
    Kind("income_666666", "crm", "income_amount", "kept"),
    Kind("duplicate_record", "crm", None, "deduplicated"),
    Kind("unparsable_date", "web_orders", "ordered_at", "row_quarantined"),
    Kind("unparsable_quantity", "web_orders", "quantity", "row_quarantined"),
    Kind("negative_price", "web_orders", "unit_price_amount", "row_quarantined"),
    Kind("missing_order_id", "web_orders", "order_id", "row_quarantined"),
    Kind("event_2099", "web_orders", "ordered_at", "row_quarantined"),
    Kind("event_1893", "web_orders", "ordered_at", "row_quarantined"),
    Kind("too_many_columns", "web_orders", None, "row_quarantined"),
    Kind("unknown_customer", "web_orders", "customer_id", "kept"),
    Kind("exact_duplicate", "web_orders", None, "deduplicated"),
    Kind("negative_price", "store_tickets", "unit_price_amount", "row_quarantined"),
    Kind("missing_order_id", "store_tickets", "order_id", "row_quarantined"),
    Kind("event_2099", "store_tickets", "ordered_at", "row_quarantined"),
    Kind("event_1893", "store_tickets", "ordered_at", "row_quarantined"),
    Kind("exact_duplicate", "store_tickets", None, "deduplicated"),
    Kind("rating_out_of_range", "feedback", "rating", "value_blanked"),
    Kind("missing_customer", "feedback", "customer_id", "row_quarantined", fewest_customers=500),
    Kind("unparsable_date", "consents", "decided_at", "row_quarantined"),
    Kind("unknown_decision", "consents", "is_given", "row_quarantined"),
    Kind("missing_customer", "consents", "customer_id", "row_quarantined"),
    Kind("duplicate_record", "consents", None, "deduplicated"),
)
LATER_KINDS: tuple[Kind, ...] = (
    Kind("unparsable_date", "visits", "happened_at", "row_quarantined"),
    Kind("negative_duration", "visits", "duration_seconds", "value_blanked"),
    Kind("exact_duplicate", "visits", None, "deduplicated"),
    Kind("missing_customer", "survey", "customer_id", "row_quarantined", fewest_customers=300),
    Kind("code_99", "survey", "answers", "kept"),
    Kind("negative_cost", "service_costs", "cost_amount", "row_quarantined", fewest_customers=300),
    Kind("missing_customer", "address_data", "customer_id", "row_quarantined"),
)
KINDS: tuple[Kind, ...] = (*FIRST_KINDS, *LATER_KINDS)
#: One bad row of every kind per so many customers, and at least one where the demo is large enough for the kind.
_CUSTOMERS_PER_DEFECT = 5000


@dataclass(frozen=True, slots=True)
class DefectPlan:
    """Whom the defects hit in a demo of so many customers."""

    customers: int

    @property
    def rows_each(self) -> int:
        """Bad rows of every kind that is planted by host (all but exact duplicates of order lines)."""
        return max(1, self.customers // _CUSTOMERS_PER_DEFECT)

    def rows_of(self, kind: Kind) -> int:
        """Bad rows of this kind, if it is planted by host."""
        return self.rows_each if self.customers >= kind.fewest_customers else 0

    def hosts(self, name: str, source: str, first: int, last: int) -> Ints:
        """Numbers of the customers from `first` to `last` whose data carry this defect; no two kinds meet."""
        stride = self.customers // self.rows_each
        kind = next(index for index, one in enumerate(KINDS) if (one.name, one.source) == (name, source))
        later = kind - len(FIRST_KINDS)
        # The later kinds hit customers half-way between those of the first.
        place = 2 * kind if later < 0 else 2 * later + 1
        start = 1 + place * stride // (2 * len(FIRST_KINDS))
        hosts = start + stride * np.arange(self.rows_of(KINDS[kind]), dtype=np.int64)
        return hosts[(hosts >= first) & (hosts <= last)]

    def is_host(self, name: str, number: Ints) -> Flags:
        """Which customers' CRM records carry this defect."""
        return np.isin(number, self.hosts(name, "crm", 1, self.customers))
