"""Which past days a prediction learns from, and which it is tested on.

Owns: the split in time. Does not own whether there are customers enough on these days (`forecast.py`).

Nothing that is tested was learnt from: the newest period as long as the horizon is the test, and what is learnt from
had ended before it began::

    first order        cut-offs of training            test cut-off       as-of day
        |---- history ----|…|…|---- outcomes of training ----|---- outcome -----|---- foretold ---->
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from tasks.config.errors import StatisticsError
from tasks.config.predictions import Prediction

#: Cut-offs lie a third of a horizon apart: their outcomes overlap, but the histories that they follow differ.
_CUT_OFFS_PER_HORIZON = 3
#: So many reach back over all seasons for horizons of a quarter and more.
_MOST_CUT_OFFS = 12
#: The days before a cut-off without which nobody's habits are known: half a horizon, and not less than a month.
_LEAST_HISTORY_DAYS = 30
#: A lifetime value is tested over less than its horizon where there is no more; less than this would say nothing.
_LEAST_TEST_DAYS = 60


@dataclass(frozen=True, slots=True)
class Plan:
    """The days of a prediction.

    Attributes:
        first_date: of the first order of anybody.
        as_of: the day from which is foretold.
        days: the horizon.
        test_days: the period that is tested, as long as the horizon but for a lifetime value of a short history.
        test_cut_off: the last day that is known in the test.
        train_cut_offs: days to learn from before the test, the newest first; empty where the history is too short for
            a model that learns from outcomes.
        final_cut_offs: likewise, for what is foretold from the as-of day; the test's outcome is known by then.
    """

    first_date: dt.date
    as_of: dt.date
    days: int
    test_days: int
    test_cut_off: dt.date
    train_cut_offs: tuple[dt.date, ...]
    final_cut_offs: tuple[dt.date, ...]

    def history_days(self, cut_off: dt.date) -> int:
        """Days that are known at a cut-off, itself included."""
        return (cut_off - self.first_date).days + 1

    @property
    def shortest_history_days(self) -> int:
        """Days that are known at the earliest cut-off that is learnt from."""
        earliest = min(self.train_cut_offs, default=self.test_cut_off)
        return self.history_days(earliest)


def plan(prediction: Prediction, first_date: dt.date | None, as_of: dt.date) -> Plan:
    """Lay out the days of a prediction.

    Args:
        prediction: as declared.
        first_date: day of the first order; None: there is none.
        as_of: the day of the run.

    Raises:
        StatisticsError: the history is too short to learn from and to be tested on.
    """
    if first_date is None:
        raise StatisticsError("nobody has ordered anything yet")
    days = prediction.days
    known = (as_of - first_date).days + 1
    least = least_history_days(days)
    test_days = days
    if prediction.kind == "clv" and known < days + least:
        # As much must be known before the test as is tested.
        test_days = known // 2
        if test_days < _LEAST_TEST_DAYS:
            raise StatisticsError(
                f"orders go back {known} days to {first_date}, and {2 * _LEAST_TEST_DAYS} are needed:"
                f" {_LEAST_TEST_DAYS} to be tested on and as many before them"
            )
    elif known < days + least:
        raise StatisticsError(
            f"orders go back {known} days to {first_date}, and {days + least} are needed: the {days} of the horizon to"
            f" be tested on and {least} before them"
        )
    test_cut_off = as_of - dt.timedelta(days=test_days)
    grid = _cut_offs(first_date, as_of, days)
    train = tuple(cut_off for cut_off in grid if cut_off <= test_cut_off - dt.timedelta(days=days))
    # A model that cannot be tested is not used either.
    can_learn = test_days == days and bool(train)
    train, final = (train[:_MOST_CUT_OFFS], grid[:_MOST_CUT_OFFS]) if can_learn else ((), ())
    return Plan(first_date, as_of, days, test_days, test_cut_off, train, final)


def least_history_days(days: int) -> int:
    """Days that must be known before a cut-off, for a horizon of that many."""
    return max(_LEAST_HISTORY_DAYS, days // 2)


def _cut_offs(first_date: dt.date, as_of: dt.date, days: int) -> tuple[dt.date, ...]:
    """Days whose outcome is known at the as-of day, and before which enough is known; the newest first."""
    earliest = first_date + dt.timedelta(days=least_history_days(days) - 1)
    # Multiples of a third, so that whole horizons are among them: the test is one of them, and the newest before it.
    back = (days + days * number // _CUT_OFFS_PER_HORIZON for number in range(_MOST_CUT_OFFS + _CUT_OFFS_PER_HORIZON))
    wanted = (as_of - dt.timedelta(days=reach) for reach in back)
    return tuple(cut_off for cut_off in wanted if cut_off >= earliest)
