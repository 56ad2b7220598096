"""Rules that no customer reaches, because earlier ones take everybody who meets them, or nobody meets them.

Owns: finding them. Does not own the rules (`tasks/config/resolving.py`).
"""

from __future__ import annotations

from collections.abc import Collection

from tasks.config.segmentations import RulesSegmentation
from tasks.plan.records import Unreached
from tasks.warehouse.catalogue import catalogue_of
from tasks.warehouse.run import Run


def unreached_rules(run: Run, filled_before: Collection[str]) -> list[Unreached]:
    """Of every segmentation of first match, the rules that nobody is first caught by.

    Args:
        run: of the plan.
        filled_before: segments that somebody is in as published.
    """
    found = []
    for name, segmentation in run.workspace.segmentations.items():
        if isinstance(segmentation, RulesSegmentation) and segmentation.match == "first":
            found += _of_segmentation(run, name, filled_before)
    return found


def _of_segmentation(run: Run, name: str, filled_before: Collection[str]) -> list[Unreached]:
    resolved = run.workspace.resolved[name]
    where = f" WHERE ({resolved.population})" if resolved.population else ""
    holds = ", ".join(f"({rule.condition}) IS TRUE" for rule in resolved.rules)
    # Rules are told apart by their position: a list of flags, and the first of them that is set.
    flags = f"(SELECT [{holds}] AS holds FROM {catalogue_of(run).relation(run.run_id)}{where})"
    placed = f"(SELECT holds, list_position(holds, TRUE) AS first_place FROM {flags})"
    reached = {
        place
        for (place,) in run.warehouse.rows(f"SELECT DISTINCT first_place FROM {placed} WHERE first_place IS NOT NULL")
    }
    unreached = []
    for place, rule in enumerate(resolved.rules, 1):
        if place in reached:
            continue
        takers = run.warehouse.rows(
            f"SELECT first_place, count(*) AS customers FROM {placed} WHERE holds[{place}]"
            " GROUP BY first_place ORDER BY customers DESC, first_place"
        )
        segment_id = f"{name}.{rule.key}"
        unreached.append(
            Unreached(
                segment_id,
                sum(count for _, count in takers),
                [f"{name}.{resolved.rules[taker - 1].key}" for taker, _ in takers],
                segment_id in filled_before or not _is_known(run, segment_id),
            )
        )
    return unreached


def _is_known(run: Run, segment_id: str) -> bool:
    return bool(
        run.warehouse.value(
            "SELECT count(*) FROM segments.definition WHERE segment_id = $segment AND run_id <> $run_id"
            " AND status_name = 'active'",
            {"segment": segment_id, "run_id": run.run_id},
        )
    )
