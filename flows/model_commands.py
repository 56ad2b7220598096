"""The commands of `resegment model` and `resegment refit`: read versions or decide about them, print.

Owns: these commands and what they print. Does not own their arguments (`model_arguments.py`), fitting and deciding
(`tasks/segments`), or waiting on a server (`refit.py`).
"""

from __future__ import annotations

import argparse
from typing import Any

from flows import console
from flows.commands import opened, user_name, workspace_folder
from flows.embedded import embedded_prefect
from tasks.config.errors import UsageError
from tasks.insight.tracing import told_flows
from tasks.insight.transitions import Transition, find_transitions
from tasks.segments.challenge import Standing, decide, learning, standing_of, standings
from tasks.segments.comparison import Comparison, compare
from tasks.warehouse.model_ledger import DecisionName
from tasks.warehouse.reading_run import read_newest
from tasks.warehouse.run import open_newest

_NEXT_RUN = "the next `resegment run` follows this"
_OUTCOMES = {
    "waits": "waits for a decision",
    "accepted": "was accepted, the next run uses it",
    "rejected": "was rejected",
    "refused": "was refused by the gates",
    "known": "is what was learnt before",
    "failed": "nothing could be learnt",
    "skipped": "there is nothing to refit",
}


def refit(options: argparse.Namespace) -> int:
    """`resegment refit`."""
    console.show_progress(quiet=options.quiet)
    from flows.refit import refit as fit

    with embedded_prefect():
        found = fit(
            workspace=str(workspace_folder(options)),
            segmentation=options.segmentation,
            output=options.output,
            overrides=options.overrides,
        )
    code = 1 if any(one["outcome"] == "failed" for one in found) else 0
    if options.json:
        console.print_json(found)
        return code
    for one in found:
        told = (
            _OUTCOMES[one["outcome"]]
            if one["model_no"] is None
            else f"model {one['model_no']} {_OUTCOMES[one['outcome']]}"
        )
        # What the champion is told of it: that it goes on is said already.
        console.out.print(f"{one['segmentation']}: {told}: {one['reason'].removeprefix('kept: ')}", markup=False)
        if one["moved"] is not None:
            console.out.print(f"  {one['moved']:,} of {one['customers']:,} customers would move", markup=False)
        if one["outcome"] == "waits":
            named = f"{one['segmentation']} {one['model_no']}"
            console.out.print(f"  look: resegment model diff {one['segmentation']}", markup=False)
            console.out.print(f"  then: resegment model accept {named} --because TEXT, or reject", markup=False)
    return code


def show_list(options: argparse.Namespace) -> int:
    """`resegment model list`."""
    with read_newest(*opened(options)) as run:
        names = [options.segmentation] if options.segmentation else learning(run.workspace)
        found = [one for name in names for one in standings(run, name)]
    if options.json:
        console.print_json([_told(one) for one in found])
        return 0
    if not found:
        console.out.print("no segmentation has learnt anything yet")
        return 0
    console.print_table(
        ["segmentation", "model", "kind", "learnt from", "customers", "segments", "status", "would move", "reason"],
        [
            [
                one.version.segmentation_id,
                one.version.model_no,
                one.version.kind_name,
                one.version.trained_as_of_date,
                one.version.customer_count,
                one.version.k_count,
                _status(one),
                one.version.moved_count,
                one.version.reason,
            ]
            for one in found
        ],
        numbers=["model", "customers", "segments", "would move"],
    )
    return 0


def show_version(options: argparse.Namespace) -> int:
    """`resegment model show SEGMENTATION N`."""
    with read_newest(*opened(options)) as run:
        found = standing_of(run, options.segmentation, options.number)
    if options.json:
        console.print_json(_told(found) | {"content": found.content})
        return 0
    version = found.version
    console.out.print(f"[bold]{version.segmentation_id}, model {version.model_no}[/bold]  ({_status(found)})")
    lines = {
        "what": f"{version.kind_name}, {version.k_count if version.k_count is not None else 'unknown'} segments",
        "learnt from": f"{version.customer_count or 'unknown':,} customers of {version.trained_as_of_date}"
        if version.customer_count
        else f"the data of {version.trained_as_of_date}",
        "fingerprint": f"run {version.training_run_id}, rows {version.training_sha256}",
        "reason": version.reason,
        "in use since": version.champion_since_date,
        "decided": version.standing if version.decision_name else None,
        "against model": version.base_model_no,
        "ids kept": version.kept_ids,
        "ids new": version.new_ids,
        "ids gone": version.retired_ids,
        "would move": version.moved_count,
    }
    console.print_table(["", ""], [[name, value] for name, value in lines.items() if value not in {None, ""}])
    console.out.print()
    asked = version.asked.get("parameters") or {}
    console.print_table(["asked", "value"], [[name, value] for name, value in sorted(asked.items())])
    criteria = version.metrics.get("choice", {}).get("criteria", [])
    if criteria:
        console.out.print()
        console.out.print(str(version.metrics["choice"].get("reason", "")), markup=False)
        console.print_table(criteria[0], [list(row.values()) for row in criteria])
    return 0


def show_diff(options: argparse.Namespace) -> int:
    """`resegment model diff SEGMENTATION [FIRST] [SECOND]`."""
    name = options.segmentation
    with read_newest(*opened(options)) as run:
        first, second = _pair(standings(run, name), options.first, options.second)
        found = compare(run, name, first, second)
        events = _transitions(found)
    if options.json:
        console.print_json(_diff_told(found, events))
        return 0
    _print_diff(found, events)
    return 0


def accept(options: argparse.Namespace) -> int:
    """`resegment model accept SEGMENTATION N`."""
    return _decide(options, "accept")


def reject(options: argparse.Namespace) -> int:
    """`resegment model reject SEGMENTATION N`."""
    return _decide(options, "reject")


def rollback(options: argparse.Namespace) -> int:
    """`resegment model rollback SEGMENTATION N`."""
    return _decide(options, "rollback")


def _decide(options: argparse.Namespace, decision: DecisionName) -> int:
    by = options.by if options.by is not None else user_name()
    space, paths = opened(options)
    with open_newest(space, paths.root) as run:
        version = decide(run, options.segmentation, options.number, decision, by=by, because=options.because)
    if options.json:
        console.print_json(version.to_json())
    else:
        console.out.print(f"{version.segmentation_id}, model {version.model_no}: {version.standing}", markup=False)
        console.out.print(_NEXT_RUN)
    return 0


def _pair(found: list[Standing], first: int | None, second: int | None) -> tuple[int, int]:
    """The versions to compare: by default the one in use, and the one that waits or else the newest that was kept."""
    kept = [one.version for one in found if one.content is not None]
    used = next((one.model_no for one in kept if one.status_name == "champion"), 1)
    waiting = [one.model_no for one in kept if one.status_name == "waiting"]
    if first is not None:
        return (used, first) if second is None else (first, second)
    others = waiting or [one.model_no for one in kept if one.model_no != used]
    if not others:
        raise UsageError(
            "there is no second model to compare with: what the gates refused is not kept",
            hint="`resegment refit` fits one now; `resegment model list` has what was refused, and why",
        )
    return used, max(others)


def _transitions(found: Comparison) -> tuple[Transition, ...]:
    """What would become of segments, as the run tells it in which the second version first takes over."""
    one, other = found.first.version, found.second.version
    if found.second.content is None or other.champion_since_date is not None:
        return find_transitions(found.flows)
    flows, since = told_flows(found.flows, other.segmentation_id, found.second.content, one.trained_as_of_date)
    return find_transitions(flows, since=since)


def _print_diff(found: Comparison, events: tuple[Transition, ...]) -> None:
    one, other = found.first.version, found.second.version
    console.out.print(
        f"[bold]{one.segmentation_id}[/bold]: model {one.model_no} of {one.trained_as_of_date} ({_status(found.first)},"
        f" {one.k_count} segments) → model {other.model_no} of {other.trained_as_of_date} ({_status(found.second)},"
        f" {other.k_count} segments)"
    )
    console.out.print(f"{found.moved_count:,} of {found.customer_count:,} customers would be in another segment")
    for what, ids in (("kept", found.kept), ("new", found.new), ("retired", found.retired)):
        console.out.print(f"  {what:<8} {' '.join(ids) or 'none'}", markup=False)
    for event in events:
        if event.kind != "survive" and event.confirmed:
            console.out.print(f"  {event.sentence}", markup=False)
    console.out.print()
    console.print_table(
        ["segment", f"customers, model {one.model_no}", f"customers, model {other.model_no}"],
        [[key, f"{then:,}", f"{now:,}"] for key, (then, now) in found.sizes.items()],
        numbers=[f"customers, model {one.model_no}", f"customers, model {other.model_no}"],
    )
    console.out.print()
    console.print_table(
        ["segment", "median of", f"model {one.model_no}", f"model {other.model_no}"],
        [[row.segment, row.feature, row.first, row.second] for row in found.centres],
        numbers=[f"model {one.model_no}", f"model {other.model_no}"],
    )


def _diff_told(found: Comparison, events: tuple[Transition, ...]) -> dict[str, Any]:
    return {
        "first": _told(found.first),
        "second": _told(found.second),
        "kept": found.kept,
        "new": found.new,
        "retired": found.retired,
        "moved": found.moved_count,
        "customers": found.customer_count,
        "sizes": {key: {"first": then, "second": now} for key, (then, now) in found.sizes.items()},
        "flows": [{"from": old, "to": new, "customers": count} for (old, new), count in found.flows.items()],
        "transitions": [event.sentence for event in events if event.confirmed],
        "centres": [
            {"segment": row.segment, "feature": row.feature, "first": row.first, "second": row.second}
            for row in found.centres
        ],
    }


def _told(standing: Standing) -> dict[str, Any]:
    version = standing.version
    told = version.to_json() | {"published_status": standing.published, "kept": standing.content is not None}
    del told["asked_json"], told["metrics_json"]
    return told | {"asked": version.asked.get("parameters"), "metrics": version.metrics}


def _status(standing: Standing) -> str:
    """The status as the next run will see it; and as it was published, where that is another."""
    said = standing.version.standing
    if standing.published in {standing.version.status_name, None}:
        return said
    return f"{said}; published as {standing.published}"
