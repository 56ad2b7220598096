"""Where Bistro & Larder is: areas with their statistics, and stores.

Owns: areas and stores. Names of cities are real, every figure is invented.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasks.demo.draws import Choices, Floats, Ints
from tasks.demo.story import SEGMENTS


@dataclass(frozen=True, slots=True)
class Area:
    """An area as the market research of the company describes it."""

    code: str
    name: str
    region: str
    country: str
    population: int
    median_income: int
    poverty_share: float
    unemployment_share: float
    urban: bool
    stores: int


AREAS: tuple[Area, ...] = (
    Area("DE-BE-01", "Berlin", "Berlin", "Germany", 3_650_000, 38_400, 0.19, 0.091, urban=True, stores=6),
    Area("DE-HH-01", "Hamburg", "Hamburg", "Germany", 1_850_000, 43_900, 0.16, 0.075, urban=True, stores=4),
    Area("DE-BY-01", "München", "Bayern", "Germany", 1_500_000, 52_300, 0.11, 0.046, urban=True, stores=5),
    Area("DE-BY-02", "Rosenheim", "Bayern", "Germany", 262_000, 46_100, 0.09, 0.031, urban=False, stores=1),
    Area("DE-BY-03", "Ansbach", "Bayern", "Germany", 186_000, 41_800, 0.10, 0.034, urban=False, stores=1),
    Area("DE-NW-01", "Köln", "Nordrhein-Westfalen", "Germany", 1_080_000, 41_200, 0.18, 0.084, urban=True, stores=4),
    Area("DE-NW-02", "Münster", "Nordrhein-Westfalen", "Germany", 317_000, 42_600, 0.14, 0.052, urban=True, stores=2),
    Area("DE-NW-03", "Höxter", "Nordrhein-Westfalen", "Germany", 140_000, 37_900, 0.13, 0.055, urban=False, stores=1),
    Area("DE-HE-01", "Frankfurt am Main", "Hessen", "Germany", 770_000, 47_800, 0.15, 0.061, urban=True, stores=4),
    Area("DE-HE-02", "Fulda", "Hessen", "Germany", 227_000, 41_100, 0.10, 0.032, urban=False, stores=1),
    Area("DE-SN-01", "Leipzig", "Sachsen", "Germany", 616_000, 35_600, 0.20, 0.074, urban=True, stores=3),
    Area("DE-SN-02", "Görlitz", "Sachsen", "Germany", 252_000, 31_400, 0.21, 0.083, urban=False, stores=1),
    Area(
        "DE-MV-01", "Schwerin", "Mecklenburg-Vorpommern", "Germany", 96_000, 32_900, 0.20, 0.088, urban=False, stores=1
    ),
    Area("AT-WI-01", "Wien", "Wien", "Austria", 1_980_000, 41_500, 0.19, 0.108, urban=True, stores=5),
    Area("AT-ST-01", "Graz", "Steiermark", "Austria", 292_000, 40_300, 0.15, 0.062, urban=True, stores=2),
    Area("AT-SB-01", "Salzburg", "Salzburg", "Austria", 157_000, 42_900, 0.12, 0.045, urban=True, stores=2),
    Area("AT-TI-01", "Kufstein", "Tirol", "Austria", 112_000, 39_700, 0.11, 0.038, urban=False, stores=1),
    Area("AT-NO-01", "Zwettl", "Niederösterreich", "Austria", 42_000, 37_200, 0.12, 0.041, urban=False, stores=1),
    Area("NL-NH-01", "Amsterdam", "Noord-Holland", "Netherlands", 920_000, 46_700, 0.17, 0.048, urban=True, stores=4),
    Area("NL-ZH-01", "Rotterdam", "Zuid-Holland", "Netherlands", 660_000, 40_900, 0.19, 0.056, urban=True, stores=3),
    Area("NL-UT-01", "Utrecht", "Utrecht", "Netherlands", 368_000, 48_200, 0.12, 0.039, urban=True, stores=2),
    Area("NL-GE-01", "Winterswijk", "Gelderland", "Netherlands", 29_000, 38_800, 0.10, 0.033, urban=False, stores=1),
    Area("NL-FR-01", "Sneek", "Friesland", "Netherlands", 34_000, 36_900, 0.12, 0.042, urban=False, stores=1),
)

MEDIAN_INCOME: Floats = np.array([area.median_income for area in AREAS], dtype=np.float64)
#: Number of the first store of every area; stores are numbered through from 1.
FIRST_STORE: Ints = np.cumsum([1, *(area.stores for area in AREAS[:-1])], dtype=np.int64)
STORE_COUNT: Ints = np.array([area.stores for area in AREAS], dtype=np.int64)


def _weights(urban: float) -> list[float]:
    # Customers are where stores are; the country has delivery too, hence the floor.
    return [(1.0 + area.stores) * (urban if area.urban else 1.0) for area in AREAS]


#: Which area a customer of each true segment lives in.
AREA_CHOICES = Choices([_weights(segment.urban) for segment in SEGMENTS])
