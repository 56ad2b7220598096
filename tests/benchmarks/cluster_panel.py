"""The same customers on two days, with a known story in between: some change at random, one segment may have a fate.

Used by `cluster_figures.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import polars as pl

from tests.benchmarks.cluster_population import Floats, Ints, Measure, centres, cloud, feature_names, table, weights

Fate = Literal["split", "merge", "vanish", "emerge"]
FATES: tuple[Fate, ...] = ("split", "merge", "vanish", "emerge")


class SegmentedPanel:
    """Customers of `k` segments and one empty place where a new one may arise."""

    def __init__(self, seed: int | list[int], *, k: int, rows: int, separation: float = 5.0, features: int = 6) -> None:
        """Draw the customers of the first day."""
        self.rng = np.random.default_rng(seed)
        self.k = k
        self.places = centres(self.rng, k + 1, features, separation)
        self.shares = weights(self.rng, k, 0.12)
        self.measure = Measure.draw(self.rng, features)
        self.labels: Ints = self.rng.choice(k, rows, p=self.shares).astype(np.int64)
        self.latent: Floats = self._drawn()
        self.features = feature_names(self.latent)

    def frame(self) -> pl.DataFrame:
        """The customers as they are now."""
        return table(self.measure(self.latent))

    def truth(self) -> Ints | None:
        """The true segment of each customer now."""
        return self.labels

    def change(self, share: float) -> np.ndarray:
        """Let a share of customers start over; returns who did not."""
        changed = self.rng.random(len(self.labels)) < share
        self._move(changed, self.rng.choice(self.k, len(self.labels), p=self.shares))
        return ~changed

    def suffer(self, fate: Fate) -> set[int]:
        """Let the fate befall segment 0 (and 1 in a merge); returns the true labels it concerns."""
        in_first = self.labels == 0
        coin = self.rng.random(len(self.labels))
        if fate == "split":
            self._move(in_first & (coin < self.rng.uniform(0.4, 0.5)), np.full(len(coin), self.k))
            return {0}
        if fate == "merge":
            self._move(self.labels == 1, np.zeros(len(coin), dtype=np.int64))
            return {0, 1}
        if fate == "vanish":
            self._move(in_first, self.rng.integers(1, self.k, len(coin)))
            return {0}
        self._move(coin < 0.15, np.full(len(coin), self.k))
        return {self.k}

    def fate_in_steps(self, fate: Fate | Literal["influx"], steps: int) -> Iterator[set[int]]:
        """As `suffer`, little by little: a step each time that it is asked; an influx is of customers who come."""
        turn = self.rng.integers(0, steps, len(self.labels))
        in_first, in_second, coin = self.labels == 0, self.labels == 1, self.rng.random(len(self.labels))
        away = np.full(len(coin), self.k)
        who, to, concerned = {
            "split": (in_first & (coin < self.rng.uniform(0.4, 0.5)), away, {0}),
            "merge": (in_second, np.zeros(len(coin), dtype=np.int64), {0, 1}),
            "vanish": (in_first, self.rng.integers(1, self.k, len(coin)), {0}),
            "emerge": (coin < 0.15, away, {self.k}),
            "influx": (np.zeros(len(coin), dtype=bool), away, {self.k}),
        }[fate]
        if gone := {"merge": 1, "vanish": 0}.get(fate, -1) + 1:
            # Nobody starts over where nobody is to be.
            self.shares[gone - 1] = 0
            self.shares /= self.shares.sum()
        for step in range(steps):
            if fate == "influx":
                self._enter(round(0.15 * len(coin) / steps))
            else:
                self._move(who & (turn == step), to)
            yield concerned

    def _enter(self, count: int) -> None:
        there = len(self.labels)
        self.labels = np.concatenate([self.labels, np.full(count, self.k)]).astype(np.int64)
        self.latent = np.concatenate([self.latent, self._drawn()[there:]])

    def _move(self, who: np.ndarray, to: np.ndarray) -> None:
        self.labels = np.where(who, to, self.labels).astype(np.int64)
        self.latent = np.where(who[:, None], self._drawn(), self.latent)

    def _drawn(self) -> Floats:
        return self.places[self.labels] + self.rng.normal(size=(len(self.labels), self.places.shape[1]))


class CloudPanel:
    """Customers without segments: one factor of activity behind all features."""

    def __init__(self, seed: int, *, rows: int) -> None:
        """Draw the customers of the first day, and as many again to draw new lives from."""
        self.rng = np.random.default_rng(seed)
        both = cloud(self.rng, "one factor", 2 * rows)
        self.raw, self.spare = both[:rows], both[rows:]
        self.features = feature_names(self.raw)

    def frame(self) -> pl.DataFrame:
        """The customers as they are now."""
        return table(self.raw)

    def truth(self) -> Ints | None:
        """There are no true segments."""
        return None

    def change(self, share: float) -> np.ndarray:
        """Let a share of customers start over; returns who did not."""
        changed = self.rng.random(len(self.raw)) < share
        # Each week's new lives come from other rows of the spare cloud.
        self.raw = np.where(changed[:, None], self.rng.permutation(self.spare), self.raw)
        return ~changed
