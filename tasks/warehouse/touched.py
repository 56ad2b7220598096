"""Which tables the statements of a step read and wrote, taken from their text.

Owns: that reading. It knows names of tables alone; which columns come from which is `lineage.py`'s.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_NAME = r'(?:"(?:[^"]|"")+"|\w+)'
_SCHEMAS = "raw|staging|features|segments|monitoring"
#: A text comes first: what looks like a table in it is none.
_TABLE = re.compile(rf"'(?:[^']|'')*'|(?<![\w.\"])({_SCHEMAS})\.({_NAME})", re.IGNORECASE)
_WRITES = re.compile(
    rf"\s*(?:INSERT\s+(?:OR\s+REPLACE\s+)?INTO|CREATE\s+(?:OR\s+REPLACE\s+)?TABLE(?:\s+IF\s+NOT\s+EXISTS)?|UPDATE)"
    rf"\s+((?:{_SCHEMAS})\.{_NAME})",
    re.IGNORECASE,
)
#: What takes rows away, or changes how a table is made, says nothing of where its rows come from.
_TAKES_AWAY = re.compile(r"\s*(?:DELETE|DROP|ALTER|COMMENT)\b", re.IGNORECASE)


@dataclass(slots=True)
class Touched:
    """Tables as `schema.table`, without quotation marks; those written with the rows that were put in."""

    read: set[str] = field(default_factory=set)
    written: dict[str, int] = field(default_factory=dict)

    def note(self, sql: str, changed_rows: int) -> None:
        """Take in one statement, and how many rows it changed."""
        if _TAKES_AWAY.match(sql):
            return
        found = {f"{schema}.{_plain(name)}".lower() for schema, name in _TABLE.findall(sql) if schema}
        target = _WRITES.match(sql)
        if target is None:
            self.read |= found
            return
        table = _plain(target[1]).lower()
        self.read |= found - {table}
        self.written[table] = self.written.get(table, 0) + changed_rows


def _plain(name: str) -> str:
    return name.replace('"', "")
