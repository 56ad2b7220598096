"""The features section of a workspace: how features look back, and those that a workspace names itself.

Owns: look-back windows, constructs of surveys, market indicators and enrichments, as they are declared. Does not own
how they are computed (`sql/features`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
_YEAR = 365
Text = Annotated[str, Field(min_length=1)]


class Strict(BaseModel):
    """Every key of the workspace is known: a misspelt one is an error, not silence."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Construct(Strict):
    """What several items of a survey measure together, such as openness; scored as the mean of the items."""

    meaning: str = Field(default="", description="for people; default: its key")
    survey: Text | None = Field(default=None, description="survey_id; null: items of any survey")
    items: list[Text] = Field(min_length=1, description="items that say more of it the higher they are answered")
    reversed_items: list[Text] = Field(
        default_factory=list, description="items that say less of it the higher they are answered"
    )
    scale: Annotated[list[float], Field(min_length=2, max_length=2)] = Field(
        default=[1, 5], description="lowest and highest answer; others are not counted"
    )
    min_answered_share: float = Field(
        default=0.5, gt=0, le=1, description="of the items, without which a customer has no score"
    )

    @model_validator(mode="after")
    def _sound(self) -> Self:
        every = [*self.items, *self.reversed_items]
        if repeated := sorted({item for item in every if every.count(item) > 1}):
            message = f"the item {repeated[0]!r} is named twice"
            raise ValueError(message)
        low, high = self.scale
        if low >= high:
            message = f"scale [{low:g}, {high:g}] is empty; write [lowest, highest]"
            raise ValueError(message)
        return self


class Indicator(Strict):
    """An indicator of the market around a customer; a feature of its newest value, and of its change in a year."""

    name: Text = Field(description="indicator_name of market_indicators")
    meaning: str = Field(default="", description="for people; default: its key")
    unit: str = Field(default="", description="such as percent, index")
    of: Literal["area", "country", "everywhere"] = Field(
        default="country", description="whose value a customer is given"
    )


class Enrichment(Strict):
    """An attribute that providers tell of customers."""

    attribute: Text = Field(description="attribute_name of enrichments")
    meaning: str = Field(default="", description="for people; default: its key")
    type: Literal["number", "category", "flag"] = Field(default="category", description="what its values are")
    providers: list[Text] = Field(
        default_factory=list, description="whose word counts, the first that has one first; empty: the newest of any"
    )
    max_age_days: int | None = Field(default=None, ge=1, description="older words do not count; null: none is too old")


class Features(Strict):
    """How features look back, and which the workspace adds from surveys, markets and providers."""

    windows: list[Annotated[int, Field(strict=True, ge=1, le=3660)]] = Field(
        default_factory=lambda: [30, 90, 365], min_length=1, description="look-back windows in days, ascending"
    )
    constructs: dict[Key, Construct] = Field(
        default_factory=dict, description="feature `<key>_score` from items of surveys"
    )
    indicators: dict[Key, Indicator] = Field(
        default_factory=dict, description="features `market_<key>` and `market_<key>_change` from market_indicators"
    )
    enrichments: dict[Key, Enrichment] = Field(
        default_factory=dict, description="feature `enriched_<key>` from enrichments"
    )

    @model_validator(mode="after")
    def _needed(self) -> Self:
        if sorted(set(self.windows)) != self.windows:
            message = f"windows {self.windows} must ascend without repeats"
            raise ValueError(message)
        return self

    @property
    def year_window(self) -> int | None:
        """The window that is nearest to a year and no longer, in days; None: every one is longer."""
        return max((days for days in self.windows if days <= _YEAR), default=None)

    @property
    def year_amount(self) -> str:
        """The column of `features.customer_value` with the net amount of that window, or of all time."""
        return "net_amount" if self.year_window is None else f"net_{self.year_window}d_amount"

    def template_names(self) -> dict[str, Any]:
        """What templates of SQL models know of the section, by name."""
        return {
            "windows": list(self.windows),
            "year_amount": self.year_amount,
            "constructs": self.constructs,
            "indicators": self.indicators,
            "enrichments": self.enrichments,
        }
