"""Values: a segment for each frequent value of a category, with ids that stay with the values.

Owns: which values become segments, and their ids and names. Does not own how long they are kept (`lifecycle.py`) or
the members of a rule (`rules.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasks.config.by_one_feature import ValuesSegmentation
from tasks.config.errors import StatisticsError
from tasks.config.keys import key_of
from tasks.config.resolving import Rule
from tasks.segments.definitions import Definition, keys_ever_used
from tasks.segments.division import OTHERWISE, Division, Job
from tasks.segments.lifecycle import Candidate, settle
from tasks.segments.literals import column
from tasks.segments.one_feature import OneFeatureLearner
from tasks.segments.rules import members_by_rules
from tasks.segments.stored_model import StoredModel, model_row
from tasks.warehouse.catalogue import KEY
from tasks.warehouse.connection import identifier, literal

if TYPE_CHECKING:
    import polars as pl

KIND = "values"


def divide_by_values(job: Job, segmentation: ValuesSegmentation) -> Division:
    """Divide customers by the values of one category."""
    settled = settle(ValuesLearner(job, segmentation))
    model = settled.model
    if model is None:
        return job.refused(settled.note, segmentation.otherwise, settled.rows)
    values, keys = model.content["values"], model.content["keys"]
    others, other = segmentation.others, segmentation.otherwise
    since = f" (values {model.number} of {model.trained})"
    conditions = _conditions(segmentation, values, keys)
    rules = [Rule(key, condition, condition + since) for key, condition in conditions]
    fallback = other.id if other else None
    job.keep(members_by_rules(job.name, job.customers, rules, fallback, unmatched="of no value with a segment"))
    names = value_names(values, segmentation)
    meaning = job.catalogue.features[segmentation.feature].meaning.partition(";")[0]
    listed = [
        Definition(keys[value], names[value], f"{meaning}: {value}", rule.condition)
        for value, rule in zip(values, rules, strict=False)
    ]
    if others:
        listed.append(Definition(others.id, others.name, others.description, rules[-1].condition))
    if other:
        listed.append(Definition(other.id, other.name, other.description, OTHERWISE))
    row = model_row(job.name, model, len(listed), settled.note)
    return Division(listed, f"{len(values)} values; {settled.note}", row, settled.rows, settled.contents)


@dataclass(frozen=True, slots=True)
class ValuesLearner(OneFeatureLearner[ValuesSegmentation]):
    """Learns which values are segments; see `Learner`. A content has every value that ever was one, with its id."""

    kind: str = KIND

    @property
    def asked(self) -> dict[str, object]:
        """What, when it changes, makes it learn anew."""
        return {
            "feature": self.segmentation.feature,
            "population": self.job.resolved.population,
            "top": self.segmentation.top,
            "min_share": self.segmentation.min_share,
        }

    def goes_on(self, past: StoredModel) -> str:
        """What is said where nothing is learnt anew."""
        return f"values of {past.trained} go on"

    def keys(self, content: Mapping[str, Any]) -> list[str]:
        """Ids of the values that are segments; those that the workspace names stay."""
        return [content["keys"][value] for value in content["values"]]

    def places(self, content: Mapping[str, Any]) -> pl.DataFrame:
        """Where values put today's customers."""
        return self.placed(_conditions(self.segmentation, content["values"], content["keys"]))

    def learn(self, past: StoredModel | None, why: str) -> Candidate:
        """Choose the values from today's data.

        Raises:
            StatisticsError: nobody has one.
        """
        job, segmentation = self.job, self.segmentation
        listed = _frequent(job, segmentation)
        comparable = past if past is not None and past.content["asked"]["feature"] == segmentation.feature else None
        keys: dict[str, str] = dict(comparable.content["keys"]) if comparable else {}
        taken = {*keys_ever_used(job.run, job.name), *(segment.id for segment in segmentation.own_segments)}
        for value in listed:
            if value not in keys:
                keys[value] = key_of(value, taken | set(keys.values()))
        moved, told = _moved(job, segmentation, comparable, listed) if comparable else (None, "")
        return Candidate(
            content={"kind": KIND, "asked": self.asked, "values": listed, "keys": keys},
            segment_count=len(listed) + len(segmentation.own_segments),
            passes=True,
            reason=f"{why}{told}",
            metrics={"values": listed},
            moved_count=moved,
        )


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
    """Key and condition of each segment but that of all others.

    Not in order of frequency, in which a refit that finds the same values would be another definition of the others.
    """
    name = column(segmentation.feature)
    found = [(keys[value], f"{name} = {literal(value)}") for value in listed]
    if segmentation.others:
        known = f" AND {name} NOT IN ({', '.join(map(literal, sorted(listed)))})" if listed else ""
        found.append((segmentation.others.id, f"{name} IS NOT NULL{known}"))
    return found


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
        job.refuse_nobody()
        raise StatisticsError(f"{segmentation.feature} is known of nobody")
    floor = 0 if segmentation.min_share is None else segmentation.min_share * total
    listed = [value for value, count in counted if count >= max(floor, least)]
    return listed[: segmentation.top]


def _moved(job: Job, segmentation: ValuesSegmentation, past: StoredModel, listed: Sequence[str]) -> tuple[int, str]:
    """How many of today's customers have a value that came or went, and which those are, in words."""
    old = past.content["values"]
    entered, left = sorted(set(listed) - set(old)), sorted(set(old) - set(listed))
    changed = ", ".join(map(literal, [*entered, *left])) or "''"
    moved, count = job.run.warehouse.rows(
        f"SELECT count(*) FILTER (CAST({identifier(segmentation.feature)} AS VARCHAR) IN ({changed})), count(*)"
        f" FROM {job.customers}"
    )[0]
    said = [f"{word} {', '.join(values)}" for word, values in (("new:", entered), ("retired:", left)) if values]
    return moved, f"; {'; '.join(said) or 'the same values'}; {moved:,} of {count:,} customers are concerned"
