"""The SQL of wrong rows: keys that repeat, values that are unknown or misspelt, rows that are late, days without any.

Owns: the queries of the expectations of ours that name wrong rows. Does not own the names that a query in a suite may
use (`queries.py`) or the series that are judged by their history (`series.py`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from tasks.quality.late_values import NO_SILENCES, usually_silent_query
from tasks.warehouse.connection import identifier, literal

#: Ends of days that the newest row's age is compared with; fewer than the least say nothing.
_MIDNIGHTS, _LEAST_MIDNIGHTS = 91, 21
#: How much older than ever, and by how many hours more, the newest row may be.
_OLDER, _OLDER_HOURS = 1.25, 1
#: Days to the same day of the year before, and the most by which a silence of the season may come earlier or later.
_YEAR, _SEASON_SLACK = 365, 14
#: How often a check may tell what chance alone has done, in one run; what several values share is divided by them.
_FALSE_ALARMS = 1e-3
#: What the values of a column that are not told apart are called.
OTHER = "(others)"
#: Weeks that tell what a weekday usually has; rows on it that make a day without any a surprise (chance below 1e-5).
_WEEKS, _ROWS_A_DAY = 13, 12
#: Days of a span that is searched for values that are gone, how many spans before it tell that they are usual, how many
#: it takes, and how many of them are the last ones.
_SPANS, _LEAST_SPANS, _LATE_SPANS = ((7, 13), (28, 5)), 4, 3
#: Weeks that tell how unevenly a value comes.
_DISPERSION_WEEKS = 26
#: Days that are searched for one without rows, where nothing was published before.
_SEARCHED_DAYS = 35


def key_query(relation: str, columns: Sequence[str]) -> str:
    """A SELECT of the keys that are null or stand on more than one row of `relation`, with the number of their rows."""
    key = ", ".join(identifier(column) for column in columns)
    return (
        f"SELECT {key}, count(*) AS row_count FROM {relation} GROUP BY {key} HAVING count(*) > 1 OR {_missing(columns)}"
    )


def suspicion_query(relation: str, columns: Sequence[str], *, part: int, parts: int) -> str:
    """A SELECT of whether, of the keys with one remainder of their hashes, any may repeat or is null.

    Args:
        relation: the rows.
        columns: the key.
        part: the remainder, from 0.
        parts: by what the hashes are divided.
    """
    key = f"hash({', '.join(identifier(column) for column in columns)})"
    where = f" WHERE {key} % {parts} = {part}" if parts > 1 else ""
    return (
        f"SELECT CAST(count(*) > count(DISTINCT {key}) OR coalesce(bool_or({_missing(columns)}), false) AS INTEGER)"
        f" FROM {relation}{where}"
    )


def _missing(columns: Sequence[str]) -> str:
    return " OR ".join(f"{identifier(column)} IS NULL" for column in columns)


def known_query(relation: str, column: str, among: str, key: str) -> str:
    """A SELECT of the rows whose value, where there is one, is not in the column `key` of `among`."""
    name = identifier(column)
    return (
        f"SELECT {name} FROM {relation} AS present WHERE {name} IS NOT NULL"
        f" AND NOT EXISTS (SELECT 1 FROM {among} AS known WHERE known.{identifier(key)} = present.{name})"
    )


def pattern_query(relation: str, column: str, pattern: str) -> str:
    """A SELECT of the rows whose value, where there is one, does not match as a whole."""
    name = identifier(column)
    return f"SELECT {name} FROM {relation} WHERE NOT regexp_full_match(CAST({name} AS VARCHAR), {literal(pattern)})"


def occasions(column: str | None) -> str:
    """SQL that counts what comes by itself: rows, or the values of a column whose rows come together."""
    return f"count(DISTINCT {identifier(column)})" if column else "count(*)"


def _evenness(sum_of_squares: str, total: str, count: str) -> str:
    """SQL of the index of dispersion, variance by mean, of `count` numbers; at least the 1 of Poisson's law.

    Where the law holds of clusters of events, a number m of events with index D comes from no fewer than m/D clusters,
    so that none of them comes with a chance of e^(−m/D) at most (Cox & Lewis, The Statistical Analysis of Series of
    Events, 1966, section 4.3 for the index).
    """
    variance = f"({sum_of_squares} - {total} * {total} / {count}) / nullif({count} - 1, 0)"
    return f"greatest(1.0, coalesce({variance} / nullif({total} / {count}, 0), 1.0))"


def recent_query(relation: str, moment: str, end: dt.date, occasion: str | None = None) -> str:
    """A SELECT of the sources whose newest row is older, at `end`, than was usual at the midnights before it came.

    Either it is older than at any of 91 midnights, by a quarter and an hour: of ages that fall off like an exponential
    the next is that much above the highest of 91 in a few of a thousand cases. Or it is older than at 19 of 20, and
    so much came in the same hours of 13 weeks before that the chance of nothing is below one in a thousand: a day that
    was cut short.

    It is not told where the same days of the year before had as long a silence, by the same quarter and hour: a ski
    resort sells nothing from April to December. Which days are the same may differ by as many as the silence has.

    Args:
        relation: rows with `source_name`.
        moment: the column of their time.
        end: the first moment that is not looked at.
        occasion: the column whose rows come together.
    """
    name = identifier(moment)
    return (
        f"WITH days AS (SELECT source_name, CAST({name} AS DATE) AS day, max({name}) AS newest, min({name}) AS oldest"
        f" FROM {relation} WHERE {name} < {literal(end)}::TIMESTAMP GROUP BY ALL),"
        " newest AS (SELECT source_name, max(newest) AS newest, max(day) AS day,"
        f" date_diff('second', min(oldest), {literal(end)}::TIMESTAMP) AS known_seconds,"
        f" date_diff('second', max(newest), {literal(end)}::TIMESTAMP) AS silent_seconds"
        " FROM days GROUP BY source_name),"
        f" midnights AS (SELECT source_name, day - CAST(back AS INTEGER) AS midnight"
        f" FROM newest CROSS JOIN range({_MIDNIGHTS}) AS counted (back)),"
        " ages AS (SELECT midnights.source_name,"
        " date_diff('second', newest, CAST(midnight AS TIMESTAMP)) / 3600.0 AS hours"
        " FROM midnights ASOF JOIN days ON midnights.source_name = days.source_name AND midnight > day),"
        " usual AS (SELECT source_name, max(hours) AS most_hours, quantile_cont(hours, 0.95) AS high_hours FROM ages"
        f" GROUP BY source_name HAVING count(*) >= {_LEAST_MIDNIGHTS}),"
        f"{_came_before(relation, name, end, occasion)},"
        f"{_year_before(end)},"
        " present AS (SELECT *, silent_seconds / 3600.0 AS hours FROM newest)"
        " SELECT source_name, newest AS newest_at, round(hours, 1) AS age_hours,"
        " round(most_hours, 1) AS oldest_so_far_hours, round(event_count, 1) AS usual_since_count"
        " FROM present INNER JOIN usual USING (source_name) LEFT JOIN since USING (source_name)"
        " LEFT JOIN year_before USING (source_name)"
        f" WHERE (hours > {_OLDER} * most_hours + {_OLDER_HOURS}"
        f" OR (hours > high_hours AND exp(-event_count / dispersion) <= {_FALSE_ALARMS!r}))"
        f" AND hours > {_OLDER} * coalesce(year_hours, 0) + {_OLDER_HOURS}"
    )


def _came_before(relation: str, name: str, end: dt.date, occasion: str | None) -> str:
    """CTEs of what came in the same hours before: in the time since the newest row, whole weeks earlier."""
    period = f"({7 * 86400} * greatest(1, ceil(silent_seconds / {7 * 86400.0})))"
    return (
        f" earlier AS (SELECT source_name, {period} AS period, floor(back / {period}) AS week_no,"
        f" {occasions(occasion)} AS event_count FROM (SELECT relation.*, newest.silent_seconds,"
        f" date_diff('second', relation.{name}, {literal(end)}::TIMESTAMP) AS back"
        f" FROM {relation} AS relation INNER JOIN newest USING (source_name))"
        f" WHERE back BETWEEN {period} AND {_WEEKS + 1} * {period} AND back % {period} < silent_seconds GROUP BY ALL),"
        f" weeks AS (SELECT source_name, least({_WEEKS}, floor(known_seconds / {period}) - 1) AS week_count"
        " FROM newest),"
        " since AS (SELECT source_name, sum(event_count) / any_value(week_count) AS event_count,"
        f" {_evenness('sum(event_count * event_count)', 'sum(event_count)', 'any_value(week_count)')} AS dispersion"
        " FROM earlier INNER JOIN weeks USING (source_name) WHERE week_no <= week_count GROUP BY source_name)"
    )


def _year_before(end: dt.date) -> str:
    """CTE of the longest silence at the same days of the year before, of those that ended: a dead source has none."""
    year_ago = f"{literal(end)}::DATE - {_YEAR}"
    return (
        " year_midnights AS (SELECT source_name, year_ago + CAST(shift AS INTEGER) AS midnight"
        f" FROM (SELECT *, {year_ago} AS year_ago FROM newest) CROSS JOIN range({-_SEASON_SLACK}, {_SEASON_SLACK + 1})"
        " AS counted (shift) WHERE abs(shift) <= ceil(silent_seconds / 86400.0)"
        " AND year_ago + CAST(shift AS INTEGER) <= day),"
        " year_before AS (SELECT source_name,"
        " max(date_diff('second', newest, CAST(midnight AS TIMESTAMP))) / 3600.0 AS year_hours"
        " FROM (SELECT midnights.source_name, midnight, newest FROM year_midnights AS midnights"
        " ASOF JOIN days ON midnights.source_name = days.source_name AND midnight > day) GROUP BY source_name)"
    )


def missing_value_query(series: str, silences: str = NO_SILENCES) -> str:
    """A SELECT of the values that the last week, or four, have not, and that those before had, many times each.

    What usually comes later than that, such as refunds, is not missed.

    How unevenly a value comes is told from week to week, by half the mean squared difference of one week and the next
    (von Neumann and others, The Mean Square Successive Difference, Annals of Mathematical Statistics 12, 1941, p. 153):
    by their variance a shop that grows steadily would seem the most uneven of all, and miss nothing that stays away.

    Args:
        series: a SELECT of subject, unit_no (days back), part and size, which is the number of occasions (`series.py`).
        silences: how long values were silent before (`late_values.py`).
    """
    usual = usually_silent_query(silences, [days for days, _ in _SPANS])
    spans = " UNION ALL ".join(_missing_in_span(days, history) for days, history in _SPANS)
    weeks = "SELECT subject, part, unit_no // 7 AS week, sum(size) AS size FROM series GROUP BY ALL"
    steps = (
        "SELECT subject, part, coalesce(size, 0) AS size,"
        " coalesce(size, 0) - lag(coalesce(size, 0)) OVER (PARTITION BY subject, part ORDER BY week) AS step"
        " FROM (SELECT DISTINCT subject, part, week_count FROM weeks INNER JOIN known USING (subject)"
        f" WHERE week BETWEEN 1 AND week_count) CROSS JOIN range(1, {_DISPERSION_WEEKS + 1}) AS counted (week)"
        " LEFT JOIN weeks USING (subject, part, week) WHERE week <= week_count"
    )
    return (
        f"WITH series AS MATERIALIZED ({series}), weeks AS ({weeks}),"
        f" known AS (SELECT subject, least(max(unit_no) // 7, {_DISPERSION_WEEKS}) AS week_count FROM series"
        " GROUP BY ALL),"
        " spread AS (SELECT subject, part,"
        " greatest(1.0, coalesce(avg(step * step) / 2 / nullif(avg(size), 0), 1.0)) AS dispersion"
        f" FROM ({steps}) GROUP BY ALL),"
        f" usually_silent AS ({usual}), found AS (FROM ({spans}) ANTI JOIN usually_silent USING (subject, part, days))"
        " SELECT subject, part AS missing_value, min(days) AS in_days, arg_min(usual_count, days) AS usual_count"
        " FROM found INNER JOIN spread USING (subject, part)"
        f" WHERE exp(-usual_count / dispersion) * {len(_SPANS)} * (SELECT count(*) FROM spread) <= {_FALSE_ALARMS!r}"
        f" AND part <> {literal(OTHER)} GROUP BY subject, part"
    )


def _missing_in_span(days: int, history: int) -> str:
    """Values of which the last span has none, and of which each of up to `history` spans before had some.

    Usual is what they had, and no more than they had of late: what fades out has not gone at once.
    """
    usual = f"least(median(size) FILTER (span > 0), median(size) FILTER (span BETWEEN 1 AND {_LATE_SPANS}))"
    return (
        f"SELECT {days} AS days, subject, part, {usual} AS usual_count"
        f" FROM (SELECT subject, part, unit_no // {days} AS span, sum(size) AS size FROM series"
        f" WHERE unit_no // {days} <= {history} GROUP BY ALL) AS of_span"
        f" INNER JOIN (SELECT subject, least(max(unit_no) // {days}, {history}) AS span_count FROM series"
        f" GROUP BY subject HAVING min(unit_no) < {days}) AS of_subject USING (subject)"
        " GROUP BY subject, part, span_count"
        " HAVING count(*) FILTER (span = 0) = 0 AND count(*) FILTER (span > 0) >= span_count"
        f" AND span_count >= {_LEAST_SPANS}"
    )


def missing_day_query(relation: str, moment: str, end: dt.date, since: dt.date | None) -> str:
    """A SELECT of the days without rows on whose weekday there always were some, by source.

    A date that was empty a year before, too, is a holiday.

    Args:
        relation: rows with `source_name`.
        moment: the column of their time.
        end: the first day that is not looked at.
        since: the first day searched; what was missing before has been told.
    """
    name = identifier(moment)
    first = max(since or dt.date.min, end - dt.timedelta(days=_SEARCHED_DAYS))
    back = end - dt.timedelta(days=_SEARCHED_DAYS + 7 * _WEEKS)
    a_year_before = end - dt.timedelta(days=366 + _SEARCHED_DAYS)
    return (
        f"WITH known AS (SELECT source_name, CAST({name} AS DATE) AS day, count(*) AS row_count FROM {relation}"
        f" WHERE {name} >= {literal(a_year_before)}::TIMESTAMP AND {name} < {literal(end)}::TIMESTAMP GROUP BY ALL),"
        f" counted AS (SELECT * FROM known WHERE day >= {literal(back)}),"
        " begun AS (SELECT source_name, min(day) AS first_known FROM known GROUP BY source_name),"
        " span AS (SELECT source_name, min(day) AS first_day, max(day) AS last_day FROM counted GROUP BY source_name),"
        " days AS (SELECT source_name,"
        " CAST(unnest(generate_series(first_day, last_day, INTERVAL 1 DAY)) AS DATE) AS day FROM span),"
        " filled AS (SELECT source_name, day, coalesce(row_count, 0) AS row_count FROM days"
        " LEFT JOIN counted USING (source_name, day)),"
        " beside AS (SELECT source_name, day, row_count, median(row_count) OVER weekday AS usual_count,"
        " count(*) OVER weekday AS week_count FROM filled WINDOW weekday AS (PARTITION BY source_name, isodow(day)))"
        " SELECT beside.source_name, beside.day AS missing_date, dayname(beside.day) AS weekday_name, usual_count"
        " FROM beside"
        # On the same date of the year before it was closed, too.
        " INNER JOIN begun USING (source_name)"
        " LEFT JOIN known AS earlier"
        " ON beside.source_name = earlier.source_name AND earlier.day = beside.day - INTERVAL 1 YEAR"
        " WHERE (earlier.day IS NOT NULL OR first_known > beside.day - INTERVAL 1 YEAR)"
        f" AND beside.row_count = 0 AND usual_count >= {_ROWS_A_DAY} AND week_count >= 6"
        f" AND beside.day >= {literal(first)}"
    )
