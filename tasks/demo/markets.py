"""What statistical offices report of the three countries: consumer confidence and the price of food, month by month.

Owns: the figures, when each was reported, and the one that was revised. A figure is reported days after the end of its
month; what is reported after the history is not in the export.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from tasks.demo import story
from tasks.demo.draws import Draws, Floats

COUNTRIES = ("Germany", "Austria", "Netherlands")
CONFIDENCE, FOOD_PRICES = "consumer_confidence", "food_price_index"
#: First month: two years before the history, so that a change in a year is known from its first day on.
_FIRST_MONTH = (2022, 1)
_MONTHS = 42
#: Days from the end of the month to the report, at 8 o'clock.
REPORT_DAYS = {CONFIDENCE: 3, FOOD_PRICES: 12}
#: Balance of answers in a usual month by country, and how much of a deviation is left a month later.
_CONFIDENCE_MEAN, _CONFIDENCE_KEPT, _CONFIDENCE_SIGMA = (-12.0, -15.0, -20.0), 0.8, 1.2
#: Rise of food prices in a month: usually, and from February 2025 on.
_RISE, _LATE_RISE, _RISE_SIGMA, _LATE = 0.0025, 0.007, 0.0015, (2025, 2)
#: The index of this month is reported too low at first, and corrected with the report of the next.
REVISED_COUNTRY, REVISED_MONTH, REVISED_BY = "Netherlands", (2024, 10), 0.9


@dataclass(frozen=True, slots=True)
class Report:
    """One figure as it was reported."""

    indicator: str
    country: str
    #: Last day of the month.
    period: dt.date
    reported_at: dt.datetime
    value: float


def reports(draws: Draws) -> list[Report]:
    """All reports of the history, by time."""
    found = []
    for place, country in enumerate(COUNTRIES):
        for indicator, values in ((CONFIDENCE, _confidence(draws, place)), (FOOD_PRICES, _food_prices(draws, place))):
            for month, value in enumerate(values):
                found += _reported(indicator, country, month, round(float(value), 1))
    last = dt.datetime.combine(story.HISTORY_END, dt.time.max)
    known = [report for report in found if report.reported_at <= last]
    return sorted(known, key=lambda report: (report.reported_at, report.indicator, report.country, report.period))


def market_frame(draws: Draws) -> pl.DataFrame:
    """The export: one row per report."""
    return pl.DataFrame(
        [
            {
                "indicator": report.indicator,
                "country": report.country,
                "month": f"{report.period:%Y-%m}",
                "published": f"{report.reported_at:%Y-%m-%d %H:%M}",
                "value": report.value,
            }
            for report in reports(draws)
        ]
    )


def _reported(indicator: str, country: str, month: int, value: float) -> list[Report]:
    period = _last_day(month)
    when = _report_time(indicator, month)
    is_revised = (indicator, country, (period.year, period.month)) == (FOOD_PRICES, REVISED_COUNTRY, REVISED_MONTH)
    if not is_revised:
        return [Report(indicator, country, period, when, value)]
    first = Report(indicator, country, period, when, round(value - REVISED_BY, 1))
    return [first, Report(indicator, country, period, _report_time(indicator, month + 1), value)]


def _report_time(indicator: str, month: int) -> dt.datetime:
    return dt.datetime.combine(_last_day(month) + dt.timedelta(days=REPORT_DAYS[indicator]), dt.time(8))


def _last_day(month: int) -> dt.date:
    after = _FIRST_MONTH[0] * 12 + _FIRST_MONTH[1] - 1 + month + 1
    return dt.date(after // 12, after % 12 + 1, 1) - dt.timedelta(days=1)


def _shocks(draws: Draws, name: str, place: int) -> Floats:
    return draws.normal(f"market.{name}", place * _MONTHS + np.arange(_MONTHS, dtype=np.int64))


def _confidence(draws: Draws, place: int) -> list[float]:
    """A mean that deviations come back to, step by step."""
    away, values = 0.0, []
    for shock in _shocks(draws, CONFIDENCE, place):
        away = _CONFIDENCE_KEPT * away + _CONFIDENCE_SIGMA * float(shock)
        values.append(_CONFIDENCE_MEAN[place] + away)
    return values


def _food_prices(draws: Draws, place: int) -> list[float]:
    """An index of 100 in the first month; it rises faster in 2025, which costs the company, too."""
    level, values = 100.0, []
    for month, shock in enumerate(_shocks(draws, FOOD_PRICES, place)):
        if month:
            period = _last_day(month)
            rise = _LATE_RISE if (period.year, period.month) >= _LATE else _RISE
            level *= 1.0 + rise + _RISE_SIGMA * float(shock)
        values.append(level)
    return values
