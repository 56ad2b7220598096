"""The privacy section of a workspace: what the company declares of its columns, pseudonyms, small groups.

Owns: the shape of the section, that a declared class is not weaker than it may be, and that a key can be used. Does not
own the classes or the defaults of the entities (`entities.py`), the hash (`pseudonym.py`), or what follows from a class
(`tasks/warehouse/privacy.py`).
"""

from __future__ import annotations

import difflib
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, field_validator

from tasks.config.entities import ENTITIES
from tasks.config.errors import WorkspaceError
from tasks.config.features import Strict
from tasks.config.privacy_class import PrivacyClass, is_stricter

#: Where the key stands in the workspace file; its value is told to nobody (see `loading.py`).
KEY_PATH = ("privacy", "key")
KEY_HINT = "write `key: ${RESEGMENT_PSEUDONYM_KEY}` below `privacy:` and set that variable, for example to the output"
KEY_HINT += " of `openssl rand -hex 32`; keep it as long as the output folder"
#: RFC 2104, section 3: a key shorter than the hash's output weakens it; 16 bytes are what nobody can try out.
SHORTEST_KEY = 16


def _known(name: str) -> str:
    """Let the name of an entity's column pass.

    Raises:
        ValueError: there is no such column; the nearest is named.
    """
    entity, _, column = name.partition(".")
    if entity in ENTITIES and column in ENTITIES[entity].column_names:
        return name
    known = [f"{entity.name}.{column}" for entity in ENTITIES.values() for column in entity.column_names]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "write entity.column, see docs/reference/entities.md"
    raise ValueError(f"there is no column {name!r}; {hint}")


class PrivacyPolicy(Strict):
    """How data about people is treated."""

    columns: dict[Annotated[str, AfterValidator(_known)], PrivacyClass] = Field(
        default_factory=dict,
        description="class by `entity.column`, such as `customers.income_amount: sensitive`; stricter than the entity's"
        " own class (see entities.md), or `plain` for one that is `sensitive`",
    )

    pseudonymise: bool = Field(default=False, description="replace customer ids by a keyed hash from staging on")
    key: SecretStr | None = Field(
        default=None, description="of the hash: ${RESEGMENT_PSEUDONYM_KEY}, at least 16 bytes"
    )
    min_group_size: int = Field(
        default=5, ge=1, description="figures of fewer customers are left out of profiles, money and descriptions"
    )

    @field_validator("columns", mode="before")
    @classmethod
    def _flat(cls, columns: object) -> object:
        """`--set privacy.columns.customers.income_amount=sensitive` nests what the file writes with a dot."""
        if not isinstance(columns, dict):
            return columns
        nested = {entity: inner for entity, inner in columns.items() if isinstance(inner, dict)}
        flat = {f"{entity}.{column}": privacy for entity, inner in nested.items() for column, privacy in inner.items()}
        return {name: privacy for name, privacy in columns.items() if name not in nested} | flat

    @field_validator("columns")
    @classmethod
    def _strict_enough(cls, columns: dict[str, PrivacyClass]) -> dict[str, PrivacyClass]:
        """A contact stays one and an id stays one; whether a day of birth is exact, only the company knows."""
        for name, declared in columns.items():
            entity, column = name.split(".")
            own = ENTITIES[entity].column(column).privacy
            if is_stricter(own, declared) and (own, declared) != ("sensitive", "plain"):
                message = f"{name} is {own} and cannot be declared {declared}; leave it out, or declare it stricter"
                raise ValueError(message)
        return columns

    def usable_key(self, where: str) -> bytes:
        """The key as bytes.

        Args:
            where: the place in the workspace file, for the error.

        Raises:
            WorkspaceError: there is none, or it is too short.
        """
        secret = self.key.get_secret_value().encode() if self.key else b""
        if not secret:
            raise WorkspaceError(
                "privacy.key: customers are to be pseudonymised, and there is no key", where=where, hint=KEY_HINT
            )
        if len(secret) < SHORTEST_KEY:
            raise WorkspaceError(
                f"privacy.key: the key has {len(secret)} bytes, expected at least {SHORTEST_KEY}",
                where=where,
                hint=KEY_HINT,
            )
        return secret
