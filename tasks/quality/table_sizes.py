"""The SQL that holds the size of a table against its size at earlier runs.

Owns: that query. Does not own what runs kept of sizes (`gate.py`), or the rows of sources by day (`series.py`).
"""

from __future__ import annotations

import datetime as dt

from tasks.warehouse.connection import literal


def row_count_query(
    relation: str,
    table: str,
    as_of: dt.date,
    limit: float,
    *,
    since: str | None = None,
    per: tuple[str, str] | None = None,
    of: str | None = None,
) -> str:
    """A SELECT of the number of rows, where it is `limit` times below or above that of each of the last published runs.

    A company grows, and a table of all that ever happened with it. So where it is told since when each row counts, what
    is counted beside an earlier run are the rows of that run's time: then only what came twice, late or no more is a
    difference. And a table with some rows for each customer has more of them where there are more customers, which
    the table of customers tells by itself: only what their number does not explain is a difference. And where a
    workspace gets another segmentation, or loses one, only rows of those that both runs have can be compared. The first
    rows of a table that was empty, such as of the first treatments, are no multiple of any.

    Args:
        relation: the rows.
        table: its name.
        as_of: of the run.
        limit: how many times.
        since: a SELECT of the moment from which on each row counts, NULL: always; None: all rows count.
        per: name of the table that has a number of rows in `relation` for each of its own, and the run whose door
            counted it: the table itself may be gone by now, as in a rebuild.
        of: a column of a table that keeps the rows of earlier runs, `schema.table.column`: rows of values that one of
            the two runs has not are left out on both sides; None: all rows count.
    """
    day = literal(as_of)
    sizes = "SELECT run_id, as_of_date, row_count FROM ops.table_size WHERE table_name = "
    times = "1.0"
    if per:
        now = f"(SELECT row_count FROM ({sizes}{literal(per[0])}) AS base WHERE base.run_id = {literal(per[1])})"
        times = f"coalesce({now} / nullif((SELECT row_count FROM ({sizes}{literal(per[0])}) AS base"
        times += " WHERE base.run_id = earlier.run_id AND base.as_of_date = earlier.as_of_date), 0), 1.0)"
    return (
        f"WITH earlier AS (SELECT run_id, as_of_date, row_count AS then_count FROM ({sizes}{literal(table)})"
        f" INNER JOIN ops.publication USING (run_id, as_of_date) WHERE as_of_date < {day}"
        " ORDER BY as_of_date DESC LIMIT 12),"
        f" counted AS ({_shared(relation, of) if of else _counted(relation, since)}),"
        f" beside AS (SELECT counted.*, {times} AS times FROM counted INNER JOIN earlier USING (run_id, as_of_date))"
        " SELECT max(now_count) AS row_count, min(then_count) AS least_count, max(then_count) AS most_count"
        " FROM beside HAVING"
        f" bool_and(now_count < then_count AND now_count * {limit!r} <= then_count * least(1.0, times))"
        f" OR bool_and(now_count > then_count AND now_count >= then_count * {limit!r} * greatest(1.0, times))"
        " FILTER (then_count > 0)"
    )


def _counted(relation: str, since: str | None) -> str:
    """A SELECT of the rows now, and then, beside each earlier run."""
    if since is None:
        return f"SELECT *, (SELECT count(*) FROM {relation}) AS now_count FROM earlier"
    days = f"SELECT CAST(moment AS DATE) AS day, count(*) AS row_count FROM ({since}) AS dated (moment) GROUP BY ALL"
    known = "coalesce(sum(row_count) FILTER (day IS NULL OR day <= as_of_date), 0)"
    return (
        f"SELECT run_id, as_of_date, then_count, {known} AS now_count"
        f" FROM earlier LEFT JOIN ({days}) AS present ON true GROUP BY ALL"
    )


def _shared(relation: str, of: str) -> str:
    """The same of rows whose value in a column an earlier run has, too."""
    kept, _, column = of.rpartition(".")
    present = f"SELECT {column}, count(*) AS row_count FROM {relation} GROUP BY ALL"
    then = f"SELECT run_id, as_of_date, {column}, count(*) AS kept_count FROM {kept}"
    return (
        "SELECT run_id, as_of_date, CAST(sum(kept_count) AS BIGINT) AS then_count,"
        " CAST(sum(row_count) AS BIGINT) AS now_count"
        f" FROM ({then} SEMI JOIN earlier USING (run_id, as_of_date) GROUP BY ALL) AS past"
        f" INNER JOIN ({present}) AS present USING ({column}) GROUP BY ALL"
    )
