"""Checks of a workspace's segmentations against the catalogue, before anything runs.

Owns: that every condition is one on features that exist, that kinds get features they can work with. Does not own the
features, what a tree of conditions means (`tasks/config/resolving.py`), or treatments (`check_treatments.py`).
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping

import sqlglot
from sqlglot import exp

from tasks.config.by_one_feature import CutsSegmentation, ValuesSegmentation
from tasks.config.clusters import ClustersSegmentation
from tasks.config.errors import SqlError, WorkspaceError
from tasks.config.projected import ProjectedSegmentation
from tasks.config.resolving import leaves
from tasks.config.segment import SegmentationBase
from tasks.config.segmentations import RfmSegmentation
from tasks.config.workspace import Workspace
from tasks.segments.check_clusters import check_inside, check_sensitive, stands_before
from tasks.segments.check_treatments import check_treatments
from tasks.segments.ranges import refuse_unreachable_rule, refuse_unreachable_threshold
from tasks.warehouse.catalogue import Catalogue
from tasks.warehouse.connection import Warehouse, literal
from tasks.warehouse.model_reading import refuse_changing

_NOT_A_CONDITION = (exp.Subquery, exp.Select, exp.Window, exp.AggFunc, exp.Command, exp.DDL, exp.DML)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In, exp.Between)
_NUMBERS = ("number", "flag")
_HINTS = {
    "number": "use it in a rule, or in a segmentation of kind values",
    "category": "cut a number with kind cuts, or use it in a rule",
}


def check_rules(workspace: Workspace, catalogue: Catalogue) -> None:
    """Prove that every rule is one condition over features that exist, and every kind has the features it needs.

    Raises:
        WorkspaceError: a rule is not SQL, is more than a condition, or names no feature; line and near-miss are told.
    """
    _check_templates(workspace, catalogue)
    for condition, path in leaves(workspace.segmentations):
        where = workspace.line_of(*path)
        tree = parsed_rule(condition, where)
        for name in sorted(column.name for column in tree.find_all(exp.Column)):
            catalogue.find(name, where=where)
        refuse_unreachable_rule(condition, tree, catalogue, where)
    for name, segmentation in workspace.segmentations.items():
        _check_features(workspace, catalogue, name, segmentation)
    check_treatments(workspace)


def _check_features(workspace: Workspace, catalogue: Catalogue, name: str, segmentation: SegmentationBase) -> None:
    """What a kind of segmentation asks of the features that it names."""
    features: Mapping[tuple[str | int, ...], str] = {}
    kinds: tuple[str, ...] = _NUMBERS
    if isinstance(segmentation, ClustersSegmentation):
        features = {("features", index): feature for index, feature in enumerate(segmentation.features)}
        check_inside(workspace, name, segmentation)
        check_sensitive(workspace, catalogue, name, segmentation)
    elif isinstance(segmentation, RfmSegmentation):
        features = {(key,): getattr(segmentation, key) for key in ("recency", "frequency", "monetary")}
    elif isinstance(segmentation, CutsSegmentation):
        features = {("feature",): segmentation.feature}
    elif isinstance(segmentation, ValuesSegmentation):
        features, kinds = {("feature",): segmentation.feature}, ("category", "flag")
    elif isinstance(segmentation, ProjectedSegmentation):
        features = {("features", index): feature for index, feature in enumerate(segmentation.features)}
        kinds = ("number", "flag", "category")
        stands_before(workspace, name, segmentation.of, "of")
    for path, feature in features.items():
        _fits(catalogue, feature, kinds, workspace.line_of("segmentations", name, *path))
    if isinstance(segmentation, CutsSegmentation):
        for index, threshold in enumerate(segmentation.at or ()):
            where = workspace.line_of("segmentations", name, "at", index)
            refuse_unreachable_threshold(catalogue.features[segmentation.feature], threshold, where)


def check_rule_types(warehouse: Warehouse, workspace: Workspace, relation: str, *, names: Collection[str]) -> None:
    """Prove that DuckDB can evaluate the rules of some segmentations over a relation of the features, empty or not.

    Raises:
        WorkspaceError: types do not fit, or a function is unknown.
    """
    types = dict(warehouse.columns(f"SELECT * FROM {relation}"))
    chosen = {name: workspace.segmentations[name] for name in names}
    for condition, path in leaves(chosen):
        try:
            warehouse.columns(f"SELECT (({condition})) IS TRUE FROM {relation}")
        except SqlError as error:
            raise WorkspaceError(
                f"the rule {condition!r} cannot be computed: {error.message}",
                where=workspace.line_of(*path),
                hint="correct the rule",
            ) from error
        _check_texts(warehouse, condition, types, workspace.line_of(*path))


def _check_texts(warehouse: Warehouse, condition: str, types: Mapping[str, str], where: str) -> None:
    """Prove that a text that a feature is compared with is of its type: DuckDB asks only when it meets a customer."""
    for comparison in sqlglot.parse_one(condition, dialect="duckdb").find_all(*_COMPARISONS):
        parts = list(comparison.iter_expressions())
        features = [part.name for part in parts if isinstance(part, exp.Column) and part.name in types]
        texts = [part.this for part in parts if isinstance(part, exp.Literal) and part.is_string]
        for name, text in itertools.product(features, texts):
            if warehouse.value(f"SELECT TRY_CAST({literal(text)} AS {types[name]}) IS NULL"):
                raise WorkspaceError(
                    f"the rule {condition!r} compares {name!r} with {text!r}, which is no {types[name]}",
                    where=where,
                    hint="compare it with a value of its type; docs/reference/features.md says which it is",
                )


def parsed_rule(condition: str, where: str) -> exp.Expr:
    """A condition on one customer, parsed.

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
    refuse_changing(tree, f"the rule {condition!r}", where)
    return tree


def _check_templates(workspace: Workspace, catalogue: Catalogue) -> None:
    """A feature that is missing is told in terms of the template that asks for it, not of the rule it became."""
    for needed in workspace.needed_features:
        if needed.feature not in catalogue.features:
            asked = f"by its parameter {needed.parameter!r}" if needed.parameter else "always"
            try:
                catalogue.find(needed.feature, where=needed.where)
            except WorkspaceError as error:
                name_another = f"name another below `with: {{{needed.parameter}: …}}`" if needed.parameter else ""
                raise WorkspaceError(
                    f"the template {needed.template!r} needs the feature {needed.feature!r} ({asked}); there is none",
                    where=needed.where,
                    hint="; ".join(filter(None, (name_another, error.hint))),
                ) from error
        if needed.kind is not None:
            kinds = _NUMBERS if needed.kind == "number" else (needed.kind,)
            _fits(catalogue, needed.feature, kinds, needed.where)


def _fits(catalogue: Catalogue, name: str, kinds: tuple[str, ...], where: str) -> None:
    feature = catalogue.find(name, where=where)
    if feature.kind not in kinds:
        expected = kinds[0]
        raise WorkspaceError(
            f"the feature {name!r} is a {feature.kind}, expected a {expected}",
            where=where,
            hint=_HINTS.get(expected, "name another feature"),
        )
