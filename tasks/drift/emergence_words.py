"""A candidate segment in plain words, for the report and the alert.

Owns: the wording. Does not own: the figures (`emergence`).
"""

from __future__ import annotations

from collections.abc import Sequence

from tasks.drift.traits import Trait

_TOLD = 3
_FAR, _MUCH = 2.0, 1.0
_HARDLY = 10.0
"""From this ratio on a group hardly existed before."""


def told(direction: str, count: int, share: float, ratio: float | None, traits: Sequence[Trait]) -> str:
    """Say how many they are, how new that is, and what they have in common.

    Args:
        direction: `emerging` or `vanishing`.
        count: members.
        share: of the customers of their snapshot (0-1).
        ratio: of the shares of customers of their kind, the larger over the smaller; None where there were none.
        traits: the largest effect first.
    """
    size = f"{count:,} customers ({100 * share:.1f} %)"
    is_hardly = ratio is None or ratio >= _HARDLY
    if direction == "emerging":
        since = "that hardly existed before" if is_hardly else f"that is {ratio:.1f} times as common as before"
        start = f"A group of about {size} {since}"
    else:
        until = "has all but gone" if is_hardly else f"was {ratio:.1f} times as common as now"
        start = f"A group of about {size} of before {until}"
    described = "; ".join(_words(trait) for trait in traits[:_TOLD])
    return f"{start}: {described or 'no single feature sets it apart'}."


def _words(trait: Trait) -> str:
    if trait.level_name is not None and trait.group_share is not None and trait.others_share is not None:
        shares = f"{100 * trait.group_share:.0f} % against {100 * trait.others_share:.0f} % of the others"
        return f"{trait.feature_name} is {trait.level_name} for {shares}"
    size = abs(trait.effect_size)
    by = "far " if size >= _FAR else "much " if size >= _MUCH else ""
    return f"{trait.feature_name} {by}{'higher' if trait.effect_size > 0 else 'lower'}"
