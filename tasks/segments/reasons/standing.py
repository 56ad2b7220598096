"""Where one customer stands in one published segmentation, and what its segments ask for.

Owns: reading that from `segments` and `features` of a published run, so that what is explained is what is published
and not what the workspace says by now. Does not own any explanation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import sqlglot
from sqlglot import exp

from tasks.config.errors import UsageError
from tasks.segments.division import OTHERWISE
from tasks.warehouse.catalogue import KEY, Catalogue
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.ledger import Publication

Definition = Mapping[str, Any]
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Standing:
    """A customer in a segmentation of a published run.

    Attributes:
        warehouse: open; nothing is written.
        catalogue: the features that there are.
        run_id: the published run.
        name: the segmentation.
        customer_id: the customer.
        values: his features.
        definitions: the segments in use, in the order in which they are tried.
        memberships: his rows of `segments.membership`; none where he is in no segment.
    """

    warehouse: Warehouse
    catalogue: Catalogue
    run_id: str
    name: str
    customer_id: str
    values: Values
    definitions: tuple[Definition, ...]
    memberships: tuple[Mapping[str, Any], ...]

    @property
    def kind(self) -> str:
        """Such as ``rules``."""
        return str(self.definitions[0]["kind_name"])

    @property
    def is_multiple(self) -> bool:
        """Whether a customer may be in several segments."""
        return bool(self.definitions[0]["is_multiple"])

    @property
    def population(self) -> str | None:
        """Condition of who is divided at all; None: everybody."""
        text: str | None = self.definitions[0]["population_text"]
        return text

    @cached_property
    def asked(self) -> dict[str, Any]:
        """What the workspace asked for, see `asked.py`."""
        found: dict[str, Any] = json.loads(self.definitions[0]["asked_text"])
        return found

    @cached_property
    def own(self) -> frozenset[str]:
        """Segments that he is in."""
        return frozenset(row["segment_id"] for row in self.memberships)

    @cached_property
    def by_id(self) -> dict[str, Definition]:
        """Definitions by segment."""
        return {row["segment_id"]: row for row in self.definitions}

    @property
    def rules(self) -> list[Definition]:
        """Segments with a condition in SQL, in the order in which they are tried; those of other kinds have none."""
        has_rules = self.kind in {"rules", "cuts", "values"}
        return [row for row in self.definitions if row["rule_text"] != OTHERWISE] if has_rules else []

    @property
    def fallback(self) -> str | None:
        """The segment of all others; None where there is none."""
        return next((row["segment_id"] for row in self.definitions if row["rule_text"] == OTHERWISE), None)

    @property
    def everybody(self) -> str:
        """SQL for a FROM: all customers of the run with the features that decide."""
        return self.catalogue.relation(self.run_id, self.features)

    @cached_property
    def types(self) -> dict[str, str]:
        """DuckDB's type of each feature."""
        return dict(self.warehouse.columns(f"SELECT * FROM {self.everybody}"))

    @cached_property
    def features(self) -> list[str]:
        """Features that decide, in the order of the catalogue."""
        texts = [self.population, *(row["rule_text"] for row in self.rules)]
        found = {name for text in texts if text for name in columns_of(text)}
        found |= {self.asked[key] for key in ("feature", "recency", "frequency", "monetary") if key in self.asked}
        found |= set(self.asked.get("features", ()))
        if self.learnt_from is not None:
            # Who answers, and how, is asked first.
            found |= set(self.learnt_from.features)
        return [name for name in self.catalogue.features if name in found]

    @cached_property
    def is_divided(self) -> bool:
        """Whether he is of the population."""
        if self.population is None:
            return True
        return bool(
            self.warehouse.value(
                f"SELECT count(*) FROM {self.everybody} WHERE {KEY} = $customer AND ({self.population})",
                {"customer": self.customer_id},
            )
        )

    @property
    def divided(self) -> str:
        """SQL for a FROM: the customers who are divided."""
        return f"(SELECT * FROM {self.everybody} WHERE ({self.population}))" if self.population else self.everybody

    @cached_property
    def learnt_from(self) -> Standing | None:
        """Of a projected segmentation, where he stands in the one whose segments it gives."""
        if self.kind != "projected":
            return None
        name = self.asked["of"]
        return replace(
            self,
            name=name,
            definitions=_definitions(self.warehouse, self.run_id, name),
            memberships=_memberships(self.warehouse, self.run_id, self.customer_id, name),
        )

    def model(self) -> dict[str, Any] | None:
        """The model in use by the run, as plain data; None where there is none."""
        text = self.warehouse.value(
            "SELECT model_json FROM segments.model WHERE run_id = $run_id AND segmentation_id = $name",
            {"run_id": self.run_id, "name": self.name},
        )
        return None if text is None else json.loads(text)


def columns_of(condition: str) -> set[str]:
    """Names of the features in a condition."""
    return {column.name for column in sqlglot.parse_one(condition, dialect="duckdb").find_all(exp.Column)}


def standings(
    warehouse: Warehouse, catalogue: Catalogue, current: Publication, customer_id: str, names: list[str] | None = None
) -> list[Standing]:
    """A customer in every segmentation of a published run, or in those named, by their ids.

    Raises:
        UsageError: there is no such customer or segmentation, or an earlier version published the run.
    """
    rows = _definitions(warehouse, current.run_id)
    if any(row.get("asked_text") is None for row in rows):
        raise UsageError(
            f"the run of {current.as_of} was published by an earlier version, which kept less of its definitions",
            hint="run `resegment run` once more",
        )
    listed = sorted({row["segmentation_id"] for row in rows})
    for name in names or []:
        if name not in listed:
            raise UsageError(f"there is no published segmentation {name!r}", hint=f"there are {', '.join(listed)}")
    features = warehouse.records(
        f"SELECT * FROM {catalogue.relation(current.run_id)} WHERE {KEY} = $c", {"c": customer_id}
    )
    if not features:
        raise UsageError(
            f"there is no customer {customer_id!r} as of {current.as_of}",
            hint="ids are written as in published.customer_segment; a customer of a later date is not seen yet",
        )
    members = _memberships(warehouse, current.run_id, customer_id)
    return [
        Standing(
            warehouse,
            catalogue,
            current.run_id,
            name,
            customer_id,
            features[0],
            tuple(row for row in rows if row["segmentation_id"] == name),
            tuple(row for row in members if row["segmentation_id"] == name),
        )
        for name in (names or listed)
    ]


def _definitions(warehouse: Warehouse, run_id: str, name: str | None = None) -> tuple[Definition, ...]:
    """Segments in use, those of a segmentation in the order in which they are tried."""
    known = {column for column, _ in warehouse.columns("SELECT * FROM segments.definition")}
    return tuple(
        warehouse.records(
            "SELECT * FROM segments.definition WHERE run_id = $run_id AND status_name = 'active'"
            " AND segmentation_id = coalesce($name, segmentation_id)"
            f" ORDER BY segmentation_id, {'segment_no, ' if 'segment_no' in known else ''}segment_id",
            {"run_id": run_id, "name": name},
        )
    )


def _memberships(
    warehouse: Warehouse, run_id: str, customer_id: str, name: str | None = None
) -> tuple[Mapping[str, Any], ...]:
    return tuple(
        warehouse.records(
            "SELECT * FROM segments.membership WHERE run_id = $run_id AND customer_id = $customer"
            " AND segmentation_id = coalesce($name, segmentation_id) ORDER BY segment_id",
            {"run_id": run_id, "customer": customer_id, "name": name},
        )
    )
