"""Times and days of a source, as the clock and the calendar of the company show them.

Owns: the SQL that reads a time or a day, with a zone or without. Does not own other types (`mapping.py`).

Most features count days, and the days are the company's: an order of half past midnight in Auckland is of that day
there, when it is noon of the day before in UTC. So every time is kept as a clock in `calendar.timezone` showed it; from
there on nothing has to know of zones, and the end of a day is midnight.
"""

from __future__ import annotations

from dataclasses import dataclass

from tasks.warehouse.connection import literal

_UTC = "UTC"
#: What may follow the digits of a time in a text: an offset, UTC, or a name such as Europe/Berlin. Abbreviations mean
#: several zones each: `BST` is the summer time of London, and the time of Dhaka to the library that would read it.
_ZONE = "([-+]|Z|Zulu|(UTC|GMT)[-+]?|[A-Za-z_]+(/[-+A-Za-z_]+)+)"
#: A day that is written as a moment in UTC.
_MOMENT_IN_UTC = ".*[ T].*(Z|UTC|GMT|[-+]00(:?00)?)"


@dataclass(frozen=True, slots=True)
class Clock:
    """How times of a source become the company's.

    Attributes:
        company: time zone of its calendar.
        source: of times that say none of themselves.
    """

    company: str = _UTC
    source: str = _UTC

    def cast(self, expression: str, type_: str, kind: str) -> str:
        """An expression, of a DuckDB type, as a time or day of the company.

        Args:
            expression: SQL.
            type_: TIMESTAMP or DATE.
            kind: the type that the expression has.
        """
        if type_ == "DATE":
            return self._day(expression, kind)
        if kind == "VARCHAR":
            return self._written(f"trim({expression})")
        return self._zoned(expression) if _has_zone(kind) else self._unzoned(expression, kind)

    def _zoned(self, expression: str) -> str:
        """Of a type with a zone; the connection's is UTC."""
        moment = f"CAST(({expression}) AS TIMESTAMPTZ)"
        return (
            f"CAST({moment} AS TIMESTAMP)" if self.company == _UTC else f"timezone({literal(self.company)}, {moment})"
        )

    def _unzoned(self, expression: str, kind: str) -> str:
        time = f"CAST(({expression}) AS TIMESTAMP)"
        # A day is a day in any zone.
        if self.source == self.company or kind == "DATE":
            return time
        return f"timezone({literal(self.company)}, timezone({literal(self.source)}, {time}))"

    def _written(self, text: str) -> str:
        """Of a text: by its own zone, where it has one.

        Read as a time without a zone, DuckDB takes `10:00+02:00` for 10:00, and `10:00 PM` too. Read as one with a
        zone, the first is right and the second an error; that takes five times as long: only where more than digits is
        written.
        """
        beyond = f"trim(translate(substr({text}, 12), '0123456789:.', ''))"
        # What is no zone is made unreadable.
        zoned = (
            f"CASE WHEN regexp_full_match({beyond}, {literal(_ZONE)}) THEN {_near_zone(text)} ELSE '?' || {text} END"
        )
        alone = f"CASE WHEN length({text}) <= 10 THEN {self._unzoned(text, 'DATE')} ELSE {self._unzoned(text, '')} END"
        unzoned = self._unzoned(text, "") if self.source == self.company else alone
        return f"CASE WHEN {beyond} = '' THEN {unzoned} ELSE {self._zoned(zoned)} END"

    def _day(self, expression: str, kind: str) -> str:
        if _has_zone(kind):
            return self._day_of(f"CAST(({expression}) AS TIMESTAMPTZ)")
        if kind != "VARCHAR" or self.company == _UTC:
            return f"CAST(({expression}) AS DATE)"
        # With another offset it is the day as it is written: that of the place where it was.
        in_utc = f"regexp_full_match(trim({expression}), {literal(_MOMENT_IN_UTC)})"
        moment = f"CAST({_near_zone(f'trim({expression})')} AS TIMESTAMPTZ)"
        return f"CASE WHEN {in_utc} THEN {self._day_of(moment)} ELSE CAST(({expression}) AS DATE) END"

    def _day_of(self, moment: str) -> str:
        """The day that is meant: of midnight in UTC that one; else JavaScript wrote the midnight of some place."""
        in_utc = f"CAST({moment} AS TIMESTAMP)"
        is_day = f"{in_utc} = date_trunc('day', {in_utc})"
        return f"CAST(CASE WHEN {is_day} THEN {in_utc} ELSE {self._zoned(moment)} END AS DATE)"


def _near_zone(text: str) -> str:
    """A time with its offset where DuckDB looks for it."""
    return f"regexp_replace({text}, ' +([-+][0-9:]+)$', '\\1')"


def _has_zone(kind: str) -> bool:
    # As Parquet has them of nanoseconds: TIMESTAMPTZ_NS, which DuckDB casts to no time without a zone.
    return kind.startswith("TIMESTAMPTZ") or kind == "TIMESTAMP WITH TIME ZONE"
