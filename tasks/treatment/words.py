"""Why somebody does not get a treatment, in words.

Owns: the sentences. Does not own the reasons (`resolve.py`, `sql/treatment/planned.sql`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from tasks.config.contacts import ContactCap
from tasks.config.counting import counted


def cap_words(cap: ContactCap) -> str:
    """A cap as somebody would say it."""
    on = f"on {cap.channel.strip()}" if cap.channel else "on all channels"
    return f"{counted(cap.at_most, 'contact')} {on} within {counted(cap.days, 'day')}"


def why(caps: Sequence[ContactCap], definitions: Mapping[str, Mapping[str, Any]]) -> pl.Expr:
    """The reason in words, from the columns of a resolved plan; NULL where he gets it.

    Args:
        caps: of the workspace.
        definitions: rows of `segments.definition` by segment.
    """
    windows = {key: _window_words(row) for key, row in definitions.items()}
    budgets = {key: f"{row['budget_count']:,}" for key, row in definitions.items() if row["budget_count"] is not None}
    reached = {at: cap_words(cap) for at, cap in enumerate(caps)}
    segment = pl.col("segment_id")
    against = pl.lit("decided against marketing on this channel on ") + pl.col("decided_at").dt.strftime("%Y-%m-%d")
    return (
        pl.when(pl.col("refusal_name") == "window")
        .then(segment.replace_strict(windows, default=None, return_dtype=pl.String))
        .when(pl.col("refusal_name") == "excluded")
        .then(pl.lit("is in ") + pl.col("excluded_by") + ", which the treatment excludes")
        .when(pl.col("refusal_name") == "refused")
        .then(against)
        .when(pl.col("refusal_name") == "unknown")
        .then(pl.lit("no decision about marketing on this channel is known"))
        .when(pl.col("refusal_name") == "priority")
        .then(pl.lit("the treatment of ") + pl.col("winner_id") + " goes first")
        .when(pl.col("refusal_name") == "contact_cap")
        .then(
            pl.lit("has had the most there may be: ")
            + pl.col("cap_no").replace_strict(reached, default=None, return_dtype=pl.String)
        )
        .when(pl.col("refusal_name") == "budget")
        .then(
            pl.lit("the budget pays for ")
            + segment.replace_strict(budgets, default=None, return_dtype=pl.String)
            + " customers, and others bring in more"
        )
    )


def _window_words(row: Mapping[str, Any]) -> str:
    first, last = row["window_from_date"], row["window_until_date"]
    days = [f"from {first}"] if first else []
    return "is given " + " ".join([*days, *([f"until {last}"] if last else [])])
