"""Whether what is new is like what was there before: units of a series, and the rule that judges the newest.

Owns: the statistics of the checks on history. Does not own where the figures come from (`series.py`) or Great
Expectations' classes (`like_history.py`). Plain Python over small numbers of units; lines are counted in SQL.

A unit is a day, a week or a file of one source. The newest is told only where it passes two gates, as drift does
(docs of `tasks/drift`): it is *unusual*, by its robust distance from the history's median in scaled median absolute
deviations (Iglewicz & Hoaglin, How to Detect and Handle Outliers, 1993, p. 11), and it is *material*, by a ratio or a
difference of shares that matters. A unit like the one that was published last, and told then, is not told again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

#: What is compared: how many rows; the share without a value; the geometric mean; the shares of each value.
Aspect = Literal["rows", "empty", "level", "mix"]

#: Scales the median absolute deviation to the standard deviation of a normal distribution.
_MAD_SCALE = 1.4826
#: No history is so even that less than this counts as a deviation (of logarithms, of shares).
_SMALLEST_SPREAD = {"rows": 0.05, "empty": 0.005, "level": 0.01, "mix": 0.005}
#: A ratio that cannot be computed, since nothing is left of what was there.
_NOTHING_LEFT = 1e6


@dataclass(slots=True)
class Unit:
    """What is known of one day, week or file: rows, a sum (of empties, or of logarithms), rows by value."""

    size: float = 0.0
    total: float = 0.0
    counts: dict[str, float] = field(default_factory=dict)

    def add(self, size: float, total: float, part: str | None) -> None:
        """Count further rows in."""
        self.size += size
        self.total += total
        if part is not None:
            self.counts[part] = self.counts.get(part, 0.0) + size

    @property
    def shares(self) -> dict[str, float]:
        """Share of the rows by value."""
        return {part: count / self.size for part, count in self.counts.items()} if self.size else {}


@dataclass(frozen=True, slots=True)
class Rule:
    """When the newest unit is told.

    Attributes:
        aspect: what is compared.
        limit: how much matters: a ratio (rows, level) or a difference of shares (empty, mix; total variation, 0–1).
        deviations: how unusual it must be, in robust standard deviations.
        min_units: units of history without which nothing is judged.
        min_rows: rows of a unit below which it is not judged.
        only: of rows, whether only a loss (`fewer`) or only an excess (`more`) is told; None: both.
    """

    aspect: Aspect
    limit: float
    deviations: float = 6.0
    min_units: int = 8
    min_rows: float = 30.0
    only: Literal["fewer", "more"] | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The newest unit beside its history; `is_wrong` where it passes both gates."""

    is_wrong: bool
    newest: float
    usual: float
    deviations: float
    change: float
    part: str | None = None


def judge(
    newest: Unit,
    history: Sequence[Unit],
    rule: Rule,
    *,
    published: Unit | None = None,
    seasonal: tuple[float, float] | None = None,
) -> Judgement | None:
    """Compare the newest unit with earlier ones; None where there is too little to say anything.

    Args:
        newest: the unit in question.
        history: earlier units, in any order.
        rule: when it is told.
        published: the unit that the last publication ended with; what is like it was told then, if that was wrong.
        seasonal: fewest and most rows that the same season of the year before lets expect; what is near is no news.
    """
    history = [unit for unit in history if unit.size >= rule.min_rows]
    if len(history) < rule.min_units or not _is_judged(newest, rule):
        return None
    found = _beside(newest, history, rule)
    if not found.is_wrong:
        return found
    if published is not None and _was_told(published, history, rule) and not _differs(newest, published, rule):
        return _quiet(found)
    if seasonal and seasonal[0] / math.sqrt(rule.limit) <= newest.size <= seasonal[1] * math.sqrt(rule.limit):
        return _quiet(found)
    return found


def _is_judged(unit: Unit, rule: Rule) -> bool:
    """Shares and means of few rows say nothing; that there are few says something."""
    return unit.size >= rule.min_rows or rule.aspect == "rows"


def _beside(unit: Unit, history: Sequence[Unit], rule: Rule) -> Judgement:
    return _judge_mix(unit, history, rule) if rule.aspect == "mix" else _judge_value(unit, history, rule)


def _was_told(published: Unit, history: Sequence[Unit], rule: Rule) -> bool:
    """Whether a unit was wrong itself: a change that adds up day by day is unlike the day before on none of them."""
    return _is_judged(published, rule) and _beside(published, history, rule).is_wrong


def _quiet(found: Judgement) -> Judgement:
    return Judgement(
        is_wrong=False, newest=found.newest, usual=found.usual, deviations=found.deviations, change=found.change
    )


def _differs(newest: Unit, published: Unit, rule: Rule) -> bool:
    """Whether the unit is unlike the published one by more than half of what matters."""
    if rule.aspect == "mix":
        return total_variation(newest.shares, published.shares) > rule.limit / 2
    if rule.aspect == "empty":
        return abs(_figure(newest, rule.aspect) - _figure(published, rule.aspect)) > rule.limit / 2
    return abs(_logarithm(newest, rule.aspect) - _logarithm(published, rule.aspect)) > math.log(rule.limit) / 2


def _judge_value(newest: Unit, history: Sequence[Unit], rule: Rule) -> Judgement:
    is_share = rule.aspect == "empty"
    scale = _figure if is_share else _logarithm
    value = scale(newest, rule.aspect)
    values = [scale(unit, rule.aspect) for unit in history]
    centre = median(values)
    spread = max(
        _MAD_SCALE * median(abs(each - centre) for each in values),
        _sampling_error(newest, history, rule.aspect, centre),
        _SMALLEST_SPREAD[rule.aspect],
    )
    deviations = abs(value - centre) / spread
    if is_share:
        change = value - centre
        is_material = abs(change) >= rule.limit
    else:
        change = math.exp(min(abs(value - centre), math.log(_NOTHING_LEFT)))
        direction = "more" if value > centre else "fewer"
        is_material = change >= rule.limit and rule.only in {None, direction}
    usual = centre if is_share else math.exp(centre)
    return Judgement(
        is_wrong=is_material and deviations >= rule.deviations,
        newest=_figure(newest, rule.aspect),
        usual=usual,
        deviations=deviations,
        change=change,
    )


def _judge_mix(newest: Unit, history: Sequence[Unit], rule: Rule) -> Judgement:
    """Total variation of the newest against all earlier ones, beside that of each earlier one against the others.

    What chance alone does to so few rows is taken off each of them.
    """
    pooled = pool(history)
    distance = _excess(newest, pooled)
    natural = [_excess(unit, _without(pooled, unit)) for unit in history]
    centre = median(natural)
    spread = max(_MAD_SCALE * median(abs(each - centre) for each in natural), _SMALLEST_SPREAD["mix"])
    deviations = (distance - centre) / spread
    now, before = newest.shares, pooled.shares
    part = max(sorted({*now, *before}), key=lambda name: abs(now.get(name, 0.0) - before.get(name, 0.0)))
    return Judgement(
        is_wrong=distance >= rule.limit and deviations >= rule.deviations and distance > max(natural),
        newest=now.get(part, 0.0),
        usual=before.get(part, 0.0),
        deviations=deviations,
        change=distance,
        part=part,
    )


def _excess(unit: Unit, others: Unit) -> float:
    """Total variation beyond what so many draws from `others` have on average.

    A share p of n draws is off by √(2 p (1 − p) / (π n)) on average, as its distribution is nearly normal.
    """
    expected = others.shares
    by_chance = sum(math.sqrt(2 * p * (1 - p) / (math.pi * max(unit.size, 1.0))) for p in expected.values()) / 2
    return total_variation(unit.shares, expected) - by_chance


def total_variation(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    """Half the sum of the absolute differences of two distributions: 0 the same, 1 nothing in common."""
    return sum(abs(first.get(part, 0.0) - second.get(part, 0.0)) for part in sorted({*first, *second})) / 2


def pool(units: Iterable[Unit]) -> Unit:
    """All units put together."""
    whole = Unit()
    for unit in units:
        whole.size += unit.size
        whole.total += unit.total
        for part, count in unit.counts.items():
            whole.counts[part] = whole.counts.get(part, 0.0) + count
    return whole


def _without(whole: Unit, unit: Unit) -> Unit:
    counts = {part: count - unit.counts.get(part, 0.0) for part, count in whole.counts.items()}
    return Unit(whole.size - unit.size, whole.total - unit.total, counts)


def _figure(unit: Unit, aspect: Aspect) -> float:
    """Rows, the share of empties, or the geometric mean."""
    if aspect == "rows":
        return unit.size
    if not unit.size:
        return 0.0
    return unit.total / unit.size if aspect == "empty" else math.exp(unit.total / unit.size)


def _logarithm(unit: Unit, aspect: Aspect) -> float:
    if aspect == "rows":
        return math.log(max(unit.size, 0.5))
    return unit.total / unit.size if unit.size else 0.0


def _sampling_error(newest: Unit, history: Sequence[Unit], aspect: Aspect, centre: float) -> float:
    """What chance alone does to the newest unit: of counts by Poisson's law, of shares by the binomial."""
    if aspect == "rows":
        return math.sqrt(1 / max(median(unit.size for unit in history), 1.0))
    if aspect == "empty":
        share = min(max(centre, 1 / (newest.size + 1)), 1 - 1 / (newest.size + 1))
        return math.sqrt(share * (1 - share) / max(newest.size, 1.0))
    return 0.0
