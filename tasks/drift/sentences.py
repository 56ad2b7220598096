"""A verdict in plain words, for the report and the alert.

Owns: the wording. Does not own: the verdict.
"""

from __future__ import annotations

from tasks.drift.records import DriftVerdict, EffectName

_SMALLEST_SHOWN = 0.0001
_UNITS: dict[EffectName, str] = {
    "probit_d": "standard deviations",
    "cohen_h": "on Cohen's h",
    "w": "on Cohen's w",
    "sd": "standard deviations of all customers",
    "relative_change": "of the mean",
    "cramers_v": "of Cramér's V",
    "standardised_difference": "standard deviations of the error",
}
_SUBJECTS = {
    "value": "{name}",
    "shape": "The distribution of {name}",
    "zero_share": "The share of zeros of {name}",
    "null_share": "The share of missing values of {name}",
    "mix": "The mix of {name}",
    "flow": "The mix of {name}, judged by its flows,",
    "profile": "{name}",
    "kpi": "{name}",
    "flow_rate": "Where customers of {name} go",
    "association": "How {name} hang together",
    "reconstruction": "How features go together",
}
_SIZE = "The size of {name}"


def sentence(verdict: DriftVerdict) -> str:
    """Say what was found, how sure that is, and what could have been found."""
    subject = subject_of(verdict)
    if verdict.verdict == "drift":
        return f"{subject} {_change(verdict)} ({_certainty(verdict)}): {verdict.level}."
    if verdict.is_significant:
        return f"{subject} {_change(verdict)} ({_certainty(verdict)}), too little to matter."
    if verdict.minimum_detectable_effect is None:
        return f"{subject} cannot be compared: there were {_sizes(verdict)} values."
    reach = f"a change of {figure(verdict.minimum_detectable_effect, 2)} {_UNITS[verdict.effect_name]} or more"
    if verdict.verdict == "no_material_drift":
        return f"{subject} shows no material drift: {reach} would have been found."
    return (
        f"{subject} shows no drift, but that is inconclusive: with {_sizes(verdict)} values only {reach} would have "
        f"been found, and {figure(verdict.alarm_threshold, 2)} already matters."
    )


def subject_of(verdict: DriftVerdict) -> str:
    """What of it a verdict is about, as the beginning of a sentence."""
    told = _SIZE if verdict.subject_kind == "segment_size" else _SUBJECTS[verdict.aspect]
    return told.format(name=named(verdict))


def named(verdict: DriftVerdict) -> str:
    """What a verdict is about, in words."""
    if verdict.part_name is None:
        return verdict.subject_name
    if verdict.subject_kind == "relation":
        return f"{verdict.subject_name} and {verdict.part_name}"
    return f"{verdict.part_name} of {verdict.subject_name}"


def figure(value: float, digits: int) -> str:
    """A number of so many digits, or of all of them before the point: a large one is no power of ten.

    >>> figure(0.1434, 2), figure(-100.0, 2), figure(12345.6, 4)
    ('0.14', '-100', '12,346')
    """
    return f"{value:,.0f}" if abs(value) >= 10 ** (digits - 1) else f"{value:.{digits}g}"


def _change(verdict: DriftVerdict) -> str:
    size = verdict.effect_size or 0.0
    if verdict.effect_name in ("probit_d", "sd"):
        return f"shifted {'up' if size > 0 else 'down'} by {figure(abs(size), 2)} {_UNITS[verdict.effect_name]}"
    if verdict.effect_name == "standardised_difference":
        fit = f"customers fit the former relations {'worse' if size > 0 else 'better'} by {figure(abs(size), 2)}"
        return f"changed: {fit} {_UNITS[verdict.effect_name]}, above all in {verdict.level_name}"
    before, after = verdict.reference_mean or 0.0, verdict.current_mean or 0.0
    if verdict.effect_name == "relative_change":
        percent = f"{'+' if size > 0 else ''}{figure(100 * size, 2)} %"
        return f"went from {figure(before, 4)} to {figure(after, 4)} a customer ({percent})"
    if verdict.effect_name == "cramers_v":
        return f"changed: Cramér's V went from {before:.2f} to {after:.2f}"
    return _of_levels(verdict, size)


def _of_levels(verdict: DriftVerdict, size: float) -> str:
    if verdict.level_name is None or verdict.level_change is None or verdict.level_reference_share is None:
        return f"changed by {figure(size, 2)} {_UNITS[verdict.effect_name]}"
    before = 100 * verdict.level_reference_share
    after = before + 100 * verdict.level_change
    shares = f"from {before:.2f} % to {after:.2f} %"
    # Of a panel the shares are among those who were there both times, of whom nobody is new.
    whose = " of the customers of both runs" if verdict.snapshot_kind == "paired" else ""
    if verdict.effect_name == "cohen_h":
        return f"went {shares}{whose}, {figure(abs(size), 2)} on Cohen's h"
    if verdict.subject_kind == "segment_size":
        return (
            f"went {shares if verdict.level_name == 'true' else _turned(before, after)}{whose or ' of all customers'}"
        )
    unit = _UNITS[verdict.effect_name]
    return f"changed by {figure(size, 2)} {unit}, above all {verdict.level_name}: {shares}{whose}"


def _turned(before: float, after: float) -> str:
    """Shares of those who are in, from shares of those who are not."""
    return f"from {100 - before:.2f} % to {100 - after:.2f} %"


def _certainty(verdict: DriftVerdict) -> str:
    p_adjusted = verdict.p_adjusted if verdict.p_adjusted is not None else 1.0
    shown = f"< {_SMALLEST_SHOWN}" if p_adjusted < _SMALLEST_SHOWN else f"= {p_adjusted:.4f}"
    return f"{_interval(verdict)}{verdict.test_name.replace('_', ' ')}, adjusted p {shown}"


def _interval(verdict: DriftVerdict) -> str:
    """Of a shift: where a repeat of the sampling would have put it; other effects are told in other units."""
    if verdict.effect_name not in ("probit_d", "sd") or verdict.effect_low is None or verdict.effect_high is None:
        return ""
    return f"95 % interval {figure(verdict.effect_low, 2)} to {figure(verdict.effect_high, 2)}; "


def _sizes(verdict: DriftVerdict) -> str:
    if verdict.snapshot_kind == "paired" and verdict.feature_type != "mean":
        return f"{verdict.reference_value_count:,} paired"
    return f"{verdict.reference_value_count:,} former and {verdict.current_value_count:,} present"
