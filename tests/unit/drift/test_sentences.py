"""Figures in the sentences about drift are numbers as people write them."""

from __future__ import annotations

from typing import get_args

import pytest

from tasks.drift.records import EffectName
from tasks.drift.sentences import _UNITS, figure


@pytest.mark.parametrize(
    ("value", "digits", "told"),
    [
        (0.1434, 2, "0.14"),
        (2.0, 2, "2"),
        (36.4, 2, "36"),
        (-100.0, 2, "-100"),
        (1234.0, 2, "1,234"),
        (150.66, 4, "150.7"),
        (33.07, 4, "33.07"),
        (12345.6, 4, "12,346"),
        (-12345678.9, 4, "-12,345,679"),
        (0.0, 4, "0"),
    ],
)
def test_no_figure_is_a_power_of_ten(value: float, digits: int, told: str) -> None:
    assert figure(value, digits) == told


def test_every_effect_has_its_unit() -> None:
    told = "_UNITS of tasks/drift/sentences.py and EffectName of tasks/drift/records.py name the same"
    assert _UNITS.keys() == set(get_args(EffectName)), told
