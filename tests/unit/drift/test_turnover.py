"""Entrants and leavers beside those who stayed."""

from __future__ import annotations

import polars as pl
import pytest

from tasks.drift.policy import DriftPolicy
from tasks.drift.turnover import TurnoverProfile, profile_turnover
from tests.unit.drift.made_frames import SPECS, customers

POLICY = DriftPolicy()


def profiles(reference: pl.DataFrame, current: pl.DataFrame, *names: str) -> dict[tuple[str, str], TurnoverProfile]:
    rows = profile_turnover(reference, current, {name: SPECS[name] for name in names}, POLICY)
    return {(row.group, row.subject_name): row for row in rows}


def test_entrants_are_set_beside_the_common_customers_of_today() -> None:
    before = customers(100, 0).with_columns(money=pl.Series([10.0] * 100))
    entrants = customers(50, 1, first_id=100).with_columns(
        money=pl.Series([*range(1, 50), None], dtype=pl.Float64), region=pl.lit("east")
    )
    rows = profiles(before, pl.concat([before, entrants]), "money", "region")
    assert set(rows) == {("entered", "money"), ("entered", "region")}
    money = rows["entered", "money"]
    assert (money.customer_count, money.value_count) == (50, 49)
    assert (money.group_median, money.common_median) == (25.0, 10.0)
    # Of 49 entrants 9 lie below 10, one on it, 39 above: AUC 39.5/49 = 0.806, d = sqrt(2) * 0.8637.
    assert money.effect_size == pytest.approx(1.2215, abs=1e-3)
    region = rows["entered", "region"]
    assert (region.level_name, region.group_share) == ("east", 1.0)
    assert region.common_share == (before["region"] == "east").mean()


def test_leavers_are_described_as_they_were() -> None:
    before = customers(100, 0)
    rows = profiles(before, before[:70].with_columns(money=pl.lit(0.0)), "money")
    left = rows["left", "money"]
    assert (left.customer_count, left.group_median) == (30, before["money"][70:].median())
    assert left.common_median == before["money"][:70].median()


def test_wholly_new_customers_have_nobody_to_be_set_beside() -> None:
    rows = profiles(customers(30, 0), customers(30, 1, first_id=30), "money", "region")
    assert len(rows) == 4
    assert all(row.effect_size is None for row in rows.values())


def test_nobody_came_or_went() -> None:
    before = customers(30, 0)
    assert profiles(before, before, "money", "region") == {}
