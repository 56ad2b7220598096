"""An answer on a Prefect server is about the backfill that was asked about, and about no other."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from unittest import mock

import pytest

from flows import backfill, backfill_steps
from tasks.config.errors import UsageError
from tasks.warehouse import backfill_ledger, ledger
from tasks.warehouse.backfill_ledger import Backfill
from tasks.warehouse.run import open_ledger
from tests.flows.backfilled import World


def _waiting(world: World) -> Backfill:
    """A backfill of no date, which waits for somebody."""
    with open_ledger(world.space, world.output, is_new=True) as run:
        number = backfill_ledger.start(run.warehouse, {}, "test", "", ledger.moment(run.warehouse), [])
        backfill_ledger.close(run.warehouse, number, "waiting", "it is to be held")
        return backfill_ledger.read(run.warehouse, number)[0]


@pytest.mark.parametrize("decision", ["accept", "reject"])
def test_an_answer_about_a_backfill_that_is_over_decides_no_other(
    tmp_path: Path, decision: Literal["accept", "reject"]
) -> None:
    world = World(tmp_path / "world")
    first = _waiting(world)
    backfill_steps.discard(world.space, world.output, by="bo", because="the file is wrong")
    second = _waiting(world)
    answer = backfill.Answer(decision=decision, by="anna", because="looked at the first")
    with (
        mock.patch.object(backfill, "pause_flow_run", return_value=answer) as asked,
        pytest.raises(
            UsageError, match=f"backfill {first.number} is over, the one that is open is backfill {second.number}"
        ),
    ):
        backfill._answered(world.space, world.output, first, 1, 1)
    question = asked.call_args.kwargs["wait_for_input"]
    assert f"{world.space.name}: backfill {first.number} waits" in str(question._description)
    with open_ledger(world.space, world.output) as run:
        (still,) = backfill_ledger.read(run.warehouse, second.number)
    assert still.status == "waiting"
