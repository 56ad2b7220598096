"""The tables of candidate segments, and one run's part in them: look for new ones, and again for those of before.

Owns: `monitoring.emerging_segment` and `monitoring.emerging_member`. Does not own: the scan (`emergence`), which groups
are the same (`recurrence`), the snapshots (`reading`).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import polars as pl

from tasks.drift import reading
from tasks.drift.candidates import EmergencePolicy
from tasks.drift.emergence import Candidate, scan_emergence
from tasks.drift.filling import filling_windows, first_days
from tasks.drift.recurrence import KnownCandidate, is_told, leading_traits, match_candidates
from tasks.drift.references import earlier_runs, run_before
from tasks.drift.traits import Trait
from tasks.drift.views import Columns, View, features_of_everybody, views_of
from tasks.warehouse import tables
from tasks.warehouse.catalogue import catalogue_of
from tasks.warehouse.ledger import Publication
from tasks.warehouse.run import Run

SEGMENTS = "monitoring.emerging_segment"
MEMBERS = "monitoring.emerging_member"

#: Type and meaning of each column.
SEGMENT_COLUMNS: dict[str, tuple[type[pl.DataType], str]] = {
    "candidate_id": (pl.String, "the candidate; it keeps its id while it is seen"),
    "direction_name": (pl.String, "emerging: hardly there before; vanishing: hardly there any more"),
    "status_name": (pl.String, "candidate: seen in this run; promoted: seen in this run and the one before"),
    "seen_count": (pl.Int64, "in how many runs running it was seen"),
    "since_date": (pl.Date, "the date at which it was first seen"),
    "reference_as_of_date": (pl.Date, "the date that it is compared with: the last one before it was first seen"),
    "customer_count": (pl.Int64, "its members: customers who came since that date, or who went"),
    "customer_share": (pl.Float64, "their share of the customers, of the reference date where it vanishes (0-1)"),
    "ratio": (
        pl.Float64,
        "share of customers where it is, the larger over the smaller; NULL: privacy.min_group_size customers or fewer",
    ),
    "excess_share": (pl.Float64, "the larger of the two less the smaller (0-1)"),
    "p_adjusted": (pl.Float64, "of its micro-cell, Holm-adjusted over growth and decline of all cells"),
    "traits_json": (pl.String, "what distinguishes it from the other customers, the largest effect first"),
    "sentence": (pl.String, "the same in words"),
}
MEMBER_COLUMNS: dict[str, tuple[type[pl.DataType], str]] = {
    "candidate_id": (pl.String, "the candidate"),
    "customer_id": (pl.String, "a member of it"),
}


class _Seen(NamedTuple):
    """A candidate as this run tells of it."""

    candidate_id: str
    seen_count: int
    since: dt.date
    reference: Publication
    found: Candidate


class _Waiting(NamedTuple):
    """A candidate of the previous run, and against what it was seen."""

    known: KnownCandidate
    seen_count: int
    since: dt.date
    reference_as_of: dt.date


def write_candidates(run: Run, columns: Columns) -> str:
    """Look for candidate segments, write those that are seen, and say in a few words what was found.

    Args:
        run: the run.
        columns: what there is to compare; features are looked at.
    """
    seen: list[_Seen] = []
    previous = run_before(run)
    if run.workspace.drift.emerging.enabled and previous is not None and columns.filled:
        seen = _seen(run, previous, columns)
    tables.write_frame(run, SEGMENTS, _segment_frame(seen))
    members = [(item.candidate_id, str(customer)) for item in seen for customer in item.found.customer_ids]
    schema = {name: kind for name, (kind, _) in MEMBER_COLUMNS.items()}
    tables.write_frame(run, MEMBERS, pl.DataFrame(members, schema=schema, orient="row"))
    counts = {kind: sum(item.found.direction == kind for item in seen) for kind in ("emerging", "vanishing")}
    promoted = sum(item.seen_count > 1 for item in seen)
    return f"{counts['emerging']} emerging and {counts['vanishing']} vanishing segments, {promoted} of them seen again"


def _seen(run: Run, previous: Publication, columns: Columns) -> list[_Seen]:
    said = run.workspace.drift
    policy = EmergencePolicy(
        cells=said.emerging.cells,
        family_wise_error_rate=said.family_wise_error,
        ratio=said.emerging.ratio,
        excess_share=said.emerging.excess_share,
        least_members=run.workspace.privacy.min_group_size,
    )

    def scan(reference: Publication) -> list[Candidate]:
        views = views_of(run, reference.run_id, run.run_id, columns)
        found = _found(run, reference, views, policy)
        if found and any(view.is_sample for view in views):
            # A sample tells that there is a group; its members are looked for among all.
            found = _found(run, reference, [features_of_everybody(run, reference.run_id, columns)], policy)
        return found

    again = _seen_again(run, previous, scan)
    told = [item.found for item in again]
    numbers = {"emerging": 0, "vanishing": 0}
    fresh = []
    for found in scan(previous):
        if not is_told(found, told):
            numbers[found.direction] += 1
            name = f"{found.direction}-{run.as_of.isoformat()}-{numbers[found.direction]}"
            fresh.append(_Seen(name, 1, run.as_of, previous, found))
    return [*again, *fresh]


def _found(run: Run, reference: Publication, views: Sequence[View], policy: EmergencePolicy) -> list[Candidate]:
    found: list[Candidate] = []
    for view in (reading.comparable(run, reference, view) for view in views):
        features = {name: spec for name, spec in view.specs.items() if spec.subject_kind == "feature"}
        filling = filling_windows(
            run.workspace, catalogue_of(run), features, first_days(run.warehouse), reference.as_of
        )
        settled = {name: spec for name, spec in features.items() if name not in filling}
        found += scan_emergence(view.earlier, view.current, settled, policy, run.workspace.drift.seed)
    return found


def _seen_again(run: Run, previous: Publication, scan: Callable[[Publication], list[Candidate]]) -> list[_Seen]:
    """Those of the previous run's candidates that are still there."""
    waiting = _waiting(run, previous)
    published = {item.as_of: item for item in earlier_runs(run)}
    seen = []
    for date in sorted({item.reference_as_of for item in waiting} & published.keys()):
        asked = {item.known.candidate_id: item for item in waiting if item.reference_as_of == date}
        found = match_candidates([item.known for item in asked.values()], scan(published[date]))
        seen += [
            _Seen(name, item.seen_count + 1, item.since, published[date], found[name])
            for name, item in asked.items()
            if name in found
        ]
    return seen


def _waiting(run: Run, previous: Publication) -> list[_Waiting]:
    """Candidates of the previous run that were not promoted yet."""
    if not run.warehouse.table_exists(SEGMENTS):
        return []
    members: dict[str, set[str | int]] = {}
    for name, customer in run.warehouse.rows(
        f"SELECT candidate_id, customer_id FROM {MEMBERS} WHERE run_id = $run_id", {"run_id": previous.run_id}
    ):
        members.setdefault(name, set()).add(customer)
    rows = run.warehouse.rows(
        f"SELECT candidate_id, direction_name, seen_count, since_date, reference_as_of_date, traits_json"
        f" FROM {SEGMENTS} WHERE run_id = $run_id AND status_name = 'candidate' ORDER BY candidate_id",
        {"run_id": previous.run_id},
    )
    return [
        _Waiting(
            KnownCandidate(name, direction, frozenset(members.get(name, ())), leading_traits(read_traits(traits))),
            seen_count,
            since,
            reference,
        )
        for name, direction, seen_count, since, reference, traits in rows
    ]


def read_traits(text: str) -> list[Trait]:
    """Traits as `traits_json` holds them."""
    return [Trait(**stored) for stored in json.loads(text)]


def _segment_frame(seen: Sequence[_Seen]) -> pl.DataFrame:
    rows = [_row(item) for item in seen]
    return pl.DataFrame(rows, schema={name: kind for name, (kind, _) in SEGMENT_COLUMNS.items()})


def _row(item: _Seen) -> dict[str, Any]:
    found, is_promoted = item.found, item.seen_count > 1
    again = f" Seen in {item.seen_count} runs running." if is_promoted else ""
    return {
        "candidate_id": item.candidate_id,
        "direction_name": found.direction,
        "status_name": "promoted" if is_promoted else "candidate",
        "seen_count": item.seen_count,
        "since_date": item.since,
        "reference_as_of_date": item.reference.as_of,
        "customer_count": found.customer_count,
        "customer_share": found.customer_share,
        "ratio": found.ratio,
        "excess_share": found.excess_share,
        "p_adjusted": found.p_adjusted,
        "traits_json": json.dumps([asdict(trait) for trait in found.traits]),
        "sentence": found.sentence + again,
    }
