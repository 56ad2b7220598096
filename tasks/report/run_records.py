"""What a report says of the run: its state, rows, checks and loads, as plain records.

Owns: the shape of these records. Does not own: reading them (`read_run.py`, `read_quality.py`).

Counts are rows, shares are 0-1. A figure that is not known is None and printed as a dash.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

RunState = Literal["published", "unpublished", "gate_failed", "failed"]
Importance = Literal["alarm", "warning", "note"]
Amount = Decimal | float


@dataclass(frozen=True, slots=True)
class PublicationFacts:
    """A publication that readers have: its date, run, time of publishing, and age in days at the run's as-of date."""

    as_of: dt.date
    run_id: str
    published_at: dt.datetime | None
    age_days: int


@dataclass(frozen=True, slots=True)
class RunFacts:
    """Which run this is, and how it stands.

    Attributes:
        state: `published`; `unpublished`: nothing failed, and nothing is published yet; `gate_failed`; `failed`.
        message: why it stopped, in words.
        standing: the newest publication, where it is not this run's.
        previous_as_of: date of the publication that this run is compared with; None on the first run.
    """

    workspace_name: str
    workspace_description: str
    as_of: dt.date
    known_as_of: dt.datetime | None
    run_id: str
    attempt_id: str
    started_at: dt.datetime | None
    state: RunState
    message: str | None
    standing: PublicationFacts | None
    previous_as_of: dt.date | None
    previous_run_id: str | None
    code_version: str
    workspace_digest: str


@dataclass(frozen=True, slots=True)
class Totals:
    """Size of the whole: customers, orders, and their net amount."""

    customer_count: int | None
    order_count: int | None
    net_amount: Amount | None


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """What became of the rows of one source, over all loads that the run sees; read = loaded + quarantined."""

    source_name: str
    entity_name: str
    load_count: int
    new_load_count: int
    read_count: int
    loaded_count: int
    quarantined_count: int
    blanked_count: int

    @property
    def quarantined_share(self) -> float:
        """Share of the rows read that were kept out (0-1)."""
        return self.quarantined_count / self.read_count if self.read_count else 0.0


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """A table that readers find, and its rows."""

    name: str
    row_count: int


@dataclass(frozen=True, slots=True)
class AlertNote:
    """An alert that the run raised."""

    severity: str
    kind: str
    subject: str
    message: str


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check of one table, in words; `is_success` is None where it was not run, and `observed` says why.

    `mostly_share` is the share of the rows (0-1) that suffices, None for all; `consequence`, `owner` and `runbook` are
    empty where the suite names none.
    """

    door: str
    table_name: str
    expectation_name: str
    column_name: str
    severity: str
    is_success: bool | None
    meaning: str
    mostly_share: float | None
    consequence: str
    owner: str
    runbook: str
    observed: str
    element_count: int | None
    unexpected_count: int | None
    examples: tuple[str, ...]

    @property
    def is_in_words(self) -> bool:
        """Whether `observed` says what wrong rows say, which are the check's own: how many there are says nothing."""
        return bool(self.unexpected_count and self.observed)


@dataclass(frozen=True, slots=True)
class QuarantineExample:
    """A value that broke a rule, fit to be shown, and where to find it."""

    value: str
    file_name: str
    row_number: int | None


@dataclass(frozen=True, slots=True)
class QuarantineReason:
    """Rows or values kept out for one reason."""

    source_name: str
    entity_name: str
    column_name: str
    reason: str
    action: str
    problem_count: int
    examples: tuple[QuarantineExample, ...]


@dataclass(frozen=True, slots=True)
class LoadFacts:
    """One load and its file."""

    load_no: int
    source_name: str
    entity_name: str
    file_name: str
    file_sha256: str
    loaded_at: dt.datetime | None
    read_count: int
    loaded_count: int
    quarantined_count: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence on something to look at, and the section that shows it."""

    importance: Importance
    text: str
    anchor: str
