"""Random numbers that belong to a key, not to a moment: the same customer draws the same whatever is drawn around him.

Owns: counter-based uniforms and the distributions made of them. Does not own what is drawn.

Every number is a hash of (seed, name of the draw, key): chunks of any size, in any order and on any number of threads
agree. The idea is that of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011); the hash is the
finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014, fig. 16).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
#: 53 random bits make a double in [0, 1).
_TO_DOUBLE = 2.0**-53
#: exp(-mean) must not underflow, and a count this large is a mistake in the story.
_LARGEST_MEAN = 600.0


@dataclass(frozen=True, slots=True)
class Draws:
    """The random numbers of one seed."""

    seed: int

    def words(self, name: str, key: Ints) -> Words:
        """64 random bits per key."""
        z = key.astype(np.uint64)
        z *= _GAMMA
        z += _start(self.seed, name)
        return mixed(z)

    def uniform(self, name: str, key: Ints) -> Floats:
        """Uniform on [0, 1) per key."""
        shifted = self.words(name, key)
        shifted >>= np.uint64(11)
        return shifted.astype(np.float64) * _TO_DOUBLE

    def normal(self, name: str, key: Ints) -> Floats:
        """Standard normal per key (Box and Muller 1958)."""
        radius = np.sqrt(-2.0 * np.log1p(-self.uniform(f"{name}.radius", key)))
        return radius * np.cos(2.0 * np.pi * self.uniform(f"{name}.angle", key))

    def exponential(self, name: str, key: Ints) -> Floats:
        """Exponential with mean 1 per key."""
        return -np.log1p(-self.uniform(name, key))

    def chance(self, name: str, key: Ints, probability: float | Floats) -> Flags:
        """True with the probability given (one for all, or one per key)."""
        return self.uniform(name, key) < probability

    def integer(self, name: str, key: Ints, below: int) -> Ints:
        """Uniform on 0 … below - 1 per key."""
        return (self.uniform(name, key) * below).astype(np.int64)

    def poisson(self, name: str, key: Ints, mean: Floats) -> Ints:
        """Poisson per key, each with its own mean (at most 600), by inversion of the distribution function.

        The work is the sum of the counts drawn: a key leaves as soon as its count is known.
        """
        count = np.zeros(len(key), dtype=np.int64)
        mean = np.minimum(mean, _LARGEST_MEAN)
        left = self.uniform(name, key)
        term = np.exp(-mean)
        at = np.flatnonzero(left >= term)
        left, term, mean = left[at] - term[at], term[at], mean[at]
        step = 0
        while len(at):
            step += 1
            count[at] = step
            term = term * mean / step
            # Far in the tail rounding leaves a rest that no term can use up.
            goes_on = (left >= term) & (step < 2 * mean + 60)
            left, term, mean, at = (left - term)[goes_on], term[goes_on], mean[goes_on], at[goes_on]
        return count


class Choices:
    """Weighted choice among the same options for several kinds of chooser (one row of weights a kind)."""

    def __init__(self, weights: npt.ArrayLike) -> None:
        """Take non-negative weights of shape (kinds, options); each row needs a positive sum."""
        table = np.atleast_2d(np.asarray(weights, dtype=np.float64))
        self.options = table.shape[1]
        cumulative = np.cumsum(table, axis=1)
        cumulative /= cumulative[:, -1:]
        # Row r lives in (r, r + 1], so that one binary search serves every row.
        self._edges = (cumulative + np.arange(len(table))[:, None]).ravel()

    def pick(self, kind: Ints, uniform: Floats) -> Ints:
        """The option (0-based) that each chooser takes, given his kind and a uniform number."""
        # The sum may round up to the next row, whose first option would then be taken for one beyond the last here.
        at = np.minimum(kind + uniform, np.nextafter(kind + 1.0, 0.0))
        found: Ints = np.searchsorted(self._edges, at, side="right") - kind * self.options
        return found


def mixed(z: Words) -> Words:
    """The finaliser of SplitMix64, in place."""
    z ^= z >> np.uint64(30)
    z *= _MIX_1
    z ^= z >> np.uint64(27)
    z *= _MIX_2
    z ^= z >> np.uint64(31)
    return z


@lru_cache(maxsize=1024)
def _start(seed: int, name: str) -> np.uint64:
    digest = hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))
