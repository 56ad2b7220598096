"""What a segment may be split by is how customers behave, and is not the KPI over other days."""

from __future__ import annotations

from tasks.audit.basis import split_features
from tasks.config.features import Features
from tasks.warehouse.catalogue import Catalogue
from tasks.warehouse.models import load_models
from tests.workspaces import AS_OF


def test_what_a_kpi_counts_over_other_days_splits_nobody() -> None:
    catalogue = Catalogue(load_models("features", as_of=AS_OF, features=Features(windows=[30, 365])))
    offered = split_features(catalogue, ["discount_share"], ["interaction_365d_count"])
    assert {"digital_interaction_share", "service_30d_count", "weekend_order_share"} <= set(offered)
    assert not {"interaction_30d_count", "interaction_365d_count", "discount_share"} & set(offered)
    assert "interaction_30d_count" in split_features(catalogue, [], ["net_365d_amount"])
