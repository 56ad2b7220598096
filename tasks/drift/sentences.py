"""A verdict in plain words, for the report and the alert.

Owns: the wording. Does not own: the verdict.
"""

from __future__ import annotations

from tasks.drift.records import DriftVerdict

_SMALLEST_SHOWN = 0.0001
_UNITS = {
    "probit_d": "standard deviations",
    "cohen_h": "on Cohen's h",
    "standardised_difference": "standard deviations",
    "w": "on Cohen's w",
}
_SUBJECTS = {
    "value": "{name}",
    "shape": "The distribution of {name}",
    "zero_share": "The share of zeros of {name}",
    "null_share": "The share of missing values of {name}",
    "mix": "The mix of {name}",
    "flow": "The mix of {name}, judged by its flows,",
    "relation": "How features go together",
}


def sentence(verdict: DriftVerdict) -> str:
    """Say what was found, how sure that is, and what could have been found."""
    subject = _SUBJECTS[verdict.aspect].format(name=verdict.subject_name)
    if verdict.verdict == "drift":
        return f"{subject} {_change(verdict)} ({_certainty(verdict)}): {verdict.level}."
    if verdict.is_significant:
        return f"{subject} {_change(verdict)} ({_certainty(verdict)}), too little to matter."
    if verdict.minimum_detectable_effect is None:
        return f"{subject} cannot be compared: there were {_sizes(verdict)} values."
    reach = f"a change of {verdict.minimum_detectable_effect:.2g} {_UNITS[verdict.effect_name]} or more"
    if verdict.verdict == "no_material_drift":
        return f"{subject} shows no material drift: {reach} would have been found."
    return (
        f"{subject} shows no drift, but that is inconclusive: with {_sizes(verdict)} values only {reach} would have "
        f"been found, and {verdict.alarm_threshold:.2g} already matters."
    )


def _change(verdict: DriftVerdict) -> str:
    size = verdict.effect_size or 0.0
    if verdict.effect_name == "probit_d":
        return f"shifted {'up' if size > 0 else 'down'} by {abs(size):.2g} standard deviations"
    if verdict.effect_name == "standardised_difference":
        how = "worse" if size > 0 else "better"
        return (
            f"changed: customers fit the relations of before {how} by {abs(size):.2g} standard deviations, above all in"
            f" {verdict.level_name}"
        )
    if verdict.level_name is None or verdict.level_change is None or verdict.level_reference_share is None:
        return f"changed by {size:.2g} on Cohen's w"
    before = 100 * verdict.level_reference_share
    after = before + 100 * verdict.level_change
    shares = f"from {before:.2f} % to {after:.2f} %"
    if verdict.effect_name == "cohen_h":
        return f"went {shares}, {abs(size):.2g} on Cohen's h"
    return f"changed by {size:.2g} on Cohen's w, above all {verdict.level_name}: {shares}"


def _certainty(verdict: DriftVerdict) -> str:
    p_adjusted = verdict.p_adjusted if verdict.p_adjusted is not None else 1.0
    shown = f"< {_SMALLEST_SHOWN}" if p_adjusted < _SMALLEST_SHOWN else f"= {p_adjusted:.4f}"
    return f"{verdict.test_name.replace('_', ' ')}, adjusted p {shown}"


def _sizes(verdict: DriftVerdict) -> str:
    if verdict.snapshot_kind == "paired":
        return f"{verdict.reference_value_count:,} paired"
    return f"{verdict.reference_value_count:,} former and {verdict.current_value_count:,} present"
