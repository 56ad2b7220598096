"""A fault of several families each, so that `docs/faults.md` stays honest; all of them are in tests/benchmarks.

Beside what is caught: a clean delivery is let through, and a fault that changes nothing is told from one that does.
"""

from __future__ import annotations

import pytest

from tests.benchmarks.fault_injection import BAD, FAULTS
from tests.benchmarks.fault_runs import HISTORY, History

CUSTOMERS = 600


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    folder = tmp_path_factory.mktemp("faults")
    # What is caught is caught before customers are divided: two segmentations show that this goes on.
    return History(
        folder, customers=CUSTOMERS, with_takings=True, dates=HISTORY[-1:], segmentations=("rfm", "lifecycle")
    )


def test_a_clean_delivery_is_published(history: History) -> None:
    assert history.clean.kind is None
    assert history.clean.published["customer_segment"].height > CUSTOMERS
    assert [failure for failure in history.clean.failures if failure.severity == "critical"] == []


@pytest.mark.parametrize(
    ("name", "outcome", "told"),
    [
        ("gzip cut short", "error", "orders_2025-06.csv.gz"),
        ("column renamed", "error", "did you mean"),
        ("order numbers null", "stopped", "source_name web_orders"),
        ("takings of an unknown system", "stopped", "controlled_source_name Online"),
        ("prices in cents", "stopped", "web_orders"),
        ("two lines lost", "warned", "control_date 2025-06-18"),
        ("windows line ends", "no effect", "those of the clean delivery"),
    ],
)
def test_a_fault_is_caught(history: History, name: str, outcome: str, told: str) -> None:
    (fault,) = (fault for fault in FAULTS if fault.name == name)
    verdict = history.judge(fault)
    assert verdict.outcome == outcome, verdict
    assert told in verdict.message


def test_faults_have_names_of_their_own_and_families() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 40
    assert len({fault.family for fault in FAULTS}) >= 6
    assert {"unflagged", "drift only", "crash"} == BAD
