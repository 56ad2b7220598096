"""Made segmentations with one known mistake each, the same in growing measure, and sound ones.

Used by `audit_figures.py` and by tests.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.benchmarks.audit_population import World

Plant = Callable[[int], World]
#: What is planted, which finding must name it, and on which segment (None: the whole segmentation).
PLANTED: dict[str, tuple[Plant, str, int | None]] = {
    "demographics, KPIs by lot": (
        lambda seed: World(seed, [0.4, 0.3, 0.3], themes=("customer_demographics",), apart=0.0),
        "demographic_only",
        None,
    ),
    "demographics that do tell": (
        lambda seed: World(seed, themes=("customer_geography", "customer_demographics")),
        "demographic_only",
        None,
    ),
    "sixteen segments": (lambda seed: World(seed, [1 / 16] * 16), "too_many_segments", None),
    "one segment": (lambda seed: World(seed, [1.0]), "too_few_segments", None),
    "nobody in it": (lambda seed: World(seed, [0.0, 0.5, 0.5]), "empty_segment", 0),
    "0.5 % of customers": (lambda seed: World(seed, [0.005, 0.5, 0.495]), "small_segment", 0),
    "88 % of customers": (lambda seed: World(seed, [0.88, 0.06, 0.06]), "dominant_segment", 0),
    "customers scattered by 20 % since the fit": (
        lambda seed: World(seed, has_model=True, scatter_now=1.2),
        "stale",
        None,
    ),
    "rules half as telling as a year ago": (
        lambda seed: World(seed, [0.5, 0.5], apart=0.7, apart_before=1.4),
        "stale",
        None,
    ),
    "tertiles learnt anew each month": (lambda seed: World(seed, quantiles=(1 / 3, 2 / 3)), "pinned_sizes", None),
    "clusters by what grows with history": (
        lambda seed: World(seed, [0.3, 0.3, 0.4], has_model=True, moving=True),
        "moves_by_itself",
        None,
    ),
    "one cloud cut in two": (lambda seed: World(seed, [0.25] * 4, has_model=True, cut=True), "unstable_segment", -1),
    "the same in another segmentation": (lambda seed: World(seed, pair="redundant"), "redundant_segment", 0),
    "inside another": (lambda seed: World(seed, pair="nested"), "nested_segment", 0),
    "scattered over all KPIs": (
        lambda seed: World(seed, [0.25, 0.25, 0.25, 0.25], scattered=(0,)),
        "heterogeneous_segment",
        0,
    ),
    "a segment by lot": (lambda seed: World(seed, [0.2, 0.4, 0.4], by_lot=(0,)), "not_distinct", 0),
    "10 % consented": (lambda seed: World(seed, unreached=1), "not_reachable", 1),
    "features known of 30 %": (lambda seed: World(seed, known=0.3), "not_measurable", None),
    "2 % of customers": (lambda seed: World(seed, [0.02, 0.5, 0.48]), "too_small_for_test", 0),
}

#: The same mistakes in growing measure: of what, how much of it there is, and the world.
MEASURED: dict[str, tuple[str, tuple[float, ...], Callable[[int, float], World]]] = {
    "not_distinct": (
        "a segment by lot but for one KPI, in which it lies higher by … sd (0.2 matters)",
        (0.0, 0.1, 0.15, 0.2, 0.25, 0.3),
        lambda seed, size: World(seed, [0.2, 0.4, 0.4], by_lot=(0,), lot_shift=size),
    ),
    "heterogeneous_segment": (
        "segments that lie … sd apart, in every KPI",
        (0.2, 0.4, 0.5, 0.6, 0.8, 1.0),
        lambda seed, size: World(seed, [0.34, 0.33, 0.33], apart=size),
    ),
    "unstable_segment": (
        "two clouds cut in two at their middle, … sd apart",
        (0.0, 1.0, 2.0, 2.5, 3.0, 4.0),
        lambda seed, size: World(seed, [0.5, 0.5], has_model=True, gap=size),
    ),
    "stale": (
        "customers of a year-old model scattered … times as far as then (1.095 is a loss of 20 %)",
        (1.0, 1.05, 1.08, 1.1, 1.12, 1.2),
        lambda seed, size: World(seed, [0.3, 0.3, 0.4], has_model=True, scatter_now=size),
    ),
}

#: Segmentations with no mistake in them.
SOUND: dict[str, Plant] = {
    "rules, 1 sd apart": lambda seed: World(seed, apart_before=1.0),
    "rules, 0.7 sd apart": lambda seed: World(seed, apart=0.7, apart_before=0.7),
    "clusters": lambda seed: World(seed, has_model=True, apart_before=1.0),
}
