"""Values that usually come late, such as refunds that a shop learns of weeks after the day that they are dated.

Owns: the SQL of how long each value was silent whenever something was loaded, and of which are usually silent so long.
The days before are full of such a value and the last ones are not, in each run: that it is missing there says nothing.
Does not own the counts (`load_counts.py`) or what is missing (`row_queries.py`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from tasks.quality.load_counts import Counted, Kept, relation
from tasks.warehouse.connection import literal

#: Days back of the moments that tell what is usual, and how many of them it takes.
_DAYS_BACK, _LEAST_MOMENTS = 182, 4
#: SQL of none.
NO_SILENCES = "SELECT NULL::VARCHAR AS subject, NULL::VARCHAR AS part, NULL::BIGINT AS silent_days WHERE false"


def silences(count: Counted, subject: str, loads: Sequence[int], kept: Kept, end: dt.date) -> str:
    """A SELECT of subject, part and silent_days: how much older its newest row was than that of its source.

    It has a row for each moment: an attempt that loaded newer days than were known; the newest one, which is to be
    judged, is left out. Versions that their file has replaced since count: they are what was known then. Of loads that
    were not counted when they came nothing is known.

    Args:
        count: a mix.
        subject: what it is called.
        loads: numbers of the loads of its source that are seen.
        kept: what has been counted and kept.
        end: the first day that is not looked at.
    """
    count_id = count.count_id
    known = sorted(load for load, one in kept if one == count_id and load <= max(loads))
    if len(known) <= _LEAST_MOMENTS:
        return NO_SILENCES
    return (
        "WITH held AS MATERIALIZED (SELECT part, day, max(load_no) OVER (PARTITION BY attempt_id) AS moment"
        f" FROM {relation([count], known, kept)} INNER JOIN ops.load USING (load_no) WHERE day < {literal(end)}),"
        " newest AS (SELECT moment, max(max(day)) OVER (ORDER BY moment) AS day FROM held GROUP BY moment),"
        " moments AS (SELECT * FROM newest QUALIFY day > coalesce(lag(day) OVER (ORDER BY moment), DATE '0001-01-01')"
        f" AND moment < max(moment) OVER () AND day >= {literal(end)}::DATE - {_DAYS_BACK}),"
        " of_value AS (SELECT part, moment, max(day) AS day FROM held GROUP BY ALL)"
        f" SELECT {literal(subject)} AS subject, part, CAST(moments.day - max(of_value.day) AS BIGINT) AS silent_days"
        " FROM moments INNER JOIN of_value ON of_value.moment <= moments.moment"
        " GROUP BY part, moments.moment, moments.day"
    )


def usually_silent_query(silences: str, days: Sequence[int]) -> str:
    """A SELECT of subject, part and days: values that mostly had no row in so many last days.

    Args:
        silences: SQL of them.
        days: lengths of spans.
    """
    spans = ", ".join(f"({length})" for length in days)
    return (
        f"SELECT subject, part, days FROM ({silences}) CROSS JOIN (VALUES {spans}) AS span (days)"
        " GROUP BY subject, part, days"
        f" HAVING count(*) >= {_LEAST_MOMENTS} AND 2 * count(*) FILTER (silent_days >= days) > count(*)"
    )
