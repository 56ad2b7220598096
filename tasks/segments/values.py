"""Values: a segment for each frequent value of a category, with ids that stay with the values.

Owns: which values become segments, and their ids and names. Does not own how long they are kept (`stored_model.py`) or
the members of a rule (`rules.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.config.by_one_feature import ValuesSegmentation
from tasks.config.errors import StatisticsError
from tasks.config.keys import key_of
from tasks.config.resolving import Rule
from tasks.segments.definitions import Definition, keys_ever_used
from tasks.segments.division import OTHERWISE, Division, Job
from tasks.segments.literals import column
from tasks.segments.rules import members_by_rules
from tasks.segments.stored_model import StoredModel, model_row, stored_model, why_anew
from tasks.warehouse.catalogue import KEY
from tasks.warehouse.connection import identifier, literal

KIND = "values"


@dataclass(frozen=True, slots=True)
class _Values:
    """The values that are segments, the most frequent of the day they were chosen first.

    Attributes:
        listed: those values.
        keys: id by value, of every value that ever was a segment.
        note: what is said of them.
        model: where they are kept.
    """

    listed: list[str]
    keys: Mapping[str, str]
    note: str
    model: StoredModel


def divide_by_values(job: Job, segmentation: ValuesSegmentation) -> Division:
    """Divide customers by the values of one category."""
    try:
        found = _values(job, segmentation)
    except StatisticsError as error:
        return job.refused(error.message, segmentation.otherwise)
    others, other = segmentation.others, segmentation.otherwise
    since = f" (values {found.model.number} of {found.model.trained})"
    conditions = _conditions(segmentation, found.listed, found.keys)
    rules = [Rule(key, condition, condition + since) for key, condition in conditions]
    fallback = other.id if other else None
    job.keep(members_by_rules(job.name, job.customers, rules, fallback, unmatched="of no value with a segment"))
    names = value_names(found.listed, segmentation)
    meaning = job.catalogue.features[segmentation.feature].meaning.partition(";")[0]
    listed = [
        Definition(found.keys[value], names[value], f"{meaning}: {value}", rule.condition)
        for value, rule in zip(found.listed, rules, strict=False)
    ]
    if others:
        listed.append(Definition(others.id, others.name, others.description, rules[-1].condition))
    if other:
        listed.append(Definition(other.id, other.name, other.description, OTHERWISE))
    row = model_row(job.name, found.model, len(listed), found.note)
    return Division(listed, f"{len(found.listed)} values; {found.note}", row)


def value_names(listed: Sequence[str], segmentation: ValuesSegmentation) -> dict[str, str]:
    """Name of each value's segment, unique in whatever case it is written."""
    taken = {segment.name.casefold() for segment in segmentation.own_segments}
    names = {}
    for value in listed:
        wanted = segmentation.names.get(value, value).strip() or "(blank)"
        name, number = wanted, 1
        while name.casefold() in taken:
            number += 1
            name = f"{wanted} ({number})"
        taken.add(name.casefold())
        names[value] = name
    return names


def _conditions(
    segmentation: ValuesSegmentation, listed: Sequence[str], keys: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Key and condition of each segment but that of all others."""
    name = column(segmentation.feature)
    found = [(keys[value], f"{name} = {literal(value)}") for value in listed]
    if segmentation.others:
        known = f" AND {name} NOT IN ({', '.join(map(literal, listed))})" if listed else ""
        found.append((segmentation.others.id, f"{name} IS NOT NULL{known}"))
    return found


def _values(job: Job, segmentation: ValuesSegmentation) -> _Values:
    asked = {
        "feature": segmentation.feature,
        "population": job.resolved.population,
        "top": segmentation.top,
        "min_share": segmentation.min_share,
    }
    past = stored_model(job.run, job.name, KIND)
    why = why_anew(job, past, asked, segmentation.refit)
    if past is not None and why is None:
        return _Values(past.content["values"], past.content["keys"], f"values of {past.trained} go on", past)
    listed = _frequent(job, segmentation)
    is_comparable = past is not None and past.content["asked"]["feature"] == segmentation.feature
    keys: dict[str, str] = dict(past.content["keys"]) if past is not None and is_comparable else {}
    taken = {*keys_ever_used(job.run, job.name), *(segment.id for segment in segmentation.own_segments)}
    for value in listed:
        if value not in keys:
            keys[value] = key_of(value, taken | set(keys.values()))
    model = StoredModel(
        past.number + 1 if past else 1,
        job.run.as_of,
        {"kind": KIND, "asked": asked, "values": listed, "keys": keys},
    )
    note = f"{why}{_moved(job, segmentation, past, listed) if past is not None and is_comparable else ''}"
    return _Values(listed, keys, note, model)


def _frequent(job: Job, segmentation: ValuesSegmentation) -> list[str]:
    """The values that are to be segments: the most frequent first, equally frequent ones in the order of their names.

    A value of fewer customers than `privacy.min_group_size` is none: its name alone would tell of them.
    """
    name, least = f"CAST({identifier(segmentation.feature)} AS VARCHAR)", job.run.workspace.privacy.min_group_size
    counted = job.run.warehouse.rows(
        f"SELECT {name} AS value, count({KEY}) AS customers FROM {job.customers} WHERE {name} IS NOT NULL"
        " GROUP BY ALL ORDER BY customers DESC, value"
    )
    total = sum(count for _, count in counted)
    if not total:
        raise StatisticsError(f"{segmentation.feature} is known of nobody")
    floor = 0 if segmentation.min_share is None else segmentation.min_share * total
    listed = [value for value, count in counted if count >= max(floor, least)]
    return listed[: segmentation.top]


def _moved(job: Job, segmentation: ValuesSegmentation, past: StoredModel, listed: Sequence[str]) -> str:
    """Which values came and went, and how many of today's customers have one of them."""
    old = past.content["values"]
    entered, left = sorted(set(listed) - set(old)), sorted(set(old) - set(listed))
    changed = ", ".join(map(literal, [*entered, *left])) or "''"
    moved, count = job.run.warehouse.rows(
        f"SELECT count(*) FILTER (CAST({identifier(segmentation.feature)} AS VARCHAR) IN ({changed})), count(*)"
        f" FROM {job.customers}"
    )[0]
    said = [f"{word} {', '.join(values)}" for word, values in (("new:", entered), ("retired:", left)) if values]
    return f"; {'; '.join(said) or 'the same values'}; {moved:,} of {count:,} customers are concerned"
