"""Where the definitions of the run before would put today's customers.

Owns: `segments.redrawn` (which segmentations divide otherwise than at the run before, and by what) and
`segments.membership_before` (who would be where, had they not changed). A change of a segment's size follows from the
two: what customers did moved them under the old definition, what was redrawn moved them from there to where they are.
Does not own the arithmetic (`sql/monitoring/change_step.sql`).

Scores by ranks are redrawn in every run: their cuts lie where they part the customers in fifths, so that the sizes stay
and hide what happens. The cuts of the run before stand still.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from tasks.config.errors import SqlError, StatisticsError
from tasks.config.resolving import Rule
from tasks.config.segmentations import RfmSegmentation
from tasks.segments.before_projected import Side, members_by_projection, members_of
from tasks.segments.cluster import ClusterModel
from tasks.segments.cluster_model import assign_members
from tasks.segments.division import OTHERWISE
from tasks.segments.rfm import members_by_fixed_cuts, rfm_select
from tasks.segments.rules import members_by_rules
from tasks.segments.stored_model import CLUSTERS, stored_model
from tasks.warehouse import tables
from tasks.warehouse.catalogue import KEY, Catalogue
from tasks.warehouse.connection import identifier, literal
from tasks.warehouse.ledger import Publication
from tasks.warehouse.reading import columns_read
from tasks.warehouse.run import Run

REDRAWN = "segments.redrawn"
MEMBERS = "segments.membership_before"
_REDRAWN_SCHEMA = {
    "segmentation_id": pl.String,
    "what_name": pl.String,
    "is_asked": pl.Boolean,
    "note": pl.String,
}
_WAITING = "waiting_before"
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
        array_to_string(list(segment_id || ':' || coalesce(rule_text, '') ORDER BY segment_id), ';') AS said
    FROM segments.definition
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
WHERE present.run_id = $now AND what_name IS NOT NULL
ORDER BY present.segmentation_id
"""


#: Segmentations that were in use at a run.
_IN_USE = (
    "SELECT DISTINCT segmentation_id FROM segments.definition WHERE run_id = $run_id AND status_name = 'active'"
    " ORDER BY segmentation_id"
)


class _CannotTell(Exception):  # noqa: N818 - never leaves the module
    """The old definition has no answer for today's customers."""


@dataclass(frozen=True, slots=True)
class _Old:
    """The definition of one segmentation at the run before."""

    run: Run
    catalogue: Catalogue
    previous: Publication
    name: str
    kind: str | None
    what: str

    def rows(self, columns: Sequence[str]) -> list[tuple[str, ...]]:
        """Columns of the definitions that were in use, as they were tried."""
        return self.run.warehouse.rows(
            f"SELECT {', '.join(columns)} FROM segments.definition WHERE run_id = $run_id"
            " AND segmentation_id = $name AND status_name = 'active' ORDER BY segment_no",
            {"run_id": self.previous.run_id, "name": self.name},
        )

    def customers(self, run_id: str, features: Sequence[str] | None = None) -> str:
        """SQL for a FROM: the customers of a run who were to be divided, with some features, or with all."""
        ((population, *_), *_) = self.rows(["population_text"])
        if not population:
            return self.catalogue.relation(run_id, features)
        asked = None if features is None else {*features, *columns_read([population])}
        return f"(SELECT * FROM {self.catalogue.relation(run_id, asked)} WHERE ({population}))"

    @property
    def asked(self) -> dict[str, object]:
        """What was asked of the segmentation."""
        found: dict[str, object] = json.loads(self.rows(["asked_text"])[0][0])
        return found


def write_before(run: Run, catalogue: Catalogue) -> int:
    """Ask the definitions of the run before about today's customers; returns how many segmentations were redrawn."""
    said: list[dict[str, object]] = []
    run.warehouse.execute(f"CREATE OR REPLACE TEMP TABLE {_WAITING} AS {_NOBODY}")
    # A projection last: it asks where the segmentation that it is learnt from would put them.
    for name, what, kind in sorted(_changed(run), key=lambda one: one[2] == "projected"):
        note = _kept(_Old(run, catalogue, run.previous, name, kind, what)) if run.previous else None
        said.append({"segmentation_id": name, "what_name": what, "is_asked": note is None, "note": note})
    gone = {"what_name": "definition", "is_asked": False, "note": "it was taken out of the workspace"}
    said += [{"segmentation_id": name} | gone for name in _taken_out(run)]
    tables.write_rows(run, MEMBERS, f"SELECT * FROM {_WAITING}")
    for table in (_WAITING, "today_before", "reference_before"):
        run.warehouse.execute(f"DROP TABLE IF EXISTS {table}")
    tables.write_frame(run, REDRAWN, pl.DataFrame(said, schema=_REDRAWN_SCHEMA))
    return len(said)


def _taken_out(run: Run) -> list[str]:
    """Segmentations of the run before that the workspace has no more: whoever was there left by that alone."""
    if run.previous is None:
        return []
    then = run.warehouse.rows(_IN_USE, {"run_id": run.previous.run_id})
    return [name for (name,) in then if name not in run.workspace.segmentations]


def _changed(run: Run) -> list[tuple[str, str, str | None]]:
    if run.previous is None:
        return []
    return run.warehouse.rows(_CHANGED, {"now": run.run_id, "then": run.previous.run_id})


def _kept(old: _Old) -> str | None:
    """Keep where an old definition puts today's customers; returns why it cannot be told, None where it was."""
    if old.kind is None:
        return "there was no such segmentation"
    try:
        if old.kind == "clusters":
            with old.run.warehouse.registered("incoming_before", _cluster_members(old)):
                _add(old, f"SELECT {KEY}, {literal(old.name + '.')} || segment_key AS segment_id FROM incoming_before")
        elif old.kind == "rfm":
            _add(old, _scored(old))
        elif old.kind in {"rules", "cuts", "values"}:
            _add(old, _ruled(old))
        else:
            with old.run.warehouse.registered("incoming_before", _projected(old)):
                _add(old, f"SELECT {KEY}, segment_id FROM incoming_before")
    except SqlError as error:
        return f"it asks for what is not there any more: {error.message}"
    except (StatisticsError, _CannotTell) as error:
        return str(error)
    return None


def _add(old: _Old, select: str) -> None:
    old.run.warehouse.execute(f"INSERT INTO {_WAITING} SELECT {literal(old.name)}, segment_id, {KEY} FROM ({select})")


def _ruled(old: _Old) -> str:
    rows = old.rows(["segment_id", "rule_text", "is_multiple"])
    rules = [Rule(_key(segment), rule, "") for segment, rule, _ in rows if rule != OTHERWISE]
    others = [_key(segment) for segment, rule, _ in rows if rule == OTHERWISE]
    return members_by_rules(
        old.name,
        old.customers(old.run.run_id, sorted(columns_read([rule.condition for rule in rules]))),
        rules,
        others[0] if others else None,
        match="any" if any(is_multiple for *_, is_multiple in rows) else "first",
    )


def _scored(old: _Old) -> str:
    """By the old ranges; where these are still asked for, by the old cuts, too."""
    asked = old.asked
    named = [{**part, "name": part["id"]} for part in asked["segments"]]  # type: ignore[attr-defined]
    segmentation = RfmSegmentation.model_validate({**asked, "basis": "value", "segments": named})
    measures = [segmentation.recency, segmentation.frequency, segmentation.monetary]
    today = _set_aside(old, "today_before", old.run.run_id, measures)
    if old.what != "ranks":
        return rfm_select(old.name, segmentation, today)
    reference = _set_aside(old, "reference_before", old.previous.run_id, measures)
    return members_by_fixed_cuts(old.name, segmentation, today, reference)


def _set_aside(old: _Old, table: str, run_id: str, features: Sequence[str]) -> str:
    """A temporary table of customers: they are asked about nine times, each time a join of all themes otherwise."""
    columns = ", ".join(map(identifier, dict.fromkeys([KEY, *features])))
    old.run.warehouse.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {columns} FROM {old.customers(run_id, features)}"
    )
    return table


def _cluster_members(old: _Old) -> pl.DataFrame:
    """By the model that was in use, from where everybody was."""
    stored = stored_model(old.run, old.name, CLUSTERS)
    if stored is None:
        raise _CannotTell("nothing was learnt then")
    model = ClusterModel.from_json(stored.content)
    features = sorted({*model.transform.names, *model.transform.dropped})
    gone = [name for name in features if name not in old.catalogue.features]
    if gone:
        raise _CannotTell(f"it asks for what is not there any more: {', '.join(gone)}")
    customers, inside = old.customers(old.run.run_id, features), old.asked.get("inside")
    if inside is not None:
        members = (
            f"SELECT {KEY} FROM segments.membership WHERE run_id = {literal(old.run.run_id)}"
            f" AND segment_id = {literal(str(inside))}"
        )
        customers = f"(SELECT * FROM {customers} WHERE {KEY} IN ({members}))"
    warehouse = old.run.warehouse
    columns = ", ".join(map(identifier, [KEY, *features]))
    where = warehouse.frame(
        f"SELECT {KEY}, split_part(segment_id, '.', 2) AS segment_key FROM segments.membership"
        f" WHERE run_id = $run_id AND segmentation_id = $name ORDER BY {KEY}",
        {"run_id": old.previous.run_id, "name": old.name},
    )
    return assign_members(model, warehouse.frame(f"SELECT {columns} FROM {customers} ORDER BY {KEY}"), where)


def _projected(old: _Old) -> pl.DataFrame:
    """By the projection that was in use, of whom the old definition of what it is learnt from says nothing."""
    run, asked = old.run, old.asked
    features, source = sorted(asked["features"]), str(asked["of"])  # type: ignore[call-overload]
    if gone := [name for name in features if name not in old.catalogue.features]:
        raise _CannotTell(f"it asks for what is not there any more: {', '.join(gone)}")
    stored = stored_model(run, old.name, "projected")
    if stored is None or source not in run.workspace.segmentations:
        raise _CannotTell("what it was learnt from is not there any more")
    then, now = (
        Side(old.customers(run_id, features), members_of(source, run_id))
        for run_id in (old.previous.run_id, run.run_id)
    )
    waiting = f"SELECT {KEY}, segment_id FROM {_WAITING} WHERE segmentation_id = {literal(source)}"
    if run.warehouse.value(f"SELECT count(*) FROM ({waiting})"):
        now = Side(now.customers, waiting)
    is_worth = stored.content["worth"] is not None
    return members_by_projection(run.warehouse, old.name, asked, then, now, is_worth=is_worth)


def _key(segment_id: str) -> str:
    return segment_id.split(".", 1)[1]
