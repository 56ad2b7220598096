"""The population stability index with the sampling noise it is usually read without.

Owns: PSI and its p-values. Does not own: the bins (`tables`), a rule of thumb (0.1 means nothing without n).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tasks.drift.effects import ShareChange
from tasks.drift.tables import LevelTable


class Psi(NamedTuple):
    """PSI of two mixes.

    Attributes:
        value: bias-corrected, not below 0.
        p_value: of "PSI is 0".
        alarm_p_value: of "PSI is at most that of a shift by the alarm effect".
    """

    value: float
    p_value: float
    alarm_p_value: float


def population_stability(table: LevelTable, *, alarm_effect: float) -> Psi:
    """PSI = sum (q - p) ln(q / p) less its expectation under no change, with p-values.

    Under no change PSI is distributed as (1/n + 1/m) chi-square(B-1) (Yurdakul 2018, Statistical Properties of
    Population Stability Index, dissertation, Western Michigan University); its expectation is that of the same table's
    chi-square. For paired snapshots the sum of weighted chi-squares is matched in mean and variance (Rao & Scott 1984,
    Annals of Statistics 12:46-60), which for two samples is Yurdakul's law exactly. A PSI of d^2 belongs to a shift of
    d standard deviations, so the non-central p asks whether more than `alarm_effect`^2 is there.
    An empty level counts as half a customer.

    Args:
        table: merged bins or levels.
        alarm_effect: shift in standard deviations that would alarm.
    """
    from scipy.special import chdtrc, chndtr

    change = ShareChange.of(table)
    p = np.maximum(table.reference, 0.5) / table.reference_count
    q = np.maximum(table.current, 0.5) / table.current_count
    raw = float(np.sum((q - p) * np.log(q / p)))
    spread = change.scaled_covariance
    mean = float(np.trace(spread))
    if mean <= 0.0:
        return Psi(raw, 1.0, 1.0)
    unit = float(np.sum(spread**2)) / mean
    degrees_of_freedom = mean / unit
    return Psi(
        value=max(raw - mean, 0.0),
        p_value=float(chdtrc(degrees_of_freedom, raw / unit)),
        alarm_p_value=float(1.0 - chndtr(raw / unit, degrees_of_freedom, alarm_effect**2 / unit)),
    )
