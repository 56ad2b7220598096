"""Sources: files of one shape, or a query on a database, that map to one entity: `sources:` of the workspace.

Owns: what may be said of one source. Does not own the databases (`databases.py`), or reading anything (`tasks/ingest`).
"""

from __future__ import annotations

import datetime as dt
import difflib
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from tasks.config.calendar import TimeZone
from tasks.config.conditions import Sql
from tasks.config.entities import ENTITIES
from tasks.config.features import Key, Strict, Text
from tasks.config.privacy_class import PrivacyClass

#: A length of time, such as `90 minutes`.
Span = Annotated[str, Field(pattern=r"^\d{1,6} (second|minute|hour|day)s?$")]
EntityName = Literal[
    "customers",
    "order_lines",
    "interactions",
    "feedback",
    "labelled_comments",
    "survey_answers",
    "campaigns",
    "campaign_contacts",
    "consents",
    "costs",
    "area_profiles",
    "market_indicators",
    "enrichments",
    "control_totals",
]
Format = Literal["csv", "parquet", "jsonl"]


#: UTF-8 and what systems of one language or land write, by the names of the IANA.
Encoding = Literal[
    "utf-8",
    "utf-16",
    "latin-1",
    "iso-8859-2",
    "iso-8859-7",
    "iso-8859-9",
    "iso-8859-15",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "windows-1257",
    "windows-1258",
    "koi8-r",
    "shift-jis",
    "euc-jp",
    "euc-kr",
    "big5",
    "gb18030",
]


class FormatOptions(Strict):
    """How a CSV or JSON lines file is written, and whether folders are columns, of Parquet the latter alone."""

    # A tab is blank space and a delimiter.
    model_config = ConfigDict(str_strip_whitespace=False)

    delimiter: str = Field(default=",", min_length=1, max_length=1, description="between values")
    quote: str = Field(default='"', max_length=1, description="around values that hold a delimiter; empty: none")
    encoding: Encoding = Field(default="utf-8", description="how text is written as bytes")
    header: bool = Field(default=True, description="the first line names the columns; else column0, column1, …")
    null_values: list[str] = Field(default_factory=lambda: [""], description="texts that mean: no value")
    max_line_bytes: int = Field(default=2_097_152, ge=1024, description="a longer line is quarantined")
    hive_partitions: bool = Field(
        default=False,
        description="folders such as `store=9` of a file's path are text columns of its rows; one that the file has"
        " itself stays the file's",
    )

    @model_serializer(mode="wrap")
    def _said(self, told: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is off: a digest of the options is that of versions that knew nothing of it."""
        said: dict[str, Any] = told(self)
        if not self.hive_partitions:
            said.pop("hive_partitions", None)
        return said


class Lookup(Strict):
    """Files left-joined to a source on an equal column, such as products; their columns are read as `name.column`."""

    path: Text = Field(
        description="the file, or a glob of files that are read as one: of rows with one key, the first of the last"
        " file counts"
    )
    format: Format = Field(description="how the file is written")
    key: str = Field(description="column of the file that says which row belongs to one of the source")
    source_key: str | None = Field(
        default=None,
        description="the source's column of that meaning, or that of a lookup above it, such as `orders.buyer`; null:"
        " named as `key`",
    )
    options: FormatOptions = FormatOptions()


class Source(Strict):
    """Files of one shape that map to one entity; or, with `database` and `query`, the rows of a query."""

    entity: EntityName = Field(description="what a row is, see entities.md")
    format: Format | None = Field(
        default=None, description="how its files are written; csv and jsonl may be packed (.gz)"
    )
    path: Text | Annotated[list[str], Field(min_length=1)] | None = Field(
        default=None, description="of its files: one, a glob, or a list of them"
    )
    versions: Literal["replace", "add"] = Field(
        default="replace", description="a file delivered again with other content replaces its earlier version, or adds"
    )
    options: FormatOptions = FormatOptions()
    timezone: TimeZone | None = Field(
        default=None, description="of times that say none of themselves; null: that of the calendar"
    )
    database: Key | None = Field(default=None, description="name of one of `databases`, instead of format and path")
    query: Sql | None = Field(default=None, description="one SELECT in the SQL of that database")
    since: Text | None = Field(
        default=None,
        description="column of the query with the time of a row's last change: of later pulls rows from its newest on"
        " are read; null: all rows each time",
    )
    overlap: Span = Field(
        default="1 day",
        description="how far before the newest time rows are read again, because transactions commit late",
    )
    max_age_days: int | None = Field(
        default=None,
        ge=0,
        description="a newest row that is older on the as-of day stops the run; null: it is told only",
    )
    lookups: dict[Key, Lookup] = Field(default_factory=dict)
    where: Sql | None = Field(
        default=None, description="SQL condition over the source's columns; other rows are counted and left out"
    )
    columns: dict[str, Sql] = Field(description="entity column: SQL expression over the source's columns")
    privacy: dict[str, PrivacyClass] = Field(
        default_factory=dict,
        description="column of the file (of a lookup: `lookup.column`): its class, instead of a guess",
    )

    @property
    def patterns(self) -> list[str]:
        """The paths or globs, always as a list."""
        return [self.path] if isinstance(self.path, str) else list(self.path or ())

    @property
    def stored_as(self) -> Format:
        """The format of what is loaded; what is pulled from a database comes as Parquet."""
        return self.format or "parquet"

    @property
    def overlap_span(self) -> dt.timedelta:
        """How far back of the newest time is read again."""
        count, unit = self.overlap.split()
        return dt.timedelta(**{f"{unit.removesuffix('s')}s": int(count)})

    @model_validator(mode="after")
    def _one_of_two_ways(self) -> Self:
        of_files = [name for name in ("format", "path") if getattr(self, name) is not None]
        of_database = [name for name in ("database", "query") if getattr(self, name) is not None]
        if len(of_files) + len(of_database) != len(("format", "path")) or (of_files and of_database):
            said = ", ".join(of_files + of_database) or "neither"
            message = f"write either format and path (files), or database and query (a database); there is {said}"
            raise ValueError(message)
        foreign = {"since", "overlap"} if of_files else {"options"}
        if misplaced := sorted(foreign & self.model_fields_set):
            whose = "a source in a database" if of_files else "files"
            message = f"{', '.join(misplaced)}: only of {whose}; leave it out"
            raise ValueError(message)
        if "overlap" in self.model_fields_set and self.since is None:
            message = "overlap: nothing is read again without since; leave it out, or name the column with since"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _columns_of_entity(self) -> Self:
        entity = ENTITIES[self.entity]
        for name in self.columns:
            if name not in entity.column_names:
                near = difflib.get_close_matches(name, entity.column_names, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else f"; it has {', '.join(entity.column_names)}"
                message = f"columns: {self.entity} has no column {name!r}{hint}"
                raise ValueError(message)
        missing = [name for name in entity.required_names if name not in self.columns]
        if missing:
            message = f"columns: {self.entity} needs {', '.join(missing)}; map each to a SQL expression"
            raise ValueError(message)
        return self
