"""Snapshots of the customers of a run, from what it wrote.

Owns: their queries. Does not own: which columns are compared (`specs.py`), on which customers (`sampling.py`).
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping

from tasks.drift.columns import Snapshot, stored_snapshot, stored_table
from tasks.drift.policy import FeatureSpec
from tasks.drift.redrawn import Redrawn
from tasks.drift.specs import CONFIDENCE, NEAR_BORDER
from tasks.warehouse.catalogue import KEY, catalogue_of
from tasks.warehouse.connection import identifier, literal
from tasks.warehouse.run import Run

_BORDERLINE = 0.1
"""A customer whose membership is less clear than this stands near the boundary to the next segment."""

_MEMBERS = "segments.membership"

#: Everybody: a condition on `customer_id`.
EVERYBODY = "true"


def customer_count(run: Run, run_id: str) -> int:
    """Customers of a run."""
    return int(run.warehouse.value(f"SELECT count(*) FROM {catalogue_of(run).relation(run_id, ())} AS customer"))


def common_count(run: Run, run_ids: tuple[str, str]) -> int:
    """Customers of both of two runs."""
    one, other = (catalogue_of(run).relation(run_id, ()) for run_id in run_ids)
    return int(run.warehouse.value(f"SELECT count(*) FROM {one} AS one SEMI JOIN {other} AS other USING ({KEY})"))


def snapshot(
    run: Run, run_id: str, specs: Mapping[str, FeatureSpec], chosen: str = EVERYBODY, redrawn: Redrawn | None = None
) -> Snapshot:
    """One row per customer, ascending by id: his features, and what his memberships say.

    Args:
        run: the present run.
        run_id: whose customers.
        specs: the columns, by name.
        chosen: SQL condition on `customer_id`; the others are not read.
        redrawn: segmentations of which segments are those of an earlier definition.
    """
    redrawn = redrawn or Redrawn(run_id)
    of_memberships: dict[tuple[str, str], list[FeatureSpec]] = defaultdict(list)
    features = []
    for name, spec in specs.items():
        if spec.is_of_segments:
            source = redrawn.members() if redrawn.is_before(spec) else _MEMBERS
            of_memberships[name.partition(".")[0], source].append(spec)
        elif spec.subject_kind == "fit":
            of_memberships[spec.subject_name or name, _MEMBERS].append(spec)
        else:
            features.append(name)
    among = _among(run, run_id, chosen)
    within = "" if among is None else f" AND {KEY} IN (SELECT {KEY} FROM {among})"
    columns, joins = ["feature.*"], []
    for position, ((segmentation, source), own) in enumerate(of_memberships.items()):
        mine = f"mix{position}"
        values = ", ".join(f"{_value(run, spec)} AS {identifier(spec.name)}" for spec in own)
        joins.append(
            f" LEFT JOIN (SELECT {KEY}, {values} FROM {source} WHERE run_id = {literal(run_id)}"
            f" AND segmentation_id = {literal(segmentation)}{within} GROUP BY {KEY}) AS {mine} USING ({KEY})"
        )
        columns += [f"{_of_nobody(spec, mine)} AS {identifier(spec.name)}" for spec in own]
    relation = catalogue_of(run).relation(run_id, features, among=among)
    sql = f"SELECT {', '.join(columns)} FROM {relation} AS feature{''.join(joins)} ORDER BY {KEY}"
    return stored_snapshot(run.warehouse, _key(run_id, [chosen, *specs, *sorted(redrawn.as_before)]), sql)


def _among(run: Run, run_id: str, chosen: str) -> str | None:
    """A table of the customers of a run that are chosen; None: all are."""
    if chosen == EVERYBODY:
        return None
    customers = catalogue_of(run).relation(run_id, ())
    key = _key(run_id, [chosen])
    return stored_table(run.warehouse, key, f"SELECT {KEY} FROM {customers} AS everybody WHERE {chosen}")


def _key(run_id: str, parts: Iterable[str]) -> str:
    return f"{run_id}_{zlib.crc32(' '.join(parts).encode())}"


def _value(run: Run, spec: FeatureSpec) -> str:
    """SQL of a column over the memberships of one customer in one segmentation."""
    if spec.kind == "segment":
        return "any_value(segment_id)"
    if spec.subject_kind == "segment_size":
        return f"bool_or(segment_id = {literal(spec.name)})"
    if spec.part_name == CONFIDENCE:
        return "any_value(strength_share)"
    if spec.part_name == NEAR_BORDER:
        return f"any_value(strength_share < {_BORDERLINE})"
    # A warehouse that an earlier version wrote has no distances.
    present = {name for name, _ in run.warehouse.columns("SELECT * FROM segments.membership")}
    return "any_value(centre_distance)" if "centre_distance" in present else "NULL::DOUBLE"


def _of_nobody(spec: FeatureSpec, joined: str) -> str:
    """SQL of a column with what is said of customers without a membership."""
    name = f"{joined}.{identifier(spec.name)}"
    if spec.kind == "segment":
        return f"coalesce({name}, 'in no segment')"
    return f"coalesce({name}, false)" if spec.subject_kind == "segment_size" else name
