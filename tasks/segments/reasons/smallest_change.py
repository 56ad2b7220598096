"""The smallest change of a customer's features that would put him elsewhere, and the proof that it would.

Owns: the search over changes of one, two and three features, and making what it finds as small as it can be. Does not
own where a changed customer would be (`placing.py`): every change that is told has been asked of the SQL or the model
that divides all customers.

A change of fewer features is smaller; of as many, the one with the smallest sum of sizes (`candidates.Scale.cost`).
Values that no candidate is near may be missed: "none was found" is said as just that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice, product
from typing import Any

from tasks.segments.reasons.candidates import Scale, candidates, scale_of
from tasks.segments.reasons.parts import tell
from tasks.segments.reasons.placing import Place, Variant, placer, verified
from tasks.segments.reasons.standing import Standing

#: Variants that are asked for at most, by how many features they change.
_MOST = {1: 4_000, 2: 20_000, 3: 30_000}
#: Points between a value that does and one that does not, each time it is narrowed down.
_POINTS = 40
_TIMES = 3
Wanted = Callable[[frozenset[str]], bool]


@dataclass(frozen=True, slots=True)
class FeatureChange:
    """One feature that would have to be another."""

    feature: str
    before: Any
    after: Any
    unit: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Change:
    """A change that was proved to lead somewhere.

    Attributes:
        to_segment_ids: the segments that the customer would be in.
        features: what would have to be otherwise.
    """

    to_segment_ids: tuple[str, ...]
    features: tuple[FeatureChange, ...]

    @property
    def told(self) -> str:
        """What would have to be otherwise, in words."""
        return " and ".join(
            f"{item.feature} {tell(item.after)} instead of {tell(item.before)}" + (f" {item.unit}" if item.unit else "")
            for item in self.features
        )


def smallest_change(standing: Standing, target: str | None = None) -> Change | None:
    """The smallest change into a segment, or out of the present one into any other; None: none was found."""
    place = placer(standing)
    scales = {name: scale_of(standing, name) for name in standing.features}
    values = {name: candidates(standing, scale) for name, scale in scales.items()}
    for size in (1, 2, 3):
        variants = list(islice(_variants(scales, values, size), _MOST[size]))
        if not variants:
            continue
        places = place(variants)
        for wanted in _aims(standing, target):
            hits = [variant for variant, found in zip(variants, places, strict=True) if wanted(found)]
            for variant in sorted(hits, key=lambda hit: _cost(standing, scales, hit))[:5]:
                narrowed = _narrowed(standing, scales, place, variant, wanted)
                found = verified(standing, narrowed)
                if wanted(found):
                    return _change(standing, narrowed, found)
        if standing.kind == "projected":
            # A projection is fitted for every question; one answer has to do.
            break
    return None


def _aims(standing: Standing, target: str | None) -> list[Wanted]:
    """What is looked for: a segment, or any other; to be in none only where there is no other to be in."""
    if target is not None:
        return [lambda found: target in found]
    own = standing.own
    return [lambda found: bool(found - own), lambda found: found != own]


def _variants(scales: Mapping[str, Scale], values: Mapping[str, Sequence[Any]], size: int) -> Iterator[Variant]:
    """Changes of so many features; where there would be too many, each feature's nearest and evenly chosen values."""
    groups = list(combinations(scales, size))
    each = max(int((_MOST[size] / max(len(groups), 1)) ** (1 / size)), 2)
    few = {name: _thinned(found, each) for name, found in values.items()}
    for names in groups:
        for chosen in product(*(few[name] for name in names)):
            yield dict(zip(names, chosen, strict=True))


def _thinned(values: Sequence[Any], count: int) -> list[Any]:
    if len(values) <= count:
        return list(values)
    return [values[(place * len(values)) // count] for place in range(count)]


def _cost(standing: Standing, scales: Mapping[str, Scale], variant: Variant) -> tuple[float, str]:
    total = sum(scales[name].cost(standing.values[name], value) for name, value in variant.items())
    return round(total, 9), str(sorted(variant.items(), key=lambda item: item[0]))


def _narrowed(
    standing: Standing, scales: Mapping[str, Scale], place: Place, variant: Variant, wanted: Wanted
) -> dict[str, Any]:
    """The same change with every number brought as near to what it is as it still leads there."""
    found = dict(variant)
    if standing.kind == "projected":
        return found
    for name in found:
        before = standing.values[name]
        if scales[name].is_number and before is not None:
            found[name] = _nearest(scales[name], place, found, name, float(before), wanted)
    return found


def _nearest(scale: Scale, place: Place, variant: Variant, name: str, start: float, wanted: Wanted) -> Any:  # noqa: ANN401
    """The value of one feature that is nearest to `start` and does; of those about as near, one of few digits."""
    fails, does = start, variant[name]
    for _ in range(_TIMES):
        points = [scale.rounded(fails + (float(does) - fails) * step / _POINTS) for step in range(1, _POINTS)]
        points = list(dict.fromkeys(point for point in points if point not in {does, scale.rounded(fails)}))
        if not points:
            break
        holds = [wanted(found) for found in place([{**variant, name: point} for point in points])]
        first = holds.index(True) if True in holds else None
        if first is None:
            fails = float(points[-1])
            continue
        does, fails = points[first], float(points[first - 1]) if first else fails
    return _shortest(scale, place, variant, name, (start, does), wanted)


def _shortest(scale: Scale, place: Place, variant: Variant, name: str, ends: tuple[float, Any], wanted: Wanted) -> Any:  # noqa: ANN401 - int or float
    start, does = ends
    most = abs(float(does) - start) * 1.02
    texts = [round(float(does), digits) for digits in range(scale.decimals)]
    short = [scale.rounded(value) for value in texts if abs(value - start) <= most and value != start]
    short = [value for value in dict.fromkeys(short) if value != does]
    if not short:
        return does
    holds = place([{**variant, name: value} for value in short])
    return next((value for value, found in zip(short, holds, strict=True) if wanted(found)), does)


def _change(standing: Standing, variant: Variant, found: frozenset[str]) -> Change:
    return Change(
        tuple(sorted(found)),
        tuple(
            FeatureChange(
                name,
                standing.values[name],
                value,
                standing.catalogue.features[name].unit,
                standing.catalogue.features[name].meaning.partition(";")[0],
            )
            for name, value in sorted(variant.items())
        ),
    )
