"""Names and plain descriptions of segments, from the features that tell them most apart.

Owns: the ranking of distinguishing features, the words, and that a name is unique and stays with its id. Does not own:
what a feature means (passed in), or the segments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tasks.segments.words import standard_words

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_EVERYBODY = "All customers"
_WORDS_IN_NAME = 3
_LINES_IN_DESCRIPTION = 4
NOTABLE = 0.3
"""Effects below this many standard deviations are not worth a word (Cohen 1988 calls 0.2 small, 0.5 medium)."""
_LESS_KNOWN = 0.2
"""How much rarer, as a share of customers, a feature is known in a segment than of all, from which that is a trait."""


@dataclass(frozen=True, slots=True)
class FeatureMeaning:
    """How to speak of a feature.

    Attributes:
        label: what it is, such as "orders in 90 days"; what follows a semicolon is a note, and is not said.
        unit: "share" is written in percent; "days" and other words after the value; a currency sign before it.
        high: adjective for a segment that has much of it, such as "frequent"; default "high <label>".
        low: adjective for a segment that has little of it; default "low <label>".
        phrase: what its members do, with `{value}`, such as "order {value} times in 90 days"; default
            "<label> {value}".
        group: features of one group say the same thing, and only the strongest of them enters the name.
    """

    label: str
    unit: str = ""
    high: str = ""
    low: str = ""
    phrase: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Distinction:
    """How far one segment lies from all customers in one feature.

    Attributes:
        feature: column name.
        effect: mean of the segment minus mean of all customers, in standard deviations of the transformed feature.
        typical: the segment's median, raw unit; its mean where both medians are equal (mostly zeros).
        everyone: the same for all customers.
        share_beyond: share on the far side of `everyone` (above for a positive effect, else below) of those in the
            segment of whom the feature is known.
        known_share: share of the segment of whom the feature is known.
        is_mean: whether both are means: of another segment they may be medians, and the same feature of all customers
            would be told as two figures that contradict each other.
    """

    feature: str
    effect: float
    typical: float
    everyone: float
    share_beyond: float
    is_mean: bool = False
    known_share: float = 1.0


@dataclass(frozen=True, slots=True)
class LessKnown:
    """A feature that is known of fewer customers of a segment than of all; they are put where the median is.

    Attributes:
        feature: column name.
        unknown: share of the segment of whom it is not known.
        everyone: the same of all customers.
    """

    feature: str
    unknown: float
    everyone: float


def less_known(raw: Mapping[str, Floats], members: NDArray[np.bool_]) -> tuple[LessKnown, ...]:
    """Features that are known of clearly fewer customers of a segment than of all, the greatest difference first.

    Args:
        raw: feature name to raw values of all customers; NaN where unknown.
        members: which customers are in the segment; at least one.
    """
    shares = [
        LessKnown(name, float((~np.isfinite(values[members])).mean()), float((~np.isfinite(values)).mean()))
        for name, values in raw.items()
    ]
    found = [one for one in shares if one.unknown - one.everyone >= _LESS_KNOWN]
    return tuple(sorted(found, key=lambda one: (one.everyone - one.unknown, one.feature)))


def distinctions(
    raw: Mapping[str, Floats],
    standardised: Floats,
    names: Sequence[str],
    members: NDArray[np.bool_],
    least_known: int = 1,
) -> tuple[Distinction, ...]:
    """Rank the features of one segment by how far it stands out, strongest first.

    Args:
        raw: feature name to raw values of all customers; NaN where unknown.
        standardised: transformed values, shape (customers, features).
        names: the columns of `standardised`.
        members: which customers are in the segment; at least one.
        least_known: a feature that is known of fewer of them is no trait to speak of.
    """
    found = []
    for j, name in enumerate(names):
        column = standardised[:, j]
        spread = float(column.std())
        effect = (float(column[members].mean()) - float(column.mean())) / spread if spread > 0 else 0.0
        values = raw[name]
        known = np.isfinite(values)
        inside = values[known & members]
        if len(inside) < max(least_known, 1):
            continue
        typical, everyone, is_mean = _typical(inside, values[known])
        share = float((inside > everyone if effect >= 0 else inside < everyone).mean())
        told = round(effect, 6), _tidy(typical), _tidy(everyone), round(share, 6)
        found.append(Distinction(name, *told, is_mean, round(len(inside) / int(members.sum()), 6)))
    return tuple(sorted(found, key=lambda d: (-abs(d.effect), d.feature)))


def name_segments(
    ranked: Mapping[str, Sequence[Distinction]],
    meanings: Mapping[str, FeatureMeaning],
    *,
    previous: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Give every segment a name of its own.

    Args:
        ranked: segment id to its distinctions, strongest first.
        meanings: feature name to how to speak of it; features without one are spoken of by column name.
        previous: id to name of every segment so far. A known id keeps its name whatever its members do now, so that
            readers can follow it, and no new segment takes the name of a retired one. Only that there is a single
            segment, of everybody, is in its name for as long as it is so.
    """
    previous = previous or {}
    is_single = len(ranked) == 1
    names = {
        key: previous[key]
        for key in sorted(ranked)
        if key in previous and previous[key].startswith(_EVERYBODY) == is_single
    }
    taken = {name.casefold() for name in previous.values()}
    for key in sorted(ranked, key=_natural):
        if key in names:
            continue
        candidates = [_EVERYBODY] if is_single else _candidates(ranked[key], meanings)
        fallback = f"{candidates[-1]} ({key})"
        names[key] = next((name for name in candidates if name.casefold() not in taken), fallback)
        taken.add(names[key].casefold())
    return {key: names[key] for key in ranked}


def describe(
    ranked: Sequence[Distinction], meanings: Mapping[str, FeatureMeaning], unknown: Sequence[LessKnown] = ()
) -> str:
    """One plain sentence per distinguishing feature, joined by semicolons; then what is not known of its customers.

    Such as: "Order 4.2 times in 90 days (all customers: 1.1; 88% of the segment above that); ...". Figures are medians
    where nothing else is said.
    """
    told = [d for d in ranked if abs(d.effect) >= NOTABLE][:_LINES_IN_DESCRIPTION]
    lines = [_line(d, meaning_of(d.feature, meanings)) for d in told]
    lines += [
        f"{meaning_of(one.feature, meanings).label} is not known of {one.unknown:.0%} of the segment"
        f" (all customers: {one.everyone:.0%})"
        for one in unknown
    ]
    if not lines:
        return "Close to the average customer in every feature used."
    return _capital("; ".join(lines)) + "."


def figures_of(description: str, day: dt.date) -> str:
    """A description with the day of its figures, where it has any: the segment goes on, and they are not told anew."""
    return f"{description} Figures of {day}." if "(all customers: " in description else description


def withheld_text(least: int) -> str:
    """The description of a segment whose figures would tell of fewer than `least` customers."""
    return f"Not described: its figures would tell of fewer than {least} customers."


def meaning_of(feature: str, meanings: Mapping[str, FeatureMeaning]) -> FeatureMeaning:
    """What is passed first, then the words of the standard features, then the column name."""
    given = meanings.get(feature, FeatureMeaning(label=""))
    words = standard_words(feature)
    label = given.label.split(";")[0].strip() or feature.replace("_", " ")
    return FeatureMeaning(
        label=label,
        unit=given.unit,
        high=given.high or words.high or f"high {label}",
        low=given.low or words.low or f"low {label}",
        phrase=given.phrase or words.phrase or f"{label}: {{value}}",
        group=given.group or words.group or feature,
    )


def _candidates(ranked: Sequence[Distinction], meanings: Mapping[str, FeatureMeaning]) -> list[str]:
    """Names from the strongest three features on, each longer than the one before; never empty."""
    words: list[str] = []
    groups: set[str] = set()
    for found in ranked:
        meaning = meaning_of(found.feature, meanings)
        if abs(found.effect) >= NOTABLE and meaning.group not in groups:
            groups.add(meaning.group)
            words.append(meaning.high if found.effect > 0 else meaning.low)
    if not words:
        return ["Close to average"]
    lengths = range(min(_WORDS_IN_NAME, len(words)), len(words) + 1)
    return [_capital(", ".join(words[:length])) for length in lengths]


def _line(found: Distinction, meaning: FeatureMeaning) -> str:
    side = "above" if found.effect > 0 else "below"
    own_words = not meaning.phrase.startswith(f"{meaning.label}:")
    value = _written(found.typical, meaning, bare=own_words)
    everyone = _written(found.everyone, meaning, bare=True)
    said = meaning.phrase.replace("{value}", value).replace(" 1 times", " once").replace(" 1 days", " 1 day")
    kind = " on average" if found.is_mean else ""
    whom = "the segment" if found.known_share == 1 else "those of whom it is known"
    return f"{said}{kind} (all customers: {everyone}; {found.share_beyond:.0%} of {whom} {side} that)"


def _written(value: float, meaning: FeatureMeaning, *, bare: bool) -> str:
    """The value in about three figures; `bare` leaves off the word that the phrase already says."""
    shown = value * 100 if meaning.unit == "share" else value
    size = abs(shown)
    digits = 0 if size >= 100 else 1 if size >= 1 else 2  # noqa: PLR2004 - three figures, as people read them
    text = f"{shown:,.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    text = "0" if text == "-0" else text
    if meaning.unit in {"share", "%"}:
        return f"{text}%"
    if len(meaning.unit) == 1:
        return f"{meaning.unit}{text}"
    return text if bare or not meaning.unit or meaning.unit == "currency" else f"{text} {meaning.unit}"


def _typical(inside: Floats, everyone: Floats) -> tuple[float, float, bool]:
    """Of the segment and of all customers the median, or the mean where medians are equal; whether it is the mean."""
    medians = float(np.median(inside)), float(np.median(everyone))
    if medians[0] != medians[1]:
        return (*medians, False)
    return float(inside.mean()), float(everyone.mean()), True


def _tidy(value: float) -> float:
    return float(f"{value:.6g}") + 0.0


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _natural(key: str) -> tuple[int, str]:
    """c9 before c10."""
    return (len(key), key)
