"""Which runs a publication shows.

Owns: the names that `sql/published` models use for runs. Does not own the models.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from tasks.warehouse import ledger
from tasks.warehouse.connection import literal
from tasks.warehouse.ledger import Publication
from tasks.warehouse.models import SqlModel, load_models
from tasks.warehouse.run import Run


@dataclass(frozen=True, slots=True)
class Scope:
    """The published runs up to a date, oldest first; the last is the current one."""

    runs: tuple[Publication, ...]

    @property
    def current(self) -> Publication:
        """The run whose customers are the present ones."""
        return self.runs[-1]

    def until(self, as_of: dt.date) -> Scope:
        """What a reader at that date would have had."""
        return Scope(tuple(run for run in self.runs if run.as_of <= as_of))

    def models(self, run: Run) -> list[SqlModel]:
        """The published models over these runs."""
        rows = " UNION ALL ".join(
            f"SELECT {literal(item.as_of)} AS as_of_date, {literal(item.run_id)} AS run_id" for item in self.runs
        )
        return load_models(
            "published",
            as_of=self.current.as_of,
            features=run.workspace.features,
            extra=run.sql_folder,
            values={
                "current_run": literal(self.current.run_id),
                "current_as_of": literal(self.current.as_of),
                "listed_runs": ", ".join(literal(item.run_id) for item in self.runs),
                "runs_until": rows,
            },
        )


def scope_with(run: Run) -> Scope:
    """What is published already, with this run as the one of its date."""
    others = [item for item in ledger.publications(run.warehouse) if item.as_of != run.as_of]
    mine = Publication(run.as_of, run.run_id)
    return Scope(tuple(sorted([*others, mine], key=lambda item: item.as_of)))
