"""What the rows of a failed check say, in words, where they are not rows of the table.

Owns: the sentences by which readers of an alert know what is missing, late or too much, and in which segment. "1 of
5,046 rows" would tell them nothing: the row is the query's. A suite says them of its own queries (`told`), as a
template of their columns. Does not own the queries (`row_queries.py`), or the words of days and files
(`like_history.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from tasks.config.drift import ROW_COUNT
from tasks.quality.suites import Expectation
from tasks.quality.told import filled
from tasks.quality.vocabulary import NO_GAP, NO_LOSS, RECENT

_NAMED = 3
#: What makes a row one of a person.
_OF_PEOPLE = frozenset({"customer_id", "order_id"})
#: By the columns of each query.
_SENTENCES = {
    RECENT: "{source_name}: the newest is of {newest_at:%Y-%m-%d %H:%M}, {age_hours:,g} hours before the end of the"
    " day; at most {oldest_so_far_hours:,g} hours so far",
    NO_GAP: "{source_name}: none on {weekday_name}, {missing_date}, usually {usual_count:,g}",
    NO_LOSS: "{subject}: no {missing_value!r} in the last {in_days} days, usually {usual_count:,g}",
    ROW_COUNT: "{row_count:,}, where earlier runs had {earlier}",
}


def in_words(
    expectation: Expectation, rows: Sequence[Mapping[str, Any]], count: int, withheld: Collection[str] = ()
) -> str | None:
    """What the rows of a failed check say.

    Args:
        expectation: the check.
        rows: of its query, the first ones.
        count: of all rows of it.
        withheld: columns whose values are not shown.

    Returns:
        One sentence; None where nothing is said of them, and they are of customers, orders and the like.
    """
    if not rows:
        return None
    name = expectation.type
    if expectation.told is not None:
        shown = [{key: "…" if key in withheld else value for key, value in row.items()} for row in rows[:_NAMED]]
        told = [filled(expectation.told, row) for row in shown]
    elif name in _SENTENCES:
        told = [_SENTENCES[name].format(**row, earlier=_earlier(row)) for row in rows[:_NAMED]]
    elif all("segment_id" in row and not _OF_PEOPLE & row.keys() for row in rows):
        told = [str(row["segment_id"]) for row in rows[:_NAMED]]
    else:
        return None
    return "; ".join(told) + (f"; and {count - _NAMED} more" if count > _NAMED else "")


def _earlier(row: Mapping[str, Any]) -> str:
    if "least_count" not in row:
        return ""
    least, most = row["least_count"], row["most_count"]
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"
