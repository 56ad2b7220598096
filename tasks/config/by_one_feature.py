"""Segmentations by one feature: a number cut at thresholds, or the values of a category.

Owns: their shape, and what can be proved without data. Does not own where thresholds and values come from
(`tasks/segments/cuts.py`, `tasks/segments/values.py`).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tasks.config.segment import Refit, Segment, WithOtherwise, refuse_doubles

Share = Annotated[float, Field(gt=0, lt=1)]
Order = Literal["lowest_first", "highest_first"]


class CutsSegmentation(WithOtherwise):
    """A number cut into ordered segments, at values that are given, or learnt once and kept.

    A value that equals a threshold belongs to the segment above it; equal values are never parted. Whoever has no value
    is in `otherwise`.
    """

    kind: Literal["cuts"]
    feature: str = Field(description="number that is cut")
    at: list[Annotated[float, Field(allow_inf_nan=False)]] | None = Field(
        default=None, min_length=1, description="the thresholds themselves, ascending"
    )
    quantiles: list[Share] | None = Field(
        default=None, min_length=1, description="shares of customers below the thresholds, ascending: [0.5] is a median"
    )
    cumulative_shares: list[Share] | None = Field(
        default=None,
        min_length=1,
        description="shares of the total that the highest bring together, ascending: [0.8, 0.95] is ABC (Pareto)",
    )
    order: Order | None = Field(
        default=None,
        description="how `segments` are listed; default lowest_first, with cumulative_shares highest_first",
    )
    segments: list[Segment] = Field(min_length=2, description="one more than there are thresholds")
    refit: Refit = Field(default=Refit(), description="when quantiles and cumulative shares are computed anew")

    @property
    def shares(self) -> list[float] | None:
        """What thresholds are learnt from; None where they are given."""
        return self.quantiles or self.cumulative_shares

    @property
    def no_group_key(self) -> str | None:
        """Who has no value."""
        return self.otherwise.id if self.otherwise else None

    @property
    def lowest_first(self) -> list[Segment]:
        """The segments, that of the lowest values first."""
        order = self.order or ("highest_first" if self.cumulative_shares else "lowest_first")
        return self.segments if order == "lowest_first" else self.segments[::-1]

    @property
    def declared_segments(self) -> list[Segment]:
        """As they are listed, `otherwise` last."""
        return self.with_otherwise(self.segments)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        ways = {"at": self.at, "quantiles": self.quantiles, "cumulative_shares": self.cumulative_shares}
        given = {way: limits for way, limits in ways.items() if limits is not None}
        if len(given) != 1:
            message = f"give one of {', '.join(ways)}; given: {', '.join(given) or 'none'}"
            raise ValueError(message)
        ((way, limits),) = given.items()
        if sorted(set(limits)) != limits:
            message = f"{way} {limits} must ascend without repeats"
            raise ValueError(message)
        if len(self.segments) != len(limits) + 1:
            message = f"{len(limits)} thresholds make {len(limits) + 1} segments; {len(self.segments)} are named"
            raise ValueError(message)
        if way == "at" and self.refit.every_days is not None:
            message = "thresholds that are given by `at` are never computed anew; leave `refit` out"
            raise ValueError(message)
        refuse_doubles(self.declared_segments)
        return self


class ValuesSegmentation(WithOtherwise):
    """A segment for each frequent value of a category; which ones is learnt once and kept."""

    kind: Literal["values"]
    feature: str = Field(description="category whose values are the segments")
    top: int | None = Field(default=None, ge=1, le=200, description="as many of the most frequent values")
    min_share: float | None = Field(
        default=None, ge=0, lt=1, description="values of at least this share of the customers whose value is known"
    )
    names: dict[str, str] = Field(default_factory=dict, description="name for people by value; default: the value")
    others: Segment | None = Field(
        default=None, description="who has another value; default: `otherwise`, else no membership"
    )
    refit: Refit = Field(default=Refit(), description="when the values are chosen anew")

    @property
    def may_be_empty(self) -> set[str]:
        """That of all other values: there may be none."""
        return ({self.others.id} if self.others else set()) - self.treatments.keys()

    @property
    def own_segments(self) -> list[Segment]:
        """The segments that no value makes."""
        return self.with_otherwise([self.others] if self.others else [])

    @property
    def no_group_key(self) -> str | None:
        """Who has no value, where those of another value are not there, too."""
        return self.otherwise.id if self.otherwise and self.others else None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if (self.top is None) == (self.min_share is None):
            message = f"give one of top, min_share; given: {'none' if self.top is None else 'both'}"
            raise ValueError(message)
        refuse_doubles(self.own_segments)
        return self
