"""Mistakes of use and age: nobody may be written to, nothing is known, the model has aged, clusters that do not hold.

Owns: the judgement, one function a mistake. Does not own the figures.
"""

from __future__ import annotations

from collections.abc import Iterator

from tasks.audit.contrast import loss_is_chance
from tasks.audit.facts import Finding, Fit, ModelFacts, SegmentationFacts
from tasks.config.audit import AuditPolicy

#: Kinds whose models lie in the space of the features.
_KINDS_THAT_FIT = frozenset({"clusters", "projected"})


def not_reachable(facts: SegmentationFacts, policy: AuditPolicy) -> Iterator[Finding]:
    """A segment most of whose customers may not be written to."""
    for segment in facts.filled:
        reach = segment.reach
        if reach is None or segment.is_suppressed or reach.consented >= policy.min_reachable_share * segment.size:
            continue
        share = reach.consented / segment.size
        where = f"on {reach.channel}" if reach.channel else "on any channel"
        refused = segment.size - reach.consented - reach.undecided
        yield Finding(
            facts.segmentation_id,
            segment.segment_id,
            "not_reachable",
            "warning",
            f"{reach.consented:,} of {segment.size:,} customers ({share:.1%}) consented to marketing {where};"
            f" {reach.undecided:,} never decided, {max(refused, 0):,} are against it",
            f"ask the {reach.undecided:,} who never decided"
            + (" or use another channel" if reach.channel else " or reach them without consent, as in the shop"),
            figure=share,
            threshold=policy.min_reachable_share,
        )


def not_measurable(facts: SegmentationFacts, policy: AuditPolicy) -> Iterator[Finding]:
    """A feature it divides by is not known of most customers."""
    unknown = [
        one for one in facts.features if one.known_share is not None and one.known_share < policy.min_known_share
    ]
    for feature in unknown:
        known = feature.known_share or 0.0
        instead = "collect it, or divide by something that is known"
        if feature.instead and (feature.instead_share or 0.0) >= policy.min_known_share:
            instead += f"; of the same theme {feature.instead} is known of {feature.instead_share:.0%}"
        yield Finding(
            facts.segmentation_id,
            None,
            "not_measurable",
            "warning",
            f"{feature.name} is known of {known:.1%} of the customers who could be divided",
            instead,
            figure=known,
            threshold=policy.min_known_share,
        )


def unstable_segment(facts: SegmentationFacts, policy: AuditPolicy) -> Iterator[Finding]:
    """A cluster that another sample of the same customers does not show."""
    for segment in facts.filled:
        found = segment.jaccard
        if found is None or segment.is_suppressed or found.mean >= policy.min_stability:
            continue
        merge = f"merge it with {facts.name_of(segment.rival.segment_id)}, the nearest" if segment.rival else "leave it"
        yield Finding(
            facts.segmentation_id,
            segment.segment_id,
            "unstable_segment",
            "warning",
            f"refits to resamples find it with a Jaccard of {found.mean:.2f} ({found.low:.2f} to {found.high:.2f})",
            f"{merge}, or allow fewer clusters (k.max {max(len(facts.filled) - 1, 1)})",
            figure=found.mean,
            threshold=policy.min_stability,
            other_id=segment.rival.segment_id if segment.rival else None,
        )


def stale(facts: SegmentationFacts, policy: AuditPolicy) -> Iterator[Finding]:
    """What it was made from is old, and since then it fits worse: the model's error rose, or it says less of a KPI."""
    told = [*_grown_error(facts, facts.model, policy), *_lost_fit(facts, facts.earlier, policy)]
    if not told:
        return
    loss = told[0][1]
    learns = facts.model is not None
    yield Finding(
        facts.segmentation_id,
        None,
        "stale",
        "warning",
        "; ".join(text for text, _ in told),
        "refit it (`refit.every_days`)"
        if learns
        else "review its rules: what divided customers then divides them less",
        figure=loss,
        threshold=policy.max_fit_loss,
    )


def pinned_sizes(facts: SegmentationFacts, policy: AuditPolicy) -> Iterator[Finding]:
    """Thresholds that are learnt anew each time: the sizes are those of the definition, whatever customers do."""
    model = facts.model
    if model is None or model.refit_days is None or not model.quantiles or model.refit_days >= policy.stale_days:
        return
    shares = ", ".join(f"{share:.0%}" for share in model.quantiles)
    when = f"every {model.refit_days} days" if model.refit_days else "at every run"
    yield Finding(
        facts.segmentation_id,
        None,
        "pinned_sizes",
        "note",
        f"its limits are learnt anew {when}, so that {shares} of customers lie below them, whatever they do:"
        " a customer can move because others did",
        "cut at fixed values (`kind: cuts` with `at`, or learnt once without `refit`)",
        figure=model.refit_days,
        threshold=policy.stale_days,
    )


def moves_by_itself(facts: SegmentationFacts, policy: AuditPolicy) -> Iterator[Finding]:
    """A model of features that grow with history: it fits less well from run to run, whatever customers do."""
    del policy
    moving = [one for one in facts.features if one.moves_by_itself]
    if facts.kind not in _KINDS_THAT_FIT or not moving:
        return
    names = ", ".join(one.name for one in moving)
    sisters = [one.windowed for one in moving if one.windowed]
    yield Finding(
        facts.segmentation_id,
        None,
        "moves_by_itself",
        "note",
        f"it divides by {names}, which {'moves' if len(moving) == 1 else 'move'} whatever customers do: its model fits"
        " less well from run to run, and drift does not watch how well",
        f"divide by {', '.join(sisters)} instead" if sisters else "divide by what customers do in a number of days",
        figure=len(moving),
    )


def _grown_error(
    facts: SegmentationFacts, model: ModelFacts | None, policy: AuditPolicy
) -> Iterator[tuple[str, float]]:
    if model is None or model.error is None or not model.error_at_fit:
        return
    days = (facts.as_of - model.trained).days
    growth = model.error / model.error_at_fit - 1
    if days >= policy.stale_days and growth >= policy.max_fit_loss:
        told = (
            f"the model is {days} days old, and customers lie {growth:.0%} farther from their centres than then"
            f" (mean squared distance {model.error:.2f}, {model.error_at_fit:.2f} on {model.trained})"
        )
        yield told, growth


def _lost_fit(facts: SegmentationFacts, then: Fit | None, policy: AuditPolicy) -> Iterator[tuple[str, float]]:
    now = facts.fit
    if then is None or now is None or (facts.as_of - then.as_of).days < policy.stale_days:
        return
    kpi, before = max(then.explained.items(), key=lambda one: (one[1], one[0]), default=("", 0.0))
    after = now.explained.get(kpi)
    if after is None or before < policy.min_explained_share:
        return
    loss = 1 - after / before
    if loss >= policy.max_fit_loss and not loss_is_chance(before, then.customers, after, now.customers):
        yield (
            f"on {then.as_of}, defined as it is now, it said {before:.1%} of the variance of {kpi}; today {after:.1%}",
            loss,
        )
