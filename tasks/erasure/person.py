"""Who is meant, and the texts by which he is known wherever they stand.

Owns: finding a customer by the company's own id or by his pseudonym, and the contact values that tell him from others.
Does not own which rows are his (`holdings.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tasks.config.entities import ENTITIES
from tasks.config.errors import UsageError
from tasks.config.pseudonym import is_pseudonym, pseudonym
from tasks.config.telling import is_telling, spellings
from tasks.config.workspace import Workspace
from tasks.erasure.striking import pattern
from tasks.warehouse.catalogue import KEY
from tasks.warehouse.connection import Warehouse, identifier, literal

PSEUDONYMS = "raw.pseudonym"
#: What a person wrote himself; others may write of him in theirs.
FREE_TEXTS = ("comment_text",)
_TOLD = 5


@dataclass(frozen=True, slots=True)
class Person:
    """A customer under all his names.

    Attributes:
        own_id: the company's own id.
        published_id: the id right of `raw`: his pseudonym, or `own_id`.
    """

    own_id: str
    published_id: str

    @property
    def ids(self) -> tuple[str, ...]:
        """Both, each once."""
        return tuple(dict.fromkeys((self.own_id, self.published_id)))


@dataclass(frozen=True, slots=True)
class Words:
    """Texts by which persons are known.

    Attributes:
        telling: each in every spelling; what is searched for and struck out.
        value_count: how many different values they are.
        untold_count: ids and contact values that stand in other places, too, or would by chance: others have the same,
            or they are short. They are taken out with the person's rows, and are searched for nowhere else.
    """

    telling: tuple[str, ...]
    value_count: int
    untold_count: int


def person_of(warehouse: Warehouse, workspace: Workspace, asked: str) -> Person:
    """The person behind an id as it was asked for.

    Raises:
        UsageError: it is a pseudonym that leads to nobody.
        WorkspaceError: ids are pseudonymised, and the key is missing or too short.
    """
    key = workspace.pseudonym_key()
    if key is None:
        return Person(asked, asked)
    if not is_pseudonym(asked):
        return Person(asked, pseudonym(key, asked))
    found = (
        warehouse.rows(f"SELECT {KEY} FROM {PSEUDONYMS} WHERE pseudonym = $asked", {"asked": asked})
        if warehouse.table_exists(PSEUDONYMS)
        else []
    )
    if not found:
        raise unknown([asked])
    return Person(found[0][0], asked)


def unknown(asked: Sequence[str]) -> UsageError:
    """The error that nobody is known by some ids."""
    listed = ", ".join(repr(one) for one in asked[:_TOLD]) + (
        f" and {len(asked) - _TOLD} more" if len(asked) > _TOLD else ""
    )
    return UsageError(
        f"nothing is held of {listed}; nothing was changed",
        hint="ids are written as in the source files, or as pseudonyms in published.customer_segment; a file that has"
        " not been loaded yet is not looked at",
    )


def words_of(warehouse: Warehouse, workspace: Workspace, persons: Sequence[Person]) -> Words:
    """The texts by which persons are known: their ids, and contact values that nobody else has.

    Args:
        warehouse: with the temporary table of their ids (`holdings.mark`).
        workspace: whose own words are nobody's name.
        persons: who is meant.
    """
    values = {one for person in persons for one in person.ids}
    values |= {text.strip() for text in _contact_values(warehouse)}
    said = repr(workspace.said()).casefold()
    likely = sorted(one for one in values if is_telling(one) and one.casefold() not in said)
    others = _of_others(warehouse, likely)
    telling = [one for one in likely if one not in others]
    spelt = tuple(dict.fromkeys(spelling for one in telling for spelling in spellings(one)))
    return Words(spelt, len(telling), len(values) - len(telling))


def _contact_values(warehouse: Warehouse) -> list[str]:
    """Contact values in the rows of the persons, as they came."""
    parts = [
        f"SELECT {column} AS value FROM {table} WHERE {KEY} IN (SELECT {KEY} FROM erased_id)"
        for table, column in _contact_columns(warehouse)
    ]
    if not parts:
        return []
    query = f"SELECT DISTINCT value FROM ({' UNION ALL '.join(parts)}) WHERE trim(value) <> '' ORDER BY value"
    return [value for (value,) in warehouse.rows(query)]


def _of_others(warehouse: Warehouse, values: list[str]) -> set[str]:
    """Values that are, or are part of, what other customers are known by: they tell nobody.

    What others wrote themselves counts only where all of it is the value.
    """
    if not values:
        return set()
    columns = _contact_columns(warehouse)
    written = [(table, column) for table, column in columns if column.strip('"') in FREE_TEXTS]
    names = [(table, column) for table, column in columns if (table, column) not in written]
    names += [(table, KEY) for table in _raw_tables(warehouse)]
    found = _matches(warehouse, names, values)
    shared = {one for one in values if any(re.search(pattern([one]), text, re.ASCII) for text in found)}
    if written:
        listed = ", ".join(f"({literal(one)})" for one in values)
        shared |= {
            one
            for (one,) in warehouse.rows(
                f"SELECT DISTINCT mine.value FROM (VALUES {listed}) AS mine(value)"
                f" JOIN {_held_by_others(written)} AS held ON lower(trim(held.value)) = lower(mine.value)"
            )
        }
    return shared


def _matches(warehouse: Warehouse, places: Iterable[tuple[str, str]], values: list[str]) -> set[str]:
    """What of others' values looks like some values, as it is written there; one pass over them."""
    looks = literal(pattern(values))
    return {
        one
        for (one,) in warehouse.rows(
            f"SELECT DISTINCT unnest(regexp_extract_all(value, {looks})) FROM {_held_by_others(places)} AS held"
            f" WHERE regexp_matches(value, {looks})"
        )
    }


def _held_by_others(places: Iterable[tuple[str, str]]) -> str:
    """SQL for a FROM: values of columns in rows that are not of the persons, each once."""
    parts = [
        f"SELECT {column} AS value FROM {table}"
        f" WHERE {column} IS NOT NULL AND coalesce({KEY} NOT IN (SELECT {KEY} FROM erased_id), true)"
        for table, column in places
    ]
    return f"(SELECT DISTINCT value FROM ({' UNION ALL '.join(parts) or 'SELECT NULL::VARCHAR AS value'}))"


def _raw_tables(warehouse: Warehouse) -> list[str]:
    """Tables of sources with a customer in their rows."""
    return [
        f"raw.{identifier(name)}"
        for (name,) in warehouse.rows(
            "SELECT table_name FROM information_schema.columns JOIN information_schema.tables"
            " USING (table_catalog, table_schema, table_name) WHERE table_catalog = current_catalog()"
            " AND table_schema = 'raw' AND table_type = 'BASE TABLE' AND column_name = $key AND contains(table_name,"
            " '__') ORDER BY 1",
            {"key": KEY},
        )
    ]


def _contact_columns(warehouse: Warehouse) -> list[tuple[str, str]]:
    """Raw tables with each of their contact columns."""
    found = []
    for table in _raw_tables(warehouse):
        entity = ENTITIES.get(table.strip('"').rpartition("__")[2])
        present = {name for name, _ in warehouse.columns(f"SELECT * FROM {table}")}
        columns: Iterable[str] = (
            [one.name for one in entity.columns if one.privacy == "contact" and one.name in present] if entity else []
        )
        found += [(table, identifier(column)) for column in columns]
    return found
