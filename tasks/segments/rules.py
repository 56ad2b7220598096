"""Rules: SQL conditions over features, checked before anything runs, turned into memberships.

Owns: what a rule may say, and the SELECT of a rules segmentation. Does not own the features.
"""

from __future__ import annotations

import sqlglot
from sqlglot import exp

from tasks.config.errors import SqlError, WorkspaceError
from tasks.config.segmentations import ClustersSegmentation, RfmSegmentation, RulesSegmentation
from tasks.config.workspace import Workspace
from tasks.warehouse.catalogue import KEY, Catalogue
from tasks.warehouse.connection import Warehouse, literal

_NOT_A_CONDITION = (exp.Subquery, exp.Select, exp.Window, exp.AggFunc, exp.Command, exp.DDL, exp.DML)


def conditions_of(workspace: Workspace) -> list[tuple[str, str]]:
    """Every SQL condition of the segmentations, with the place it stands in."""
    found = []
    for name, segmentation in workspace.segmentations.items():
        if segmentation.population is not None:
            found.append((segmentation.population, workspace.line_of("segmentations", name, "population")))
        if isinstance(segmentation, RulesSegmentation):
            for index, segment in enumerate(segmentation.segments):
                found.append((segment.when, workspace.line_of("segmentations", name, "segments", index, "when")))
    return found


def check_rules(workspace: Workspace, catalogue: Catalogue) -> None:
    """Prove that every rule is one condition over features that exist.

    Raises:
        WorkspaceError: a rule is not SQL, is more than a condition, or names no feature; line and near-miss are told.
    """
    for condition, where in conditions_of(workspace):
        for name in features_read(condition, where):
            catalogue.find(name, where=where)
    for name, segmentation in workspace.segmentations.items():
        if isinstance(segmentation, ClustersSegmentation):
            for index, feature in enumerate(segmentation.features):
                _numeric(catalogue, feature, workspace.line_of("segmentations", name, "features", index))
        elif isinstance(segmentation, RfmSegmentation):
            for key in ("recency", "frequency", "monetary"):
                _numeric(catalogue, getattr(segmentation, key), workspace.line_of("segmentations", name, key))
        _known_treatments(workspace, name)


def check_rule_types(warehouse: Warehouse, workspace: Workspace, relation: str) -> None:
    """Prove that DuckDB can evaluate every rule over a relation that has the features' types, empty or not.

    Raises:
        WorkspaceError: types do not fit, or a function is unknown.
    """
    for condition, where in conditions_of(workspace):
        try:
            warehouse.columns(f"SELECT CAST(({condition}) AS BOOLEAN) FROM {relation}")
        except SqlError as error:
            raise WorkspaceError(
                f"the rule {condition!r} cannot be computed: {error.message}", where=where, hint="correct the rule"
            ) from error


def features_read(condition: str, where: str) -> set[str]:
    """Names of the features in a condition.

    Raises:
        WorkspaceError: it is not a condition in DuckDB's SQL.
    """
    try:
        tree = sqlglot.parse_one(condition, dialect="duckdb")
    except sqlglot.ParseError as error:
        first = error.errors[0] if error.errors else {}
        place = f" at character {first['col']}" if first.get("col") else ""
        raise WorkspaceError(
            f"the rule {condition!r} is not SQL{place}: {first.get('description', 'syntax error')}",
            where=where,
            hint="write a condition such as order_count >= 3 AND recency_days < 60",
        ) from error
    if isinstance(tree, _NOT_A_CONDITION) or tree.find(*_NOT_A_CONDITION):
        raise WorkspaceError(
            f"the rule {condition!r} is more than a condition on one customer",
            where=where,
            hint="use comparisons, AND, OR, NOT and scalar functions; no SELECT, aggregate or window",
        )
    return {column.name for column in tree.find_all(exp.Column)}


def rules_select(name: str, segmentation: RulesSegmentation, relation: str) -> str:
    """SELECT of a rules segmentation's memberships over a relation of features."""
    fallback = segmentation.otherwise
    if segmentation.match == "first":
        cases = " ".join(f"WHEN ({segment.when}) THEN {literal(segment.id)}" for segment in segmentation.segments) + (
            f" ELSE {literal(fallback.id)}" if fallback else ""
        )
        matched = f"CASE {cases} END"
    else:
        cases = ", ".join(
            f"CASE WHEN ({segment.when}) THEN {literal(segment.id)} END" for segment in segmentation.segments
        )
        listed = f"list_filter([{cases}], lambda matched: matched IS NOT NULL)"
        matched = (
            f"unnest(CASE WHEN len({listed}) = 0 THEN [{literal(fallback.id)}] ELSE {listed} END)"
            if fallback
            else f"unnest({listed})"
        )
    population = f" WHERE ({segmentation.population})" if segmentation.population else ""
    reasons = " ".join(f"WHEN {literal(segment.id)} THEN {literal(segment.when)}" for segment in segmentation.segments)
    return (
        f"SELECT {literal(name)} AS segmentation_id, {literal(name + '.')} || key AS segment_id, {KEY},"
        f" 1.0::DOUBLE AS strength_share, CASE key {reasons} ELSE 'no rule holds' END AS reason,"
        f" NULL::VARCHAR AS rival_segment_id FROM (SELECT {KEY}, {matched} AS key FROM {relation}{population})"
        " WHERE key IS NOT NULL"
    )


def _numeric(catalogue: Catalogue, name: str, where: str) -> None:
    feature = catalogue.find(name, where=where)
    if feature.kind not in {"number", "flag"}:
        raise WorkspaceError(
            f"the feature {name!r} is a {feature.kind}, expected a number", where=where, hint="use it in a rule instead"
        )


def _known_treatments(workspace: Workspace, name: str) -> None:
    segmentation = workspace.segmentations[name]
    if isinstance(segmentation, ClustersSegmentation):
        return
    known = {segment.id for segment in segmentation.segments}
    if isinstance(segmentation, RulesSegmentation) and segmentation.otherwise:
        known.add(segmentation.otherwise.id)
    for key in segmentation.treatments:
        if key not in known:
            raise WorkspaceError(
                f"a treatment names no segment: {key!r}",
                where=workspace.line_of("segmentations", name, "treatments", key),
                hint=f"the segments are {', '.join(sorted(known))}",
            )
