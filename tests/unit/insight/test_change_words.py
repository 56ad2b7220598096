"""The published reason of a change and the one of `explain` are the same words."""

from __future__ import annotations

from tasks.config.features import Features
from tasks.insight.change_words import Cause, words_for
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.models import load_models
from tests.workspaces import AS_OF


def test_whoever_others_moved_past_is_not_said_to_have_done_nothing() -> None:
    """He may have bought as often as before, and would be where he was by the cuts of before for all that."""
    values = {"listed_runs": "'r'", "current_run": "'r'", "current_as_of": f"DATE '{AS_OF}'", "runs_until": "SELECT 1"}
    models = load_models("published", as_of=AS_OF, features=Features(), values=values)
    (model,) = [one for one in models if one.name.endswith(".segment_change")]
    with Warehouse.open(None, threads=1) as warehouse:
        warehouse.execute("CREATE SCHEMA monitoring")
        warehouse.execute(
            f"CREATE TABLE monitoring.change AS SELECT DATE '{AS_OF}' AS as_of_date, 'r' AS run_id, NULL::DATE AS"
            " previous_as_of_date, 'c' AS customer_id, 'rfm' AS segmentation_id, 'moved' AS change_name,"
            " 'rfm.loyal' AS from_segment_id, 'rfm.champions' AS to_segment_id, 'ranks' AS why_name,"
            " 'R4 F5 M5' AS from_reason, 'R5 F5 M5' AS to_reason"
        )
        (change,) = warehouse.records(model.sql)
    said = words_for(Cause("ranks", (), None, {}, {}, ()))
    assert change["why"] == f"{said} (R4 F5 M5 → R5 F5 M5)"
