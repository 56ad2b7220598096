"""What is told of models that wait: a newer one beside an acknowledged one, and how many a silence is about."""

from __future__ import annotations

import datetime as dt

from tasks.notify import book
from tasks.notify.facts import complete
from tasks.notify.findings import waiting_models
from tasks.warehouse.run import Run
from tests.workspaces import MakeWorkspace, OpenRun

NOON = dt.datetime(2025, 7, 1, 12)


def wait(run: Run, number: int) -> None:
    """Have this version of a segmentation wait for a decision, as the run sees it."""
    run.warehouse.execute(
        "CREATE OR REPLACE TABLE segments.model_version AS SELECT $run AS run_id, 'tier' AS segmentation_id,"
        " $number AS model_no, DATE '2025-06-30' AS trained_as_of_date, 'learnt anew' AS reason, 3 AS moved_count,"
        " 20 AS customer_count, 'waiting' AS status_name",
        {"run": run.run_id, "number": number},
    )


def settle(run: Run, days: int) -> list[str]:
    found = complete(run, waiting_models(run))
    return [one.news for one in book.settle(run, found, ("model",), now=NOON + dt.timedelta(days=days))]


def test_a_newer_challenger_is_told_beside_an_acknowledged_one(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace()) as run:
        wait(run, 2)
        assert settle(run, 0) == ["opened"]
        book.acknowledge(run.warehouse, 1, by="eva", because="decided on Monday", now=NOON)
        assert settle(run, 30) == []
        wait(run, 3)
        assert settle(run, 60) == ["worse"]
        assert settle(run, 61) == []


def test_a_silence_counts_what_it_is_about_itself(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    # A subject that is written wrongly was told to be about what an earlier silence hides.
    with opened(make_workspace()) as run:
        wait(run, 2)
        settle(run, 0)
        until = dt.datetime(2999, 1, 1)
        about = [
            book.silence(run.warehouse, "model", subject, until=until, by="eva", because="holidays")
            for subject in ("tier", "teir", None)
        ]
        assert about == [1, 0, 1]
