"""What a segmentation divides by, and how far that is known; which KPIs it should say something of.

Owns: the features of each kind of segmentation, their themes and known shares, and the KPIs. Does not own the features.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from tasks.audit.facts import DEMOGRAPHIC_THEMES, FeatureFacts
from tasks.audit.read import RATE_DAYS
from tasks.config.by_one_feature import CutsSegmentation, ValuesSegmentation
from tasks.config.errors import WorkspaceError
from tasks.config.segmentations import RfmSegmentation
from tasks.config.workspace import Workspace
from tasks.warehouse.catalogue import KEY, PREDICTIONS, Catalogue
from tasks.warehouse.connection import Warehouse, identifier
from tasks.warehouse.reading import columns_read

#: Themes that no split is advised by: what KPIs are made of, who people are, and what models foretell.
_NO_SPLIT = DEMOGRAPHIC_THEMES | {"customer_value", "customer_cadence", PREDICTIONS.split(".")[1]}
_DECIMALS = 6


def rate_days(windows: Sequence[int]) -> int:
    """The look-back window nearest to 90 days, whose order rate tests are planned with."""
    return min(windows, key=lambda days: (abs(days - RATE_DAYS), days))


def kpis_of(workspace: Workspace, catalogue: Catalogue) -> tuple[str, ...]:
    """The KPIs that segments should differ in.

    Raises:
        WorkspaceError: one that the workspace names is no feature, or no number.
    """
    named = workspace.audit.kpis
    if named is None:
        windows = workspace.features.windows
        near = rate_days(windows)
        return (f"order_{near}d_count", f"net_{max(windows)}d_amount", "average_order_amount", "recency_days")
    for index, name in enumerate(named):
        where = workspace.line_of("audit", "kpis", index)
        column = catalogue.find(name, where=where)
        if column.kind not in {"number", "flag"}:
            raise WorkspaceError(
                f"audit.kpis: the feature {name!r} is a {column.kind}, expected a number",
                where=where,
                hint="name features that are counted or measured, such as net_365d_amount",
            )
    return tuple(dict.fromkeys(named))


def features_of(workspace: Workspace, name: str) -> tuple[str, ...]:
    """The features that a segmentation divides by; those of its population do not divide."""
    segmentation = workspace.segmentations[name]
    if isinstance(segmentation, RfmSegmentation):
        return (segmentation.recency, segmentation.frequency, segmentation.monetary)
    if isinstance(segmentation, CutsSegmentation | ValuesSegmentation):
        return (segmentation.feature,)
    listed: list[str] | None = getattr(segmentation, "features", None)
    if listed is not None:
        return tuple(listed)
    return tuple(sorted(columns_read(rule.condition for rule in workspace.resolved[name].rules)))


def themes(catalogue: Catalogue) -> dict[str, str]:
    """The theme of each feature: its table without the schema."""
    return {column.name: model.table for model in catalogue.models for column in model.columns if column.name != KEY}


def split_features(catalogue: Catalogue, used: Sequence[str], kpis: Sequence[str]) -> list[str]:
    """Numbers and flags that a segment might be split by: how customers behave, and is not in the segmentation yet.

    Amounts and what adds up over time are left out: they go with KPIs because they are made of the same orders. So is
    what a KPI counts, over other days.
    """
    theme = themes(catalogue)
    counted = {_over_any_days(kpi) for kpi in kpis}
    return [
        name
        for name, column in catalogue.features.items()
        if column.kind in {"number", "flag"}
        and theme[name] not in _NO_SPLIT
        and name not in used
        and _over_any_days(name) not in counted
        and not column.moves_by_itself
        and column.unit != "currency"
    ]


def _over_any_days(name: str) -> str:
    """A feature's name without its window, `interaction_count` of `interaction_30d_count`."""
    return re.sub(r"_\d+d(?=_)", "", name)


def known_features(
    warehouse: Warehouse, customers: Callable[[Collection[str]], str], catalogue: Catalogue, used: Sequence[str]
) -> list[FeatureFacts]:
    """Of how many customers the features of a segmentation are known, and what of the same theme is known of more.

    Args:
        warehouse: open.
        customers: gives SQL for a FROM: the customers who could be divided, with the features that are named.
        catalogue: of the features.
        used: those of the segmentation.
    """
    theme = themes(catalogue)
    named = [name for name in used if name in theme]
    if not named:
        return []
    candidates = [
        name
        for name, column in catalogue.features.items()
        if theme[name] in {theme[one] for one in named} and column.kind == catalogue.features[named[0]].kind
    ]
    asked = list(dict.fromkeys([*named, *candidates]))
    counts = ", ".join(f"count({identifier(name)})" for name in asked)
    total, *known = warehouse.rows(f"SELECT count(*), {counts} FROM {customers(asked)}")[0]
    shares = {name: count / total for name, count in zip(asked, known, strict=True)} if total else {}
    facts = [_feature(name, theme, shares, [one for one in candidates if one not in named]) for name in named]
    return [_with_movement(one, catalogue) for one in facts]


def _feature(
    name: str, theme: Mapping[str, str], shares: Mapping[str, float], candidates: Sequence[str]
) -> FeatureFacts:
    share = shares.get(name)
    same = [one for one in candidates if theme[one] == theme[name] and shares]
    instead = max(same, key=lambda one: (shares[one], one), default=None)
    if share is None or instead is None or shares[instead] <= share:
        return FeatureFacts(name, theme[name], _rounded(share))
    return FeatureFacts(name, theme[name], _rounded(share), instead, _rounded(shares[instead]))


def _with_movement(facts: FeatureFacts, catalogue: Catalogue) -> FeatureFacts:
    """With the same over some days, where its values move by themselves; of several that nearest to 90 days."""
    if not catalogue.features[facts.name].moves_by_itself:
        return facts
    alike = [one for one in catalogue.features.values() if one.window_days and _over_any_days(one.name) == facts.name]
    sister = min(alike, key=lambda one: (abs((one.window_days or 0) - RATE_DAYS), one.name), default=None)
    return replace(facts, moves_by_itself=True, windowed=sister.name if sister else None)


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, _DECIMALS)
