"""The audit section: thresholds, and what is accepted of segmentations that there are."""

from __future__ import annotations

import pytest

from tasks.audit.basis import features_of, kpis_of
from tasks.config.audit import FINDING_NAMES, AuditPolicy
from tasks.config.errors import WorkspaceError
from tasks.warehouse.catalogue import Catalogue, feature_models
from tests.workspaces import AS_OF, MakeWorkspace, small_workspace


def accepting(**changes: object) -> dict[str, object]:
    accepted = {"segmentation": "lifecycle", "finding": "small_segment", "because": "new ones are few"} | changes
    return small_workspace() | {"audit": {"accepted": [accepted]}}


def test_the_defaults_are_used_where_nothing_is_said(make_workspace: MakeWorkspace) -> None:
    assert make_workspace().audit == AuditPolicy()
    assert len(FINDING_NAMES) == 17


def test_a_finding_is_accepted_by_name_with_a_reason(make_workspace: MakeWorkspace) -> None:
    (accepted,) = make_workspace(tree=accepting(segment="new")).audit.accepted
    assert (accepted.segment, accepted.because) == ("new", "new ones are few")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"segmentation": "livecycle"}, "there is no segmentation 'livecycle'; did you mean 'lifecycle'"),
        ({"segmentation": "x"}, "there is no segmentation 'x'; there are rfm, lifecycle"),
        ({"finding": "ugly"}, "audit.accepted"),
        ({"because": ""}, "audit.accepted"),
    ],
)
def test_what_cannot_be_accepted_is_an_error(
    make_workspace: MakeWorkspace, changes: dict[str, object], told: str
) -> None:
    with pytest.raises(WorkspaceError) as raised:
        make_workspace(tree=accepting(**changes))
    assert told in str(raised.value)


def test_kpis_are_numbers_that_there_are(make_workspace: MakeWorkspace) -> None:
    space = make_workspace()
    catalogue = Catalogue(feature_models(space, AS_OF))
    assert kpis_of(space, catalogue) == (
        "order_90d_count",
        "net_365d_amount",
        "average_order_amount",
        "recency_days",
    )
    named = make_workspace("audit.kpis=[net_amount, net_amount]")
    assert kpis_of(named, catalogue) == ("net_amount",)
    with pytest.raises(WorkspaceError, match="there is no feature 'net_amout'"):
        kpis_of(make_workspace("audit.kpis=[net_amout]"), catalogue)
    with pytest.raises(
        WorkspaceError, match=r"audit\.kpis: the feature 'country_name' is a category, expected a number"
    ):
        kpis_of(make_workspace("audit.kpis=[country_name]"), catalogue)


def test_features_are_those_that_a_segmentation_divides_by(make_workspace: MakeWorkspace) -> None:
    space = make_workspace()
    assert features_of(space, "rfm") == ("recency_days", "order_count", "net_amount")
    assert features_of(space, "lifecycle") == ("recency_days", "tenure_days")
