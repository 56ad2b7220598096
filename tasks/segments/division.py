"""What dividing customers by one segmentation takes and gives, whatever its kind.

Owns: `Job` and `Division`, and where a segmentation's members wait for the others. Does not own any kind (`divide.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tasks.config.errors import StatisticsError
from tasks.config.resolving import Resolved
from tasks.config.segment import Segment
from tasks.segments.definitions import Definition
from tasks.warehouse.catalogue import KEY, Catalogue
from tasks.warehouse.connection import literal
from tasks.warehouse.reading import features_of
from tasks.warehouse.run import Run

#: A temporary table a segmentation; they become `segments.membership` together.
MEMBERS = "members_of_{}"
#: What stands for the rule of the segment of all others.
OTHERWISE = "otherwise"


@dataclass(frozen=True, slots=True)
class Division:
    """What dividing gave.

    Attributes:
        definitions: its segments.
        note: what is said to the reader.
        model: a row of `segments.model`.
        versions: rows of `segments.model_version`.
        contents: what is in versions that came up in this run, by their ids.
        refusal: why there was nothing to divide by; None: there was.
    """

    definitions: list[Definition]
    note: str
    model: dict[str, object] | None = None
    versions: Sequence[Mapping[str, object]] = ()
    contents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One segmentation to divide the customers of a run by."""

    run: Run
    catalogue: Catalogue
    name: str

    @property
    def resolved(self) -> Resolved:
        """The segmentation's population and rules in SQL."""
        return self.run.workspace.resolved[self.name]

    @property
    def customers(self) -> str:
        """SQL for a FROM: the customers who are segmented, with the features that they are segmented by."""
        return self._customers_of(self.run.run_id)

    def customers_inside(self, segment: str | None) -> str:
        """The same, of whom only the members of a segment of an earlier segmentation; None: all of them.

        Where that segmentation waits to be written, its members are those that wait; between runs, those that were
        published.
        """
        if segment is None:
            return self.customers
        waiting = MEMBERS.format(segment.partition(".")[0])
        found = "SELECT count(*) FROM duckdb_tables() WHERE temporary AND table_name = $name"
        relation = waiting if self.run.warehouse.value(found, {"name": waiting}) else "segments.membership"
        of_run = "" if relation == waiting else f" AND run_id = {literal(self.run.run_id)}"
        return _inside(self.customers, f"{relation} WHERE segment_id = {literal(segment)}{of_run}")

    def customers_then(self, run_id: str, segment: str | None) -> str:
        """The same of an earlier run, as it was published."""
        customers = self._customers_of(run_id)
        if segment is None:
            return customers
        of_run = f"segment_id = {literal(segment)} AND run_id = {literal(run_id)}"
        return _inside(customers, f"segments.membership WHERE {of_run}")

    def _customers_of(self, run_id: str) -> str:
        # Of the others the themes would be joined for nothing: a row of each customer and theme.
        relation = self.catalogue.relation(run_id, features_of(self.run.workspace, self.name))
        population = self.resolved.population
        return f"(SELECT * FROM {relation} WHERE ({population}))" if population else relation

    def refuse_nobody(self) -> None:
        """Say that the population is empty, of which nothing can be learnt, rather than that its features are unknown.

        Raises:
            StatisticsError: it is.
        """
        population = self.resolved.population
        if population and not self.run.warehouse.value(f"SELECT count(*) FROM {self.customers}"):
            raise StatisticsError(f"nobody is in its population, {population}")

    def keep(self, select: str) -> None:
        """Keep the members.

        Columns: segmentation_id, segment_id, customer_id, strength_share, reason, rival_segment_id, centre_distance.
        """
        self.run.warehouse.execute(f"CREATE OR REPLACE TEMP TABLE {MEMBERS.format(self.name)} AS {select}")

    def refused(
        self, why: str, otherwise: Segment | None = None, versions: Sequence[Mapping[str, object]] = ()
    ) -> Division:
        """Nothing to divide by is a finding, not a failure: all are in `otherwise`, and other segmentations go on."""
        key = otherwise.id if otherwise else ""
        self.keep(
            f"SELECT {literal(self.name)} AS segmentation_id, {literal(f'{self.name}.{key}')} AS segment_id, {KEY},"
            f" 1.0::DOUBLE AS strength_share, {literal(why)} AS reason, NULL::VARCHAR AS rival_segment_id,"
            " NULL::DOUBLE AS centre_distance"
            f" FROM {self.customers} WHERE {'true' if otherwise else 'false'}"
        )
        listed = [Definition(otherwise.id, otherwise.name, otherwise.description, OTHERWISE)] if otherwise else []
        return Division(listed, f"refused: {why}", versions=versions, refusal=why)


def _inside(customers: str, members: str) -> str:
    return f"(SELECT * FROM {customers} WHERE {KEY} IN (SELECT {KEY} FROM {members}))"
