"""`resegment explain`: why a customer is in his segments, why not in another one, and what would move him.

Owns: the command and its text. Does not own its arguments (`cli.py`) or any explanation (`tasks/segments/reasons`,
`tasks/insight/explain.py`).
"""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING, Any

from flows import console
from flows.commands import opened
from tasks.config.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tasks.insight.explain import Known
    from tasks.segments.reasons.parts import Part
    from tasks.segments.reasons.pulls import Distances
    from tasks.segments.reasons.standing import Standing
    from tasks.segments.reasons.why import Why, WhyNot

#: Features told of a distance between clusters.
_PULLS = 4


def explain(options: argparse.Namespace) -> int:
    """`resegment explain CUSTOMER_ID`."""
    from tasks.insight.explain import known_of, newest_publication, published_id
    from tasks.segments.reasons.standing import standings
    from tasks.segments.reasons.why import why_in, why_not
    from tasks.warehouse.catalogue import Catalogue, feature_models
    from tasks.warehouse.readers import opened_to_read

    space, paths = opened(options)
    with opened_to_read(paths) as warehouse:
        customer_id = published_id(warehouse, space, options.customer_id)
        current = newest_publication(warehouse)
        catalogue = Catalogue(feature_models(space, current.as_of))
        found = standings(warehouse, catalogue, current, customer_id, _asked(options))
        reasons = [why_in(standing) for standing in found]
        not_in = why_not(found[0], options.not_in) if options.not_in else None
        deciding = {standing.name: standing.features for standing in found}
        known = known_of(warehouse, catalogue, current, customer_id, deciding)
    if options.json:
        console.print_json(_as_json(known, found, reasons, not_in))
        return 0
    _print(known, found, reasons, not_in)
    return 0


def _asked(options: argparse.Namespace) -> list[str] | None:
    """The segmentations that are asked for; that of the segment that he is not in, where one is named."""
    if not options.not_in:
        return [options.segmentation] if options.segmentation else None
    name, dot, _ = options.not_in.partition(".")
    if not dot or options.segmentation not in {None, name}:
        raise UsageError(
            f"--not-in {options.not_in!r} is no segment" + (f" of {options.segmentation}" if dot else ""),
            hint="write it as segmentation.segment, such as lifecycle.active",
        )
    return [name]


def _as_json(known: Known, found: Iterable[Standing], reasons: Iterable[Why], not_in: WhyNot | None) -> dict[str, Any]:
    members = [
        {**_membership(standing, segment), **_told(why), "why": dataclasses.asdict(why)}
        for standing, why in zip(found, reasons, strict=True)
        for segment in [*why.segment_ids, *([] if why.segment_ids else [None])]
    ]
    return {
        **dataclasses.asdict(known),
        "memberships": members,
        "not_in": dataclasses.asdict(not_in) if not_in else None,
    }


def _membership(standing: Standing, segment_id: str | None) -> dict[str, Any]:
    definition: Mapping[str, Any] = standing.by_id.get(segment_id or "", {})
    row = next((row for row in standing.memberships if row["segment_id"] == segment_id), {})
    return {
        "segmentation": standing.name,
        "segment_id": segment_id,
        "segment_name": definition.get("segment_name"),
        "description": definition.get("description", ""),
        "reason": row.get("reason"),
        "strength": row.get("strength_share"),
    }


def _told(why: Why) -> dict[str, Any]:
    return {
        "alternative": ", ".join(why.change.to_segment_ids) or None if why.change else None,
        "what_would_move": why.change.told if why.change else None,
    }


def _print(known: Known, found: list[Standing], reasons: list[Why], not_in: WhyNot | None) -> None:
    out = console.out
    out.print(f"[bold]customer {known.customer_id}[/bold] as of {known.as_of} (run {known.run_id})\n")
    for standing, why in zip(found, reasons, strict=True):
        names = [f"{standing.by_id[key]['segment_name']} ({key})" for key in why.segment_ids]
        out.print(f"[bold]{why.segmentation}:[/bold] {', '.join(names) or 'in no segment'}", highlight=False)
        for line in _lines(standing, why):
            out.print(f"  {line}", markup=False)
    if not_in is not None:
        out.print(f"\n[bold]not in {not_in.segment_id}[/bold]")
        for line in _lines_of_not(not_in):
            out.print(f"  {line}", markup=False)
    out.print()
    shown = {feature for standing in found for feature in standing.features} if len(found) == 1 else None
    console.print_table(
        ["feature", "value", "unit", "meaning"],
        [
            [item.name, item.value, item.unit, item.meaning.partition(";")[0]]
            for item in known.features
            if item.value is not None and (shown is None or item.name in shown)
        ],
    )
    out.print()
    console.print_table(
        ["since", "segmentation", "from", "to", "why", "in words"],
        [
            [
                row.as_of_date,
                row.segmentation_id,
                row.from_segment_id,
                row.segment_id or "none",
                row.why_name,
                row.words,
            ]
            for row in known.history
        ],
    )


def _lines(standing: Standing, why: Why) -> list[str]:
    descriptions = [str(standing.by_id[key]["description"]) for key in why.segment_ids]
    lines = ["why      " + "; ".join(text for text in (why.reason, *descriptions) if text)]
    lines += [f"  {_mark(part)} {part.told}" for part in why.parts]
    lines += _pull_lines(why.distances)
    if why.change is None:
        return [*lines, "nearest  no change of up to three features was found that would move him"]
    target = ", ".join(
        f"{standing.by_id[key]['segment_name']} ({key})" for key in why.change.to_segment_ids if key in standing.by_id
    )
    return [*lines, f"nearest  {target or 'in no segment'}: with {why.change.told}"]


def _lines_of_not(found: WhyNot) -> list[str]:
    lines = [*found.reasons, *(f"  {_mark(part)} {part.told}" for part in found.parts)]
    lines += _pull_lines(found.distances)
    if found.is_in:
        return lines
    if found.change is None:
        return [*lines, "no change of up to three features was found that would put him there"]
    return [*lines, f"would be there with {found.change.told}"]


def _mark(part: Part) -> str:
    return "✓" if part.holds else "✗"


def _pull_lines(distances: Distances | None) -> list[str]:
    from tasks.segments.reasons.parts import tell

    if distances is None or distances.other is None:
        return []
    lines = [f"  distance {distances.own:.2f} to his centre, {distances.other:.2f} to the other"]
    if not distances.pulls:
        return [*lines, "  of this model distances alone can be told, not what each feature adds to them"]
    return lines + [
        f"  {'for his' if pull.weight > 0 else 'for the other'} ({pull.weight:+.2f}): {pull.feature} {tell(pull.value)}"
        f" (typical here {tell(pull.typical)}, there {tell(pull.typical_there)})"
        for pull in distances.pulls[:_PULLS]
        if pull.weight
    ]
