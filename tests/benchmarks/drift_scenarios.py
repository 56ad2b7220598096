"""What the drift figures measure: pairs of snapshots with known drift, and what the design asks for each.

Owns: the scenarios. Does not own: the customers (`drift_population.py`), the measuring (`drift_figures.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl
from drift_population import LIFECYCLE_SHARES, NUMERIC, Population

PANEL_CHANGED = 0.05
WOBBLE = 0.03


class Snapshots(NamedTuple):
    """What one repetition compares."""

    reference: pl.DataFrame
    current: pl.DataFrame


Maker = Callable[[int, np.random.Generator], Snapshots]


@dataclass(frozen=True)
class Scenario:
    """One row of the table.

    Attributes:
        name: what happens.
        make: draws the snapshots of one repetition.
        size: customers in each snapshot.
        repetitions: at scale 1.
        subject: the feature that drifts; None where nothing does.
        target: what the design asks for: at most 1 % false alarms, or at least that power.
        counts_alarms: whether the target speaks of alarms only, rather than of any drift verdict.
        has_history: whether the judge gets the effects of earlier runs.
    """

    name: str
    make: Maker
    size: int
    repetitions: int
    target: float
    subject: str | None = None
    counts_alarms: bool = False
    has_history: bool = False


def iid(size: int, random: np.random.Generator) -> Snapshots:
    """Two samples of different customers, nothing changed."""
    return Snapshots(Population.draw(size, random).frame(), Population.draw(size, random).frame(first_id=size))


def panel(size: int, random: np.random.Generator) -> Snapshots:
    """The same customers, 5 % of them like others now, the population unchanged."""
    before = Population.draw(size, random)
    return Snapshots(before.frame(), before.with_changed(PANEL_CHANGED, random).frame())


def _wobble(random: np.random.Generator) -> dict[str, float]:
    return dict(zip(NUMERIC, (WOBBLE * random.standard_normal(len(NUMERIC))).tolist(), strict=True))


def iid_wobble(size: int, random: np.random.Generator) -> Snapshots:
    """Different customers; each numeric feature shifted at random with sd 0.03."""
    now = Population.draw(size, random).shifted(_wobble(random))
    return Snapshots(Population.draw(size, random).frame(), now.frame(first_id=size))


def panel_wobble(size: int, random: np.random.Generator) -> Snapshots:
    """The panel; each numeric feature of all customers shifted at random with sd 0.03."""
    before = Population.draw(size, random)
    now = before.with_changed(PANEL_CHANGED, random).shifted(_wobble(random))
    return Snapshots(before.frame(), now.frame())


def shift(name: str, amount: float, *, is_panel: bool = False) -> Maker:
    """One numeric feature shifted by that many standard deviations."""

    def make(size: int, random: np.random.Generator) -> Snapshots:
        before = Population.draw(size, random)
        if is_panel:
            return Snapshots(before.frame(), before.with_changed(PANEL_CHANGED, random).shifted({name: amount}).frame())
        return Snapshots(before.frame(), Population.draw(size, random).shifted({name: amount}).frame(first_id=size))

    return make


def level_share(level: str, share: float) -> Maker:
    """One lifecycle level's share changed, the others in proportion; different customers."""
    rest = (1 - share) / (1 - LIFECYCLE_SHARES[level])
    shares = {name: share if name == level else old * rest for name, old in LIFECYCLE_SHARES.items()}

    def make(size: int, random: np.random.Generator) -> Snapshots:
        now = Population.draw(size, random).frame(first_id=size, lifecycle=shares)
        return Snapshots(Population.draw(size, random).frame(), now)

    return make


def lapse(share_of_active: float) -> Maker:
    """The panel; that share of the active customers lapses besides."""

    def make(size: int, random: np.random.Generator) -> Snapshots:
        before, now = panel(size, random)
        stages = now["lifecycle"].to_numpy().copy()
        active = np.flatnonzero(stages == "active")
        stages[random.choice(active, size=round(share_of_active * active.size), replace=False)] = "lapsed"
        return Snapshots(before, now.with_columns(pl.Series("lifecycle", stages)))

    return make


def scenarios() -> list[Scenario]:
    """All rows: false alarms, then power."""
    return [*_without_drift(), *_with_drift()]


def _without_drift() -> list[Scenario]:
    sizes = ((500, 1000), (2_000, 1000), (20_000, 500), (200_000, 20))
    alarms = [
        Scenario(f"no drift, {label}", make, size, repetitions, 0.01)
        for label, make in (("iid", iid), ("panel", panel))
        for size, repetitions in sizes
    ]
    alarms += [
        Scenario(
            f"0.03 sd wobble, {label}, with history",
            make,
            size,
            repetitions,
            0.01,
            counts_alarms=True,
            has_history=True,
        )
        for label, make in (("iid", iid_wobble), ("panel", panel_wobble))
        for size, repetitions in ((20_000, 200), (200_000, 8))
    ]
    return alarms


def _with_drift() -> list[Scenario]:
    return [
        Scenario("0.2 sd, money, iid", shift("monetary_amount", 0.2), 2_000, 1000, 0.99, "monetary_amount"),
        Scenario(
            "0.2 sd, money, panel", shift("monetary_amount", 0.2, is_panel=True), 2_000, 1000, 0.99, "monetary_amount"
        ),
        Scenario(
            "0.2 sd, count with 50 % zeros, iid",
            shift("frequency_90_count", 0.2),
            2_000,
            1000,
            0.99,
            "frequency_90_count",
        ),
        Scenario(
            "0.2 sd, count with 89 % zeros, iid", shift("complaint_count", 0.2), 2_000, 1000, 0.99, "complaint_count"
        ),
        Scenario("0.1 sd, money, iid", shift("monetary_amount", 0.1), 20_000, 100, 0.95, "monetary_amount"),
        Scenario(
            "0.1 sd, count with 50 % zeros, iid",
            shift("frequency_90_count", 0.1),
            20_000,
            100,
            0.95,
            "frequency_90_count",
        ),
        Scenario("category 40 → 44 %, iid", level_share("active", 0.44), 20_000, 100, 0.95, "lifecycle"),
        Scenario("category 10 → 11 %, iid", level_share("new", 0.11), 200_000, 10, 0.95, "lifecycle"),
        Scenario("2 % of customers lapse, panel", lapse(0.05), 20_000, 100, 0.95, "lifecycle"),
        Scenario("2 % of the active customers lapse, panel", lapse(0.02), 20_000, 100, 0.95, "lifecycle"),
    ]
