"""The split in time: what is tested comes after all that is learnt from, and a short history is refused."""

from __future__ import annotations

import datetime as dt

import pytest

from tasks.config.errors import StatisticsError
from tasks.config.predictions import Prediction
from tasks.predict.plan import least_history_days, plan

AS_OF = dt.date(2025, 6, 30)
DAY = dt.timedelta(days=1)


def since(days: int) -> dt.date:
    """The first order of a history of that many days, the as-of day included."""
    return AS_OF - (days - 1) * DAY


@pytest.mark.parametrize("days", [7, 30, 90, 92, 365])
@pytest.mark.parametrize("kind", ["churn", "spend", "clv"])
def test_nothing_that_is_tested_was_learnt_from(days: int, kind: str) -> None:
    found = plan(Prediction(kind=kind, horizon_days=days), since(6 * days + 60), AS_OF)
    assert found.test_cut_off + found.test_days * DAY == AS_OF
    assert max(found.train_cut_offs) + days * DAY == found.test_cut_off
    assert found.final_cut_offs[0] == found.test_cut_off
    assert len(found.train_cut_offs) <= len(found.final_cut_offs) <= 12
    assert list(found.train_cut_offs) == sorted(set(found.train_cut_offs), reverse=True)
    assert all(found.history_days(cut_off) >= least_history_days(days) for cut_off in found.train_cut_offs)


def test_the_shortest_history_that_is_learnt_from() -> None:
    churn = Prediction(kind="churn", horizon_days=90)
    assert len(plan(churn, since(90 + 90 + 45), AS_OF).train_cut_offs) == 1
    assert plan(churn, since(90 + 90 + 44), AS_OF).train_cut_offs == ()


def test_the_shortest_history_that_is_tested() -> None:
    churn = Prediction(kind="churn", horizon_days=90)
    assert plan(churn, since(90 + 45), AS_OF).test_days == 90
    with pytest.raises(StatisticsError, match="orders go back 134 days to 2025-02-17, and 135 are needed"):
        plan(churn, since(90 + 44), AS_OF)


def test_a_lifetime_value_is_tested_over_less_where_there_is_no_more() -> None:
    clv = Prediction(kind="clv")
    assert clv.days == 365
    short = plan(clv, since(300), AS_OF)
    assert (short.test_days, short.train_cut_offs, short.final_cut_offs) == (150, (), ())
    assert plan(clv, since(365 + 182), AS_OF).test_days == 365
    with pytest.raises(StatisticsError, match="119 days"):
        plan(clv, since(119), AS_OF)


def test_no_order_at_all_is_told() -> None:
    with pytest.raises(StatisticsError, match="nobody has ordered"):
        plan(Prediction(kind="spend"), None, AS_OF)


def test_cut_offs_reach_over_a_year_where_there_is_one() -> None:
    found = plan(Prediction(kind="churn"), since(1_500), AS_OF)
    assert (max(found.final_cut_offs) - min(found.final_cut_offs)).days == 330
