"""What the accounting department books per day for the web shop and the tills.

Owns: adding up the good lines of both systems, and the export of it. Accounting takes its figures from payments, not
from the exports, so it knows nothing of rows that are bad or written twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from tasks.demo import story
from tasks.demo.bad_rows import BadText
from tasks.demo.draws import Ints
from tasks.demo.lines import Lines
from tasks.demo.orders import STORE, Orders
from tasks.demo.spelling import dates

#: As accounting calls the two systems, tills first.
SYSTEMS = ("tills", "webshop")
_DAY_SECONDS = 86_400
#: A day is closed a minute before it ends.
_CLOSING_TIME = (23, 59)


def _nothing() -> Ints:
    return np.zeros((len(SYSTEMS), story.DAYS), dtype=np.int64)


@dataclass(slots=True)
class Takings:
    """Sums by system and day, of all chunks of customers; amounts in cents."""

    documents: Ints = field(default_factory=_nothing)
    positions: Ints = field(default_factory=_nothing)
    cents: Ints = field(default_factory=_nothing)

    def add(self, orders: Orders, lines: Lines) -> None:
        """Book the lines of one chunk of customers; a cancellation or return is a document of its own."""
        system = (orders.channel[lines.order] != STORE).astype(np.int64)
        place = system * story.DAYS + lines.at // _DAY_SECONDS
        amount = lines.quantity * lines.unit_cents - lines.discount_cents
        documents = np.unique(np.stack([place, lines.order, lines.kind]), axis=1)[0]
        self.documents += self._by_day(documents)
        self.positions += self._by_day(place)
        np.add.at(self.cents, (system, lines.at // _DAY_SECONDS), amount)

    def add_strangers(self, rows: list[BadText]) -> None:
        """Book web orders of customers whom the CRM does not know: they have paid like others."""
        web = SYSTEMS.index("webshop")
        for row in rows:
            if row.paid is not None:
                day, cents = row.paid
                self.documents[web, day] += 1
                self.positions[web, day] += 1
                self.cents[web, day] += cents

    def frame(self) -> pl.DataFrame:
        """One row per system and day, by day; a day without sales too."""
        day = np.tile(np.arange(story.DAYS, dtype=np.int64), len(SYSTEMS))
        booked = pl.DataFrame(
            {
                "day": dates(day),
                "system": np.repeat(SYSTEMS, story.DAYS),
                "documents": self.documents.ravel(),
                "positions": self.positions.ravel(),
                "net": self.cents.ravel() / 100.0,
            }
        )
        closed = pl.col("day").dt.combine(pl.time(*_CLOSING_TIME)).alias("closed_at")
        return booked.with_columns(closed).sort("day", "system")

    @staticmethod
    def _by_day(place: Ints) -> Ints:
        return np.bincount(place, minlength=len(SYSTEMS) * story.DAYS).reshape(len(SYSTEMS), story.DAYS)
