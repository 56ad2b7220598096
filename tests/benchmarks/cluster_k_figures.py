"""Does the number of segments come out right: on mixtures, on clouds without structure, on labelled public sets.

Used by `cluster_figures.py`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from tasks.segments import choose_k as chooser
from tasks.segments.choose_k import KChoice
from tasks.segments.relevance import telling_nothing
from tasks.segments.transform import apply, fit_transform_model, spread
from tests.benchmarks.cluster_page import EFFORT, Row, share
from tests.benchmarks.cluster_population import CLOUDS, FAMILIES, Measure, cloud, feature_names, mixture, table

ALL = "**all mixtures**"
TELLING = "**all without noise features**"


def unscreened(raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Raw features as the pipeline prepares them, all of them; and with ties spread, where gaps are looked for."""
    frame = table(raw)
    transform = fit_transform_model(frame, feature_names(raw))
    x = apply(transform, frame)
    return x, spread(transform, x, 0)


def telling(x: np.ndarray, smooth: np.ndarray) -> np.ndarray:
    """Which features stay: what cannot tell segments apart is left out, as the pipeline does."""
    names = [str(j) for j in range(x.shape[1])]
    silent = telling_nothing(x, names, seed=0, spread=smooth)
    return np.array([name not in silent for name in names])


def screened(x: np.ndarray) -> np.ndarray:
    """Without what cannot tell segments apart, of features without ties."""
    return x[:, telling(x, x)]


def by_strength(choice: KChoice) -> int:
    """The peer: the largest k with prediction strength 0.8, as Tibshirani and Walther propose."""
    strong = (r.k for r in choice.criteria if r.prediction_strength + r.prediction_strength_error >= 0.8)
    return max(strong)


def without_separation(choice: KChoice) -> int:
    """The rule of the design page: gate, strength, shares and Jaccard, with no look at valleys."""
    blind = tuple(replace(row, separation=0.0) for row in choice.criteria)
    return chooser.decide(blind, choice.policy, rows=choice.rows).k


def only_natural(choice: KChoice) -> int:
    """The choice where cuts through a continuous cloud are not accepted."""
    return chooser.decide(choice.criteria, replace(choice.policy, accept="natural"), rows=choice.rows).k


def known_k(repetitions: int) -> list[Row]:
    """Exact and within one, per family of mixtures."""
    rules = {
        "this": lambda c: c.k,
        "all features": lambda c: c.k,
        "design rule": without_separation,
        "prediction strength": by_strength,
    }
    policy = replace(EFFORT, k_max=10)
    tallies = {(family, rule): Counter[str]() for family in (*FAMILIES, TELLING, ALL) for rule in rules}
    for family in FAMILIES:
        for repetition in range(repetitions):
            rng = np.random.default_rng([1, FAMILIES.index(family), repetition])
            k, features, rows = (
                int(rng.integers(2, 9)),
                int(rng.integers(4, 9)),
                int(rng.choice([2_000, 5_000, 20_000])),
            )
            latent, _ = mixture(rng, k, features, rows, float(rng.uniform(4, 6)), family)
            raw = Measure.draw(rng, latent.shape[1], counts=repetition % 2 == 1)(latent)
            x, smooth = unscreened(raw)
            choice = chooser.choose_k(x, policy, seed=repetition, spread=smooth)
            stay = telling(x, smooth)
            choices = {"this": choice}
            if not stay.all():
                choices["this"] = chooser.choose_k(x[:, stay], policy, seed=repetition, spread=smooth[:, stay])
            for name, rule in rules.items():
                found = rule(choices.get(name, choice))
                miss = abs(found - k)
                for group in (family, ALL, *([TELLING] if family not in {"noise", "all"} else [])):
                    tallies[group, name].update(n=1, exact=miss == 0, near=miss <= 1)
    lines: list[Row] = []
    for group in (*FAMILIES, TELLING, ALL):
        cells = [
            f"{share(t['exact'], t['n'])} ; {share(t['near'], t['n'])}" for t in (tallies[group, r] for r in rules)
        ]
        ours = tallies[group, "this"]
        is_met = ours["exact"] >= 0.85 * ours["n"] and ours["near"] >= 0.95 * ours["n"]
        lines.append((group, *cells, ("yes" if is_met else "**no**") if group in {TELLING, ALL} else ""))
    return lines


def no_structure(repetitions: int) -> list[Row]:
    """How often k = 1 is the answer on clouds, and how often a cloud is called natural."""
    found = []
    total: Counter[str] = Counter()
    for kind in CLOUDS:
        tally: Counter[str] = Counter()
        for repetition in range(repetitions):
            rng = np.random.default_rng([2, CLOUDS.index(kind), repetition])
            raw = cloud(rng, kind, (500, 2_000, 20_000)[repetition % 3])
            x, smooth = unscreened(raw)
            stay = telling(x, smooth)
            choice = chooser.choose_k(x[:, stay], EFFORT, seed=repetition, spread=smooth[:, stay])
            tally.update(
                n=1,
                false_natural=choice.structure == "natural",
                natural=only_natural(choice) == 1,
                this=choice.k == 1,
                peer=by_strength(choice) == 1,
            )
        total.update(tally)
        found.append((kind, tally))
    columns = ("false_natural", "natural", "this", "peer")
    rows = [
        (kind, *(share(t[column], t["n"]) for column in columns)) for kind, t in [*found, ("**all clouds**", total)]
    ]
    met = ["yes" if total[column] >= 0.95 * total["n"] else "**no**" for column in columns[1:]]
    return [*rows, ("target met", "yes" if total["false_natural"] == 0 else "**no**", *met)]
