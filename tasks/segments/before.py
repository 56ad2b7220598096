"""Where the definitions of the run before would put today's customers.

Owns: `segments.redrawn` (which segmentations divide otherwise than at the run before, and by what) and
`segments.membership_before` (who would be where, had they not changed). A change of a segment's size follows from the
two: what customers did moved them under the old definition, what was redrawn moved them from there to where they are.
Does not own the arithmetic (`sql/monitoring/change_step.sql`).

Scores by ranks are redrawn in every run: their cuts lie where they part the customers in fifths, so that the sizes stay
and hide what happens. The cuts of the run before stand still.
"""

from __future__ import annotations

import polars as pl

from tasks.config.errors import SqlError, StatisticsError
from tasks.segments.before_asked import WAITING, CannotTell, Old, cluster_members, projected, ruled, scored
from tasks.warehouse import tables
from tasks.warehouse.catalogue import KEY, Catalogue
from tasks.warehouse.connection import literal
from tasks.warehouse.reading import features_of
from tasks.warehouse.remade import remade_features
from tasks.warehouse.run import Run

REDRAWN = "segments.redrawn"
MEMBERS = "segments.membership_before"
_REDRAWN_SCHEMA = {
    "segmentation_id": pl.String,
    "what_name": pl.String,
    "is_asked": pl.Boolean,
    "note": pl.String,
}
_NOBODY = (
    "SELECT NULL::VARCHAR AS segmentation_id, NULL::VARCHAR AS segment_id, NULL::VARCHAR AS customer_id WHERE false"
)
#: What is learnt from the data changes its rule with every model: there the definition is what was asked for. A
#: projection is learnt anew each time, under the same rule.
_CHANGED = """
WITH definitions AS (
    SELECT
        segmentation_id,
        run_id,
        coalesce(any_value(population_text), '') AS population_text,
        any_value(kind_name) AS kind_name,
        any_value(asked_text) AS asked_text,
        array_to_string(
            list(segment_id || ':' || coalesce(rule_text, '') ORDER BY IF(is_ordered, segment_no, 0), segment_id), ';'
        ) AS said
    FROM (
        -- Of rules of which the first counts it matters which one stands before the other.
        SELECT *, kind_name = 'rules' AND NOT is_multiple AS is_ordered FROM segments.definition
    )
    WHERE run_id IN ($now, $then) AND status_name = 'active'
    GROUP BY segmentation_id, run_id
),
learnt AS (
    SELECT
        definitions.*,
        model.model_no,
        coalesce(model.model_no IS NOT NULL AND definitions.kind_name <> 'projected', FALSE) AS is_learnt
    FROM definitions
    LEFT JOIN segments.model AS model
        ON definitions.segmentation_id = model.segmentation_id AND definitions.run_id = model.run_id
)
SELECT
    present.segmentation_id,
    CASE
        WHEN past.segmentation_id IS NULL
            OR present.population_text <> past.population_text
            OR present.asked_text <> past.asked_text
            OR (present.said <> past.said AND NOT (present.is_learnt AND past.model_no IS NOT NULL))
            THEN 'definition'
        WHEN present.is_learnt AND present.model_no <> past.model_no AND present.said <> past.said THEN 'refit'
        WHEN present.kind_name = 'rfm' THEN 'ranks'
        WHEN present.kind_name = 'projected' THEN 'refit'
    END AS what_name,
    past.kind_name
FROM learnt AS present
LEFT JOIN learnt AS past ON present.segmentation_id = past.segmentation_id AND past.run_id = $then
WHERE present.run_id = $now
ORDER BY present.segmentation_id
"""


#: Segmentations that were in use at a run.
_IN_USE = (
    "SELECT DISTINCT segmentation_id FROM segments.definition WHERE run_id = $run_id AND status_name = 'active'"
    " ORDER BY segmentation_id"
)


def write_before(run: Run, catalogue: Catalogue) -> int:
    """Ask the definitions of the run before about today's customers; returns how many segmentations were redrawn."""
    said: list[dict[str, object]] = []
    remade = remade_features(run, run.previous.run_id) if run.previous else frozenset()
    run.warehouse.execute(f"CREATE OR REPLACE TEMP TABLE {WAITING} AS {_NOBODY}")
    for name, what, kind in _changed(run, remade):
        note = _kept(Old(run, catalogue, run.previous, name, kind, what, remade)) if run.previous else None
        said.append({"segmentation_id": name, "what_name": what, "is_asked": note is None, "note": note})
    gone = {"what_name": "definition", "is_asked": False, "note": "it was taken out of the workspace"}
    said += [{"segmentation_id": name} | gone for name in _taken_out(run)]
    tables.write_rows(run, MEMBERS, f"SELECT * FROM {WAITING}")
    for table in (WAITING, "today_before", "reference_before"):
        run.warehouse.execute(f"DROP TABLE IF EXISTS {table}")
    tables.write_frame(run, REDRAWN, pl.DataFrame(said, schema=_REDRAWN_SCHEMA))
    return len(said)


def _taken_out(run: Run) -> list[str]:
    """Segmentations of the run before that the workspace has no more: whoever was there left by that alone."""
    if run.previous is None:
        return []
    then = run.warehouse.rows(_IN_USE, {"run_id": run.previous.run_id})
    return [name for (name,) in then if name not in run.workspace.segmentations]


def _changed(run: Run, remade: frozenset[str]) -> list[tuple[str, str, str | None]]:
    """Name, what was redrawn, and kind at the run before; a segmentation stands below those that it rests on.

    What a feature is belongs to what is asked for, and so does the segment that others lie inside.
    """
    if run.previous is None:
        return []
    rows = run.warehouse.rows(_CHANGED, {"now": run.run_id, "then": run.previous.run_id})
    kinds, found = {name: (what, kind) for name, what, kind in rows}, dict[str, str]()
    for name, segmentation in run.workspace.segmentations.items():
        what, kind = kinds.get(name, (None, None))
        around = found.get(str(getattr(segmentation, "inside", "")).partition(".")[0])
        if kind is not None and not remade.isdisjoint(features_of(run.workspace, name)):
            what = "definition"
        what = what or around
        if what is not None and name in kinds:
            found[name] = what
    return [(name, what, kinds[name][1]) for name, what in found.items()]


def _kept(old: Old) -> str | None:
    """Keep where an old definition puts today's customers; returns why it cannot be told, None where it was."""
    if old.kind is None:
        return "there was no such segmentation"
    try:
        if old.kind == "clusters":
            with old.run.warehouse.registered("incoming_before", cluster_members(old)):
                _add(old, f"SELECT {KEY}, {literal(old.name + '.')} || segment_key AS segment_id FROM incoming_before")
        elif old.kind == "rfm":
            _add(old, scored(old))
        elif old.kind in {"rules", "cuts", "values"}:
            _add(old, ruled(old))
        else:
            with old.run.warehouse.registered("incoming_before", projected(old)):
                _add(old, f"SELECT {KEY}, segment_id FROM incoming_before")
    except SqlError as error:
        return f"it asks for what is not there any more: {error.message}"
    except (StatisticsError, CannotTell) as error:
        return str(error)
    return None


def _add(old: Old, select: str) -> None:
    old.run.warehouse.execute(f"INSERT INTO {WAITING} SELECT {literal(old.name)}, segment_id, {KEY} FROM ({select})")
