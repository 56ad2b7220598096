"""The predictions section of a workspace: what customers will do in a period that lies ahead.

Owns: the shape of a prediction, and what its feature is called. Does not own how it is made (`tasks/predict`) or
whether its population can be computed (`tasks/predict/population.py`).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tasks.config.conditions import Sql
from tasks.config.features import Key, Strict

PredictionKind = Literal["churn", "spend", "clv"]
#: `boosting`: gradient boosting on snapshots of the past; `bg_nbd`: BG/NBD, for amounts with gamma-gamma; `as_before`:
#: what a customer did in as many days before.
ModelName = Literal["boosting", "bg_nbd", "as_before"]
_DEFAULT_DAYS: dict[PredictionKind, int] = {"churn": 90, "spend": 90, "clv": 365}


class Prediction(Strict):
    """Something foretold of each customer, with evidence of how well it was foretold before; a feature like others.

    The feature is called `<key>_share` for churn and `<key>_amount` for spend and clv.
    """

    kind: PredictionKind = Field(
        description="`churn`: the chance that a customer buys nothing in the horizon; `spend`: the amount he is"
        " expected to spend in it, minus returns; `clv`: the same over a long horizon, which may be tested over a"
        " shorter one"
    )
    name: str = Field(default="", description="for people; default: its key")
    meaning: str = Field(default="", description="of the feature, for people; default: what its kind says")
    horizon_days: int | None = Field(
        default=None, ge=7, le=1095, description="days after the as-of day; null: 90, of clv 365"
    )
    population: Sql = Field(
        default="order_count > 0",
        description="SQL over what is known of a customer at any past date (how-to/predict.md lists it): of whom it is"
        " foretold",
    )
    model: Literal["best", "boosting", "bg_nbd", "as_before"] = Field(
        default="best", description="`best`: the one that foretold the newest complete period best"
    )
    min_customers: int = Field(
        default=500, ge=50, description="in the population, to learn from and to test on; below: refused"
    )
    min_events: int = Field(
        default=50, ge=10, description="customers who buy, and who do not, to learn from and to test on; below: refused"
    )
    max_training_rows: int = Field(
        default=100_000, ge=1_000, description="more customers × past dates are sampled, to bound memory"
    )
    seed: int = Field(default=0, ge=0, description="of samples and folds")

    @property
    def days(self) -> int:
        """Length of the horizon."""
        return self.horizon_days or _DEFAULT_DAYS[self.kind]

    @property
    def is_amount(self) -> bool:
        """Whether money is foretold, and not a chance."""
        return self.kind != "churn"

    def feature_name(self, key: str) -> str:
        """The feature that the prediction of this key is."""
        return f"{key}_amount" if self.is_amount else f"{key}_share"

    def feature_meaning(self) -> str:
        """What the feature says, for people."""
        what = "expected amount of orders minus returns" if self.is_amount else "chance of no purchase"
        said = self.meaning or f"{what} in the {self.days} days after the as-of day"
        return f"{said}; NULL: not in the population, or too little data"


Predictions = dict[Key, Prediction]
