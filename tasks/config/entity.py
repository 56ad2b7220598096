"""What an entity is made of: its columns, their types, classes and hard rules, and the kinds of columns there are.

Owns: the building blocks. Does not own the entities (`entities.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tasks.config.privacy_class import PrivacyClass

#: What happens to a row whose value breaks a hard rule: the row is quarantined, or only the value is blanked and noted.
OnBreak = Literal["row", "value"]

ID = "VARCHAR"
TEXT = "VARCHAR"
MONEY = "DECIMAL(18,4)"
AT = "TIMESTAMP"

#: Events before this are a defect of the source: no system that exports orders is older. The day before it is the
#: epoch, which systems write, in whatever time zone, where they know no time.
EARLIEST_EVENT = "1970-01-02"
#: The day before it is what systems write where they know no day of birth. How old is too old, the as-of day says:
#: `sql/staging/customers.sql`.
EARLIEST_BIRTH = "1900-01-02"


@dataclass(frozen=True, slots=True)
class HardRule:
    """A condition that every accepted value meets; `condition` is SQL over the entity's columns and `$loaded_at`."""

    condition: str
    expected: str
    on_break: OnBreak = "row"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an entity; `rule` is checked where the value is not null, `privacy` is what it is at least."""

    name: str
    type: str
    meaning: str
    required: bool = False
    rule: HardRule | None = None
    privacy: PrivacyClass = "plain"


@dataclass(frozen=True, slots=True)
class Entity:
    """A canonical table.

    Attributes:
        name: of the table.
        row: what one row is.
        key: columns that identify a row.
        event_time: when the fact became true; None: always known.
        columns: all of them, in the order of the table.
        occasion: the column whose rows come together, so that they are one event to statistics: the lines of an order.
            None: each row comes by itself.
    """

    name: str
    row: str
    key: tuple[str, ...]
    event_time: str | None
    columns: tuple[Column, ...] = field(default_factory=tuple)
    occasion: str | None = None

    def column(self, name: str) -> Column:
        """The column of that name; KeyError where there is none."""
        return next(column for column in self.columns if column.name == name)

    def is_person(self, name: str) -> bool:
        """Whether the column holds the id of a person, which `privacy.pseudonymise` replaces."""
        return self.column(name).privacy == "identifier"

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names in the order of the table."""
        return tuple(column.name for column in self.columns)

    @property
    def required_names(self) -> tuple[str, ...]:
        """Columns that every source must map and every row must have."""
        return tuple(column.name for column in self.columns if column.required)


def event(name: str, meaning: str, *, required: bool) -> Column:
    """A moment: of a required one a break keeps the row out."""
    rule = HardRule(
        f"{name} >= TIMESTAMP '{EARLIEST_EVENT}' AND {name} <= $loaded_at + INTERVAL 1 DAY",
        f"a time from {EARLIEST_EVENT} to the day of loading",
        "row" if required else "value",
    )
    return Column(name, AT, meaning, required=required, rule=rule)


def day(name: str, meaning: str) -> Column:
    """A day that is not before all events."""
    rule = HardRule(f"{name} >= DATE '{EARLIEST_EVENT}'", f"a day from {EARLIEST_EVENT} on", "value")
    return Column(name, "DATE", meaning, rule=rule)


def not_negative(name: str, type_: str, meaning: str, *, on_break: OnBreak = "value") -> Column:
    """A number of zero or more."""
    return Column(name, type_, meaning, rule=HardRule(f"{name} >= 0", "zero or more", on_break))


def share(name: str, meaning: str) -> Column:
    """A share from 0 to 1."""
    return Column(name, "DOUBLE", meaning, rule=HardRule(f"{name} BETWEEN 0 AND 1", "a share from 0 to 1", "value"))


def identity(name: str, meaning: str, *, required: bool = True, privacy: PrivacyClass = "plain") -> Column:
    """An id of 1 to 200 characters."""
    rule = HardRule(f"length({name}) BETWEEN 1 AND 200", "an id of 1 to 200 characters")
    return Column(name, ID, meaning, required=required, rule=rule, privacy=privacy)


def person(meaning: str, *, required: bool = True) -> Column:
    """The id of a customer."""
    return identity("customer_id", meaning, required=required, privacy="identifier")


def contact(name: str, meaning: str) -> Column:
    """Contact data of a person."""
    return Column(name, TEXT, meaning, privacy="contact")
