"""Words for the reason of a change of segment: what a marketer reads.

Owns: the words. Does not own the reason (`sql/monitoring/change.sql`) or what is known of it (`news.py`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.warehouse.models import ModelColumn

_WINDOW = re.compile(r"_(\d+)d_")
#: One and several of each kind of event, and what a customer did.
_EVENTS = {
    "order_lines": ("order", "orders", "bought {times} since"),
    "interactions": ("contact", "contacts", "made contact {times} since"),
    "feedback": ("feedback", "feedbacks", "gave feedback {times} since"),
    "survey_answers": ("answer in a survey", "answers in surveys", "answered surveys ({count} answers) since"),
    "campaign_contacts": ("campaign contact", "campaign contacts", "was contacted {times} since"),
    "consents": ("decision on consent", "decisions on consent", "decided on consent {times} since"),
    "enrichments": ("bought attribute", "bought attributes", "was described anew by a provider since"),
    "costs": ("cost", "costs", "caused costs {times} since"),
}
_TIMES = {1: "once", 2: "twice"}
#: Features told of what time alone did.
_TOLD = 3


@dataclass(frozen=True, slots=True)
class Cause:
    """What is known of one change.

    Attributes:
        why: the reason, as in `monitoring.change`.
        news: rows of `monitoring.customer_news` that the segmentation heeds.
        model: number and day of the model in use; None where there is none.
        before: the customer's features at the earlier run; empty: not known.
        after: his features at the later run.
        deciding: features that decide.
    """

    why: str
    news: Sequence[Mapping[str, Any]]
    model: tuple[int, dt.date] | None
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    deciding: Sequence[ModelColumn]


def words_for(cause: Cause) -> str:
    """The reason of a change in words."""
    match cause.why:
        case "behaviour":
            return _listed(cause, "new") or "did something since"
        case "late_data":
            return _listed(cause, "late") or "something of before was loaded or corrected late"
        case "time":
            return _of_time(cause)
        case "refit":
            return (
                f"model {cause.model[0]} took over, learnt on {day(cause.model[1])}" if cause.model else "a new model"
            )
        case "profile":
            return "his record changed" + _changed(cause, lambda column: not column.is_calendar_driven)
    fixed = {
        "definition": "the definition changed",
        "new_customer": "first seen since the run before",
        "gone": "no longer among the customers",
        "ranks": "others moved past him: by where the scores were cut before, he would be where he was",
    }
    return str(fixed.get(cause.why, cause.why))


def day(date: dt.date) -> str:
    """A day as people write it.

    >>> day(dt.date(2025, 3, 3))
    '3 March 2025'
    """
    return f"{date.day} {date:%B %Y}"


def _listed(cause: Cause, news: str) -> str:
    return "; ".join(_event(row, news) for row in cause.news if row["news_name"] == news and row["first_date"])


def _event(row: Mapping[str, Any], news: str) -> str:
    name, count = str(row["entity_name"]), int(row["event_count"])
    one, several, did = _EVENTS.get(name, (name, name, "did something since"))
    if news == "new":
        times = _TIMES.get(count, f"{count:,} times")
        return did.format(times=times, count=f"{count:,}")
    if count == 1:
        article = "an" if one[0] in "aeiou" else "a"
        return f"{article} {one} of {day(row['first_date'])} arrived late or was corrected"
    span = day(row["first_date"])
    if row["last_date"] != row["first_date"]:
        span += f" to {day(row['last_date'])}"
    return f"{count:,} {several} of {span} arrived late or were corrected"


def _of_time(cause: Cause) -> str:
    """What moved although he did nothing: recency, windows that ended, other ages; else the others moved."""
    before, after = cause.before, cause.after
    told = []
    for column in cause.deciding:
        then, now = before.get(column.name), after.get(column.name)
        if then == now or not before:
            continue
        window = _WINDOW.search(column.name)
        if column.name == "recency_days" and now is not None:
            told.append(f"no purchase for {now:,} days")
        elif window:
            told.append(
                f"the {window.group(1)}-day window moved on: {column.name} from {_value(then)} to {_value(now)}"
            )
        else:
            told.append(f"{column.name} from {_value(then)} to {_value(now)}")
    return "; ".join(told[:_TOLD]) if told else "nothing of his own changed: others moved past him"


def _changed(cause: Cause, is_told: Any) -> str:  # noqa: ANN401 - a predicate on columns
    told = [
        f"{column.name} from {_value(cause.before.get(column.name))} to {_value(cause.after.get(column.name))}"
        for column in cause.deciding
        if is_told(column) and cause.before and cause.before.get(column.name) != cause.after.get(column.name)
    ]
    return f": {'; '.join(told[:_TOLD])}" if told else ""


def _value(value: object) -> str:
    if value is None:
        return "not known"
    return f"{value:g}" if isinstance(value, float) else str(value)
