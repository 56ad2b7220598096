"""A population is one condition over what is known of past days; anything else is told with its line."""

from __future__ import annotations

import pytest

from tasks.config.errors import WorkspaceError
from tasks.predict.population import check_condition
from tasks.predict.write import bind_predictions, check_populations
from tests.workspaces import MakeWorkspace, OpenRun, small_workspace

KNOWN = ("order_count", "recency_days", "net_amount")


@pytest.mark.parametrize("condition", ["order_count > 0", "NOT (Recency_Days > 90 OR net_amount IS NULL)", "true"])
def test_conditions(condition: str) -> None:
    check_condition(condition, KNOWN, "here:1")


@pytest.mark.parametrize(
    ("condition", "told", "hint"),
    [
        ("", "more than a condition", "no SELECT"),
        ("order_count >", "is not SQL", "write one condition"),
        ("order_count > 1; DROP TABLE x", "is not SQL", "write one condition"),
        ("customer_id IN (SELECT 'a')", "more than a condition", "no SELECT"),
        ("sum(order_count) > 3", "more than a condition", "no SELECT"),
        ("row_number() OVER () < 9", "more than a condition", "no SELECT"),
        ("random() < 0.5", "calls rand(), which gives another value each time", "as-of day"),
        ("order_counts > 1", "cannot name 'order_counts'", "did you mean 'order_count'?"),
        ("city_name = 'Ulm'", "cannot name 'city_name'", "it may name net_amount, order_count, recency_days"),
    ],
)
def test_what_is_no_condition_is_told(condition: str, told: str, hint: str) -> None:
    with pytest.raises(WorkspaceError) as caught:
        check_condition(condition, KNOWN, "resegment.yaml:7")
    assert told in caught.value.message
    assert caught.value.where == "resegment.yaml:7"
    assert hint in str(caught.value.hint)


def test_the_line_is_told_before_any_work(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    tree = small_workspace() | {"predictions": {"churn": {"kind": "churn", "population": "top_channel_name = 'web'"}}}
    with opened(make_workspace(tree=tree)) as run, pytest.raises(WorkspaceError) as caught:
        check_populations(run)
    assert str(caught.value.where).endswith("resegment.yaml:37")


def test_types_that_do_not_fit_are_told(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    from tasks.ingest.staging import build_staging
    from tests.sql.cases import create_raw

    tree = small_workspace() | {"predictions": {"churn": {"kind": "churn", "population": "lower(order_count > 1)"}}}
    with opened(make_workspace(tree=tree)) as run:
        run.identify()
        create_raw(run.warehouse)
        build_staging(run)
        with pytest.raises(WorkspaceError, match="cannot be computed"):
            bind_predictions(run)
