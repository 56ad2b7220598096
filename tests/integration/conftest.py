"""What several modules of this folder look at, so that it is published once."""

from __future__ import annotations

import datetime as dt
import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.corridor import EXAMPLES, PSEUDONYM_KEY, run_corridor, run_earlier

EXAMPLE_DATES = {
    "personality": (dt.date(2014, 10, 4), dt.date(2014, 10, 11)),
    "bank": (dt.date(2009, 12, 31), dt.date(2010, 11, 30)),
    "perceptions": (dt.date(2017, 12, 31),),
    "interests": (dt.date(2013, 12, 31),),
    "orders-with-names": (dt.date(2006, 6, 30), dt.date(2006, 12, 31)),
}
Published = Callable[[str], Path]


@pytest.fixture(scope="session")
def published(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """The output folder of an example, its dates published when it is first asked for, by whichever worker asks."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent

    def of_example(example: str) -> Path:
        output, done = shared / f"published-{example}", shared / f"published-{example}.done"
        with (shared / f"published-{example}.lock").open("w") as lock, pytest.MonkeyPatch.context() as patch:
            fcntl.flock(lock, fcntl.LOCK_EX)
            patch.setenv("RESEGMENT_TEST_DATA", str(test_data.resolve()))
            patch.setenv("RESEGMENT_PSEUDONYM_KEY", PSEUDONYM_KEY)
            for date in () if done.exists() else EXAMPLE_DATES[example]:
                run = run_corridor if date == EXAMPLE_DATES[example][-1] else run_earlier
                run(EXAMPLES / example, date, output)
            done.touch()
        return output

    return of_example
