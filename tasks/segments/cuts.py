"""Cuts: one number divided into ordered segments, at thresholds that are given or learnt once and kept.

Owns: where thresholds lie, and the rules that they make. Does not own how long they are kept (`lifecycle.py`) or the
members of a rule (`rules.py`).

A threshold that is learnt lies between two customers who are neighbours in the feature: any number there divides them
alike, and the one with the fewest digits is taken. It is easier to speak of, and nobody's own figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tasks.config.by_one_feature import CutsSegmentation
from tasks.config.errors import StatisticsError
from tasks.config.resolving import Rule
from tasks.segments.definitions import Definition
from tasks.segments.division import OTHERWISE, Division, Job
from tasks.segments.lifecycle import Candidate, settle
from tasks.segments.literals import between, column, number_literal
from tasks.segments.one_feature import OneFeatureLearner
from tasks.segments.rules import members_by_rules
from tasks.segments.stored_model import StoredModel, model_row
from tasks.warehouse.connection import Warehouse, identifier

if TYPE_CHECKING:
    import polars as pl

KIND = "cuts"
#: Sums of decimals are the same in whatever order they are added up; so wide that a feature's own digits fit.
_EXACT = "DECIMAL(28, 6)"
_SMALLEST = Decimal("0.000001")


def divide_by_cuts(job: Job, segmentation: CutsSegmentation) -> Division:
    """Divide customers by thresholds of one feature."""
    if segmentation.at is not None:
        return _divided(job, segmentation, [number_literal(limit) for limit in segmentation.at], "as given")
    settled = settle(CutsLearner(job, segmentation))
    model = settled.model
    if model is None:
        return job.refused(settled.note, segmentation.otherwise, settled.rows)
    since = f" (thresholds {model.number} of {model.trained})"
    divided = _divided(job, segmentation, model.content["limits"], settled.note, since)
    row = model_row(job.name, model, len(segmentation.lowest_first), settled.note)
    return replace(divided, model=row, versions=settled.rows, contents=settled.contents)


def _divided(job: Job, segmentation: CutsSegmentation, limits: list[str], note: str, since: str = "") -> Division:
    """Divide by thresholds in ascending order, as SQL."""
    keys = [segment.id for segment in segmentation.lowest_first]
    rules = [
        Rule(rule.key, rule.condition, rule.told + since) for rule in cut_rules(segmentation.feature, limits, keys)
    ]
    other = segmentation.otherwise
    fallback = other.id if other else None
    unmatched = f"{segmentation.feature} is not known"
    job.keep(members_by_rules(job.name, job.customers, rules, fallback, unmatched=unmatched))
    text = {rule.key: rule.condition for rule in rules} | ({fallback: OTHERWISE} if fallback else {})
    listed = [Definition(s.id, s.name, s.description, text[s.id]) for s in segmentation.declared_segments]
    return Division(listed, f"{len(keys)} cuts at {', '.join(limits)}; {note}")


@dataclass(frozen=True, slots=True)
class CutsLearner(OneFeatureLearner[CutsSegmentation]):
    """Learns thresholds; see `Learner`."""

    kind: str = KIND

    @property
    def asked(self) -> dict[str, object]:
        """What, when it changes, makes it learn anew."""
        return {
            "feature": self.segmentation.feature,
            "population": self.job.resolved.population,
            "quantiles": self.segmentation.quantiles,
            "cumulative_shares": self.segmentation.cumulative_shares,
        }

    def goes_on(self, past: StoredModel) -> str:
        """What is said where nothing is learnt anew."""
        return f"thresholds of {past.trained} go on"

    def keys(self, content: Mapping[str, Any]) -> list[str]:
        """The workspace names the segments; thresholds change none of them."""
        del content
        return [segment.id for segment in self.segmentation.declared_segments]

    def places(self, content: Mapping[str, Any]) -> pl.DataFrame:
        """Where thresholds put today's customers."""
        keys = [segment.id for segment in self.segmentation.lowest_first]
        limits = content["limits"]
        if len(limits) + 1 != len(keys):
            raise StatisticsError(f"{len(limits)} thresholds do not divide into the {len(keys)} segments of today")
        rules = cut_rules(self.segmentation.feature, limits, keys)
        return self.placed([(rule.key, rule.condition) for rule in rules])

    def learn(self, past: StoredModel | None, why: str) -> Candidate:
        """Learn thresholds from today's data.

        Raises:
            StatisticsError: the feature has no two values, or no positive one to cumulate.
        """
        self.job.refuse_nobody()
        limits = learnt_thresholds(self.job.run.warehouse, self.job.customers, self.segmentation)
        moved, told = _moved(self.job, self.segmentation, past, limits)
        return Candidate(
            content={"kind": KIND, "asked": self.asked, "limits": limits},
            segment_count=len(self.segmentation.lowest_first),
            passes=True,
            reason=f"{why}{told}",
            metrics={"limits": limits},
            moved_count=moved,
        )


def cut_rules(feature: str, limits: Sequence[str], keys: Sequence[str]) -> list[Rule]:
    """The rules of segments between thresholds, the lowest first; a value at a threshold is above it."""
    name = column(feature)
    rules = []
    for key, low, high in zip(keys, [None, *limits], [*limits, None], strict=True):
        parts = [f"{name} >= {low}"] if low is not None else []
        parts += [f"{name} < {high}"] if high is not None else []
        condition = " AND ".join(parts)
        rules.append(Rule(key, condition, condition))
    return rules


def _moved(
    job: Job, segmentation: CutsSegmentation, past: StoredModel | None, limits: list[str]
) -> tuple[int | None, str]:
    """How many of today's customers the new thresholds put elsewhere than the old ones would, and in words."""
    if past is None:
        return None, ""
    feature, old = past.content["asked"]["feature"], past.content["limits"]
    if len(old) != len(limits) or feature not in job.catalogue.features:
        return None, "; the old thresholds cannot be compared with"
    places = [str(place) for place in range(len(limits) + 1)]
    then, now = (
        "CASE " + " ".join(f"WHEN {rule.condition} THEN {rule.key}" for rule in cut_rules(name, at, places)) + " END"
        for name, at in ((feature, old), (segmentation.feature, limits))
    )
    moved, count = job.run.warehouse.rows(
        f"SELECT count(*) FILTER (({then}) IS DISTINCT FROM ({now})), count(*) FROM {job.customers}"
    )[0]
    return moved, f"; {moved:,} of {count:,} customers are in another segment than by the old thresholds"


def learnt_thresholds(warehouse: Warehouse, relation: str, segmentation: CutsSegmentation) -> list[str]:
    """Thresholds of quantiles or cumulative shares, as SQL literals, ascending.

    Args:
        warehouse: open.
        relation: SQL for a FROM: the customers to learn from.
        segmentation: which has no thresholds of its own.

    Raises:
        StatisticsError: the feature has no two values, or no positive one to cumulate.
    """
    name = identifier(segmentation.feature)
    counted = (
        f"(SELECT {name} AS value, count(*) AS customers, sum(CAST(greatest({name}, 0) AS {_EXACT})) AS amount"
        f" FROM {relation} WHERE {name} IS NOT NULL GROUP BY {name})"
    )
    below = (
        "(SELECT value, sum(customers) OVER before AS below_count, lag(value) OVER ascending AS lower_value"
        f" FROM {counted} WINDOW ascending AS (ORDER BY value),"
        " before AS (ORDER BY value ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))"
    )
    if segmentation.quantiles:
        total = int(warehouse.value(f"SELECT coalesce(sum(customers), 0) FROM {counted}"))
        return [_quantile(warehouse, below, share, total, segmentation.feature) for share in segmentation.quantiles]
    amount = warehouse.value(f"SELECT sum(amount) FROM {counted}") or Decimal(0)
    if not amount:
        raise StatisticsError(f"nobody has a positive {segmentation.feature}, so there is no total to share")
    above = (
        "(SELECT value, coalesce(sum(amount) OVER before, 0) AS above_amount, lag(value) OVER ascending AS lower_value"
        f" FROM {counted} WINDOW ascending AS (ORDER BY value),"
        " before AS (ORDER BY value DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))"
    )
    shares = segmentation.cumulative_shares or []
    return [_cumulative(warehouse, above, share, amount) for share in reversed(shares)]


def _quantile(warehouse: Warehouse, below: str, share: float, total: int, feature: str) -> str:
    """The threshold below which a share of the customers lies.

    Equal values stay together, so that there is seldom a threshold with just that share below it: the nearest is taken,
    of two that are equally near the higher. Somebody lies on either side, whatever the share. Everything is compared in
    integers: share = a/b, and |below - n·a/b| is least where |below·b - n·a| is.
    """
    exact = Fraction(str(share))
    found = warehouse.rows(
        f"SELECT value, lower_value FROM {below} WHERE below_count > 0"
        f" ORDER BY abs(below_count * {exact.denominator}::HUGEINT - {total * exact.numerator}::HUGEINT), value DESC"
        " LIMIT 1"
    )
    if not found:
        raise StatisticsError(f"{feature} has no two different values, so it cannot be cut")
    return between(found[0][1], found[0][0])


def _cumulative(warehouse: Warehouse, above: str, share: float, amount: Decimal) -> str:
    """The threshold above which the highest bring a share of the total together.

    Whoever's value makes the sum pass the share is above it, and all his equals are; zero and less add nothing, and lie
    below every threshold.
    """
    target = (Decimal(str(share)) * amount).quantize(_SMALLEST, rounding=ROUND_CEILING)
    # Sums have six decimals: below the target means below the target rounded up to six.
    value, lower = warehouse.rows(
        f"SELECT value, lower_value FROM {above} WHERE value > 0 AND above_amount < {target} ORDER BY value LIMIT 1"
    )[0]
    return between(max(lower, 0) if lower is not None else 0, value)
