"""Every algorithm on labelled sets, and on the demo whose true segments are known, beside plain scikit-learn.

Used by `cluster_figures.py`. Of each: the number of segments it found and the adjusted Rand index with the truth.
"""

from __future__ import annotations

import datetime as dt
import gzip
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.cluster import HDBSCAN, KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score

from tasks.segments import choose_k as chooser
from tasks.segments.algorithms import Method, find, refitted
from tasks.segments.cluster import ClusterSpec
from tasks.segments.cluster_model import assign_members, fit_champion
from tasks.segments.k_policy import KPolicy
from tests.benchmarks.cluster_k_figures import by_strength, screened
from tests.benchmarks.cluster_page import Row, share
from tests.integration.corridor import EXAMPLES, rows, run_corridor

OURS = ("kmeans", "minibatch", "gaussian", "hdbscan")
PEERS = ("plain k-means", "plain HDBSCAN")
_SILHOUETTE_ROWS = 2_000
_MIN_SHARE = 0.005
_DAY = dt.date(2025, 6, 30)
_THEMES = ("basket", "cadence", "context")


def public_sets(folder: Path) -> list[Row]:
    """Every labelled set, standardised; the largest k tried by the rule of thumb sqrt(n / 2)."""
    lines: list[Row] = []
    tally: dict[str, Counter[str]] = defaultdict(Counter)
    agreement: dict[str, list[float]] = defaultdict(list)
    for name, points, truth in _labelled(folder):
        k = len(set(truth.tolist()) - {0})
        x = (points - points.mean(axis=0)) / points.std(axis=0)
        found, structure, strength = _on_set(x)
        cells = []
        for method, labels in found.items():
            clusters = len(set(labels.tolist()) - {-1})
            ari = adjusted_rand_score(truth, labels)
            tally[method].update(n=1, exact=clusters == k, near=abs(clusters - k) <= 1)
            agreement[method].append(ari)
            cells.append(f"{clusters}{f' {structure}' if method == 'kmeans' else ''} ; {ari:.2f}")
        tally["strength"].update(n=1, exact=strength == k)
        lines.append((name, f"{k}", *cells, f"{strength}"))
    if lines:
        totals = [
            f"{share(tally[m]['exact'], tally[m]['n'])} (within one {tally[m]['near']}) ; {np.mean(agreement[m]):.2f}"
            for m in (*OURS, *PEERS)
        ]
        lines.append(("**exact ; mean ARI**", "", *totals, share(tally["strength"]["exact"], tally["strength"]["n"])))
    return lines


def _on_set(x: np.ndarray) -> tuple[dict[str, np.ndarray], str, int]:
    """Labels by method, what ours says of the structure, and the number by prediction strength."""
    most = max(8, int(np.sqrt(len(x) / 2)))
    policy = KPolicy(
        k_max=most, min_share=_MIN_SHARE, sample_rows=8_000, splits=2, resamples=4, gap_references=1, n_init=2
    )
    x = screened(x)
    choice = chooser.choose_k(x, policy, seed=1)
    found = {}
    for name in OURS:
        method = Method(name, "segment", _MIN_SHARE, most)  # type: ignore[arg-type] - of the literals above
        partition = find(x, method, policy, seed=1).partition if name == "hdbscan" else refitted(x, method, choice.k, 1)
        labels = partition.assign(x).own
        found[name] = np.where(labels == partition.k - 1, -1, labels) if partition.has_noise else labels
    return {**found, **plain(x, most)}, choice.structure, by_strength(choice)


def plain(x: np.ndarray, most: int) -> dict[str, np.ndarray]:
    """What scikit-learn gives out of the box: k-means with the k of the best silhouette, HDBSCAN as it comes."""
    best = (-2.0, np.zeros(len(x), dtype=np.int64))
    for k in range(2, most + 1):
        labels = KMeans(k, n_init=3, random_state=1).fit_predict(x)
        size = min(_SILHOUETTE_ROWS, len(x))
        best = max(best, (silhouette_score(x, labels, sample_size=size, random_state=1), labels), key=lambda b: b[0])
    return {PEERS[0]: best[1], PEERS[1]: HDBSCAN(copy=True).fit_predict(x)}


def demo_truth(seeds: int, customers: int = 3_000) -> list[Row]:
    """Recovery of the demo's true segments by the features of its segmentation `buying`, and by how customers buy."""
    collected: dict[tuple[str, str], list[tuple[int, float]]] = defaultdict(list)
    for seed in range(1, seeds + 1):
        frame, truth = _demo_features(seed, customers)
        for features, named in FEATURES.items():
            for method, labels in _on_demo(frame.select("customer_id", *named), named).items():
                clusters = len(set(labels) - {"noise", "-1"})
                collected[features, method].append((clusters, float(adjusted_rand_score(truth, labels))))
    return [
        (
            features,
            *(
                f"{min(k for k, _ in of)}–{max(k for k, _ in of)} ; {np.mean([a for _, a in of]):.3f}"
                f" ({min(a for _, a in of):.3f}–{max(a for _, a in of):.3f})"
                for of in (collected[features, method] for method in (*OURS, *PEERS))
            ),
        )
        for features in FEATURES
    ]


FEATURES: Mapping[str, tuple[str, ...]] = {
    "as in the demo's `buying`": (
        "average_order_amount",
        "units_per_order",
        "discount_share",
        "weekend_order_share",
        "order_365d_count",
    ),
    "how customers buy": (
        "average_order_amount",
        "units_per_order",
        "discount_share",
        "weekend_order_share",
        "order_365d_count",
        "top_category_share",
        "category_count",
        "gap_mean_days",
        "recency_days",
    ),
}


def _on_demo(frame: pl.DataFrame, features: tuple[str, ...]) -> dict[str, list[str]]:
    found = {}
    for name in OURS:
        model = fit_champion(frame, ClusterSpec(features, algorithm=name))  # type: ignore[arg-type] - of the literals
        found[name] = assign_members(model, frame)["segment_key"].to_list()
    raw = frame.drop("customer_id").cast(pl.Float64).fill_null(strategy="zero").to_numpy()
    x = (raw - raw.mean(axis=0)) / raw.std(axis=0)
    return found | {name: [str(label) for label in labels] for name, labels in plain(x, 8).items()}


def _demo_features(seed: int, customers: int) -> tuple[pl.DataFrame, list[str]]:
    """Features of a made demo company, by customer id, and the true segments."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(EXAMPLES / "demo" / "resegment.yaml", folder)
        run_corridor(folder, _DAY, folder / "out", f"generate.customers={customers}", f"generate.seed={seed}")
        columns = ", ".join(dict.fromkeys(name for named in FEATURES.values() for name in named))
        others = "".join(f" JOIN features.customer_{theme} USING (customer_id)" for theme in _THEMES)
        found = rows(
            folder / "out" / "warehouse.duckdb",
            f"SELECT customer_id, {columns} FROM features.customer_value{others} WHERE order_count > 0",
        )
        truth = pl.read_parquet(folder / "data" / "truth" / "customers.parquet")
    names = ["customer_id", *columns.split(", ")]
    frame = pl.DataFrame([dict(zip(names, row, strict=True)) for row in found], infer_schema_length=None)
    both = frame.join(truth.select("customer_id", "segment_at_end"), on="customer_id").sort("customer_id")
    return both.drop("segment_at_end"), both["segment_at_end"].to_list()


def _labelled(folder: Path) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    for path in sorted(folder.glob("clustering_benchmark/*/*.data.gz")):
        with gzip.open(path, "rt") as points, gzip.open(str(path).replace(".data.", ".labels0."), "rt") as labels:
            yield path.name.removesuffix(".data.gz"), np.loadtxt(points, ndmin=2), np.loadtxt(labels).astype(int)
